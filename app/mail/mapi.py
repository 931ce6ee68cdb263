"""MAPI properties (MS-OXPROPS) as they lie in winmail.dat; shared by the readers of Outlook."""

from __future__ import annotations

import mimetypes
import struct
from dataclasses import dataclass

from app.mail import charsets
from app.mail.message import Attachment

BODY, HTML, RTF_COMPRESSED = 0x1000, 0x1013, 0x1009
SUBJECT, SENDER_NAME, SENDER_ADDRESS, SENDER_SMTP = 0x0037, 0x0C1A, 0x0C1F, 0x5D01
DISPLAY_TO, DISPLAY_CC, HEADERS, MESSAGE_ID = 0x0E04, 0x0E03, 0x007D, 0x1035
IN_REPLY_TO, REFERENCES, SUBMITTED, DELIVERED = 0x1042, 0x1039, 0x0039, 0x0E06
DATA, SHORT_NAME, LONG_NAME, DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
MIME_TAG, CONTENT_ID = 0x370E, 0x3712
MOST_PROPERTIES = 5_000
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8}
_TEXT8, _TEXT16, _BINARY, _OBJECT, _GUID = 0x1E, 0x1F, 0x102, 0x0D, 0x48
_MANY = 0x1000


@dataclass(frozen=True, slots=True)
class Property:
    """A value: its bytes, and its text where it is one."""

    data: bytes
    text: str = ""


def tnef_properties(data: bytes, codepage: str) -> dict[int, Property]:
    """The properties of a list, by id; a damaged one ends the list."""
    found: dict[int, Property] = {}
    if len(data) < 4:
        return found
    count, place = struct.unpack_from("<I", data)[0], 4
    try:
        for _number in range(min(count, MOST_PROPERTIES)):
            kind, ident = struct.unpack_from("<HH", data, place)
            place += 4
            if ident >= 0x8000:
                place = _past_name(data, place)
            value, place = _value(data, place, kind, codepage)
            found.setdefault(ident, value)
    except struct.error:
        return found
    return found


def attachment(properties: dict[int, Property], *, title: str, data: bytes) -> Attachment:
    """A file from its properties; the long name wins, then the short one, then the title."""
    names = [properties[key].text for key in (LONG_NAME, SHORT_NAME) if key in properties]
    if DISPLAY_NAME in properties:
        names.append(properties[DISPLAY_NAME].text)
    name = next((one for one in [*names[:1], title, *names[1:]] if one.strip("\x00 ")), "")
    name = name.strip("\x00 ").replace("\\", "/").rpartition("/")[2]
    content = data or (properties[DATA].data if DATA in properties else b"")
    tag = properties[MIME_TAG].text.strip("\x00 ") if MIME_TAG in properties else ""
    guessed = mimetypes.guess_type(name)[0] if name else None
    ident = properties[CONTENT_ID].text.strip("\x00 <>") if CONTENT_ID in properties else ""
    return Attachment(
        name or None, tag or guessed or "application/octet-stream", content, ident or None
    )


def _past_name(data: bytes, place: int) -> int:
    """Skip a named property's name: a set, then a number or a text."""
    kind = struct.unpack_from("<I", data, place + 16)[0]
    length = struct.unpack_from("<I", data, place + 20)[0]
    return place + 24 if kind == 0 else place + 24 + _padded(length)


def _value(data: bytes, place: int, kind: int, codepage: str) -> tuple[Property, int]:
    base = kind & ~_MANY
    if base in _FIXED and not kind & _MANY:
        width = _FIXED[base]
        return Property(data[place : place + width]), place + width
    if base == _GUID and not kind & _MANY:
        return Property(data[place : place + 16]), place + 16
    count = struct.unpack_from("<I", data, place)[0]
    place += 4
    if base in _FIXED or base == _GUID:
        return Property(b""), place + count * _FIXED.get(base, 16)
    first = None
    for _number in range(min(count, MOST_PROPERTIES)):
        length = struct.unpack_from("<I", data, place)[0]
        content = data[place + 4 : place + 4 + length]
        place += 4 + _padded(length)
        first = first if first is not None else _variable(content, base, codepage)
    return first or Property(b""), place


def _variable(content: bytes, kind: int, codepage: str) -> Property:
    if kind == _TEXT8:
        return Property(content, charsets.decode(content, codepage).rstrip("\x00"))
    if kind == _TEXT16:
        return Property(content, charsets.storable(content.decode("utf-16-le", "replace")))
    return Property(content[16:] if kind == _OBJECT else content)


def _padded(length: int) -> int:
    return (length + 3) & ~3
