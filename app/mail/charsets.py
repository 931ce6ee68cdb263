"""Bytes to text when the declared charset is right, wrong, unknown or missing."""

from __future__ import annotations

import codecs
import re

_SAID = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb-2312": "gb18030",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8mb4": "utf-8",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
}
"""Names that stand for something wider, or that Python calls otherwise (WHATWG encoding labels)."""
_NUMBERED = re.compile(r"(?:windows|cp|ms|ibm|x-cp|dos|codepage)?[-_]?(\d{3,5})$")
_WEAK = frozenset({"cp1252", "utf-8", ""})
"""Labels that programs write without looking: bytes that contradict them are guessed instead."""
_GUESSES = ("cp1251", "koi8_r", "cp932", "gb18030", "cp949", "big5")
_COMMON = {
    "cp1251": frozenset("оеаинтсрвлкмдпуягзыьбчйхжшюцщэфёєії "),
    "koi8_r": frozenset("оеаинтсрвлкмдпуягзыьбчйхжшюцщэфё "),
}
_SAMPLE = 4096
_ENOUGH = 8
"""High bytes below which nothing is guessed but Western."""


def decode(data: bytes, declared: str = "") -> str:
    """The text of some bytes; never fails, and holds neither NUL nor half characters."""
    return storable(_decoded(data, declared))


def known(declared: str) -> str | None:
    """Python's codec for a declared charset; None where there is none."""
    name = declared.strip().strip("\"'").lower()
    name = _SAID.get(name, name)
    numbered = _NUMBERED.fullmatch(name)
    for candidate in (name, f"cp{numbered.group(1)}" if numbered else ""):
        try:
            codec = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        if getattr(codec, "_is_text_encoding", True):
            return _SAID.get(codec.name, codec.name)
    return None


def _decoded(data: bytes, declared: str) -> str:
    codec = known(declared)
    for mark, marked in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark) and (codec in (None, *_WEAK) or codec == marked):
            return data.decode(marked, "replace").removeprefix("\ufeff")
    if codec is None or codec in _WEAK:
        return _unsure(data, codec or "")
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return _damaged(data, codec)


def _unsure(data: bytes, codec: str) -> str:
    """Bytes whose label says little: UTF-8 where they are, else what they look like."""
    if b"\x1b$" in data[:_SAMPLE] or b"\x1b(J" in data[:_SAMPLE]:
        return data.decode("iso2022_jp_ext", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if codec == "utf-8" and _mostly_utf8(data):
            return data.decode("utf-8", "replace")
    return _as_western(data) if codec == "cp1252" and not _dense(data) else _guessed(data)


def _damaged(data: bytes, codec: str) -> str:
    try:
        as_utf8 = data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(codec, "replace")
    return as_utf8 if not as_utf8.isascii() else data.decode(codec, "replace")


def _mostly_utf8(data: bytes) -> bool:
    """Whether the well-formed sequences are at least as many as the broken ones."""
    text = data[: 1 << 16].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = sum(1 for sign in text if sign > "\x7f") - broken
    return good >= broken


def _dense(data: bytes) -> bool:
    """Whether high bytes are as frequent as in a script that is not Latin."""
    sample = data[:_SAMPLE]
    letters = sum(1 for byte in sample if byte > 0x40)
    high = sum(1 for byte in sample if byte > 0x7F)
    return high >= _ENOUGH and high / letters > 0.3


def _guessed(data: bytes) -> str:
    """The likeliest charset of undeclared bytes; Western where nothing speaks for another."""
    if not _dense(data):
        return _as_western(data)
    best, most = "", 0.6
    for codec in _GUESSES:
        weight = _likeness(data[:_SAMPLE], codec)
        if weight > most:
            best, most = codec, weight
    return data.decode(best, "replace") if best else _as_western(data)


def _likeness(sample: bytes, codec: str) -> float:
    """The share of a script's usual signs among the signs that are not ASCII."""
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError as fault:
        if fault.start < len(sample) - 3:
            return 0.0
        text = sample[: fault.start].decode(codec, "replace")
    high = [sign for sign in text if sign > "\x7f"]
    if not high:
        return 0.0
    common = _COMMON.get(codec)
    if common is not None:
        return sum(1 for sign in high if sign in common) / len(high)
    return sum(1 for sign in high if _eastern(sign)) / len(high)


def _eastern(sign: str) -> bool:
    return (
        "\u3000" <= sign <= "\u30ff"
        or "\u4e00" <= sign <= "\u9fa5"
        or "\uac00" <= sign <= "\ud7a3"
        or "\uff01" <= sign <= "\uff5e"
    )


def _as_western(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def storable(text: str) -> str:
    """Without NUL and half surrogates, which no database keeps."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
