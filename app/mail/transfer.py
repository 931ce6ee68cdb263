"""Transfer encodings (RFC 2045, uuencode): decoded as far as they hold, never failing."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_BLOCK = re.compile(rb"([A-Za-z0-9+/]+)(=*)")
_SPACE = re.compile(rb"\s+")
_QUOTED = re.compile(rb"=([0-9A-Fa-f]{2})|=\r?\n")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} ([^\r\n]+)\r?$", re.MULTILINE)
_UU_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The bytes behind an encoding; `sound` is False where they were not of that encoding."""

    data: bytes
    sound: bool = True


def decode(data: bytes, encoding: str) -> Decoded:
    """Decode a body; an unknown encoding leaves the bytes as they are (RFC 2045, 6.4)."""
    if encoding == "base64":
        return _base64(data)
    if encoding == "quoted-printable":
        return Decoded(quoted_printable(data))
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        found = uuencoded(data)
        return Decoded(found[0][1]) if found else Decoded(data, sound=False)
    return Decoded(data)


def quoted_printable(data: bytes) -> bytes:
    """Decode quoted-printable; what is no escape stays as it is."""
    if b"=" not in data:
        return data
    lines = data.split(b"\n")
    bare = b"\n".join(line.rstrip(b" \t\r") + line[len(line.rstrip(b"\r")) :] for line in lines)
    return _QUOTED.sub(_unquoted, bare)


def uuencoded(data: bytes) -> list[tuple[str, bytes, int, int]]:
    """The uuencoded files in a text: name, bytes, and where the block begins and ends."""
    found: list[tuple[str, bytes, int, int]] = []
    place = 0
    while (begin := _UU_BEGIN.search(data, place)) is not None and len(found) < 100:
        end = _UU_END.search(data, begin.end())
        if end is None:
            break
        lines = data[begin.end() : end.start()].splitlines()[1:]
        content = _uu_lines(lines)
        if content is not None:
            name = begin.group(1).decode("utf-8", "replace").strip()
            found.append((name, content, begin.start(), end.end()))
        place = end.end()
    return found


def _unquoted(match: re.Match[bytes]) -> bytes:
    return bytes((int(match.group(1), 16),)) if match.group(1) else b""


def _base64(data: bytes) -> Decoded:
    """Decode base64 up to the first line that is none; another block may follow the padding."""
    strange = _NOT_BASE64.search(data)
    if strange is not None:
        data = data[: max(data.rfind(b"\n", 0, strange.start()), 0)]
        if not data.strip():
            return Decoded(b"", sound=False)
    packed = _SPACE.sub(b"", data)
    return Decoded(b"".join(_quanta(match) for match in _BLOCK.finditer(packed)))


def _quanta(match: re.Match[bytes]) -> bytes:
    """Whole groups of four; a shorter one counts at the start or where padding ends it."""
    piece = match.group(1)
    odd = len(piece) % 4
    if odd == 1 or (odd and match.start() and not match.group(2)):
        return base64.b64decode(piece[: len(piece) - odd])
    return base64.b64decode(piece + b"=" * (-odd % 4))


def _uu_lines(lines: list[bytes]) -> bytes | None:
    chunks = []
    for line in lines:
        if not line.strip():
            continue
        try:
            chunks.append(binascii.a2b_uu(line))
        except binascii.Error:
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                chunks.append(binascii.a2b_uu(line[:wanted]))
            except binascii.Error:
                return None
    return b"".join(chunks)
