"""From the bytes of a bank file to its text: marks, UTF-16 without a mark, old code pages."""

from __future__ import annotations

import codecs

from connectors.catalog.bank.statement import Notes, StatementRefused, _

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes, notes: Notes, *, declared: str | None = None) -> str:
    """The text of a file; warns where the encoding had to be guessed, refuses NUL bytes.

    `declared` is the code page (a name Python knows) that the file itself names: what is not
    UTF-8 is read as that, without a warning.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _clean(_strict(data, name).removeprefix("\ufeff"))
    unmarked = _unmarked_utf16(data)
    if unmarked:
        return _clean(_strict(data, unmarked))
    try:
        return _clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        if declared is not None:
            return _clean(data.decode(declared, errors="replace"))
        page = _code_page(data)
        notes.once(
            "encoding-guessed", _("The text is not UTF-8; it was read as %(page)s.", page=page)
        )
        return _clean(data.decode(page, errors="replace"))


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as fault:
        line = data[: fault.start].count(b"\n") + 1
        raise StatementRefused(
            "encoding-broken",
            _("The text is not valid %(encoding)s.", encoding=name.upper()),
            line=line,
        ) from fault


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 of a Latin script has a zero in every other byte."""
    head = data[:512]
    if len(head) < 4 or head.count(0) < len(head) // 3:
        return None
    if not any(head[0::2]):
        return "utf-16-be"
    if not any(head[1::2]):
        return "utf-16-le"
    return None


def _code_page(data: bytes) -> str:
    """DOS pages hold their letters in 80 to A5, where Windows has signs that stand in no word."""
    high = [byte for byte in data[:1_000_000] if byte >= 0x80]
    dos = sum(1 for byte in high if byte <= 0xA5)
    return "cp852" if dos * 2 > len(high) else "cp1252"


def _clean(text: str) -> str:
    at = text.find("\x00")
    if at >= 0:
        raise StatementRefused(
            "nul-bytes",
            _("The file holds characters that cannot be stored: it is no text file of a bank."),
            line=text.count("\n", 0, at) + 1,
        )
    return text
