"""winmail.dat: Outlook's own envelope (MS-OXTNEF), its text and files taken out."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from app.mail import charsets, html_text, mapi, rtf
from app.mail.mapi import Property
from app.mail.message import Attachment

SIGNATURE = 0x223E9F78
MOST_ATTRIBUTES = 10_000
_BODY = 0x800C
_RENDERING, _TITLE, _DATA, _ATTACHMENT = 0x9002, 0x8010, 0x800F, 0x9005
_MESSAGE_PROPERTIES, _CODEPAGE = 0x9003, 0x9007


@dataclass(slots=True)
class Opened:
    """What was inside."""

    text: str = ""
    attachments: list[Attachment] = field(default_factory=list)


@dataclass(slots=True)
class _File:
    title: str = ""
    data: bytes = b""
    properties: dict[int, Property] = field(default_factory=dict)


def read(data: bytes) -> Opened | None:
    """Open a winmail.dat; None where the bytes are none or hold nothing."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != SIGNATURE:
        return None
    opened, files, codepage = Opened(), [_File()], ""
    message: dict[int, Property] = {}
    for ident, content in _attributes(data):
        if ident == _CODEPAGE and len(content) >= 4:
            codepage = str(struct.unpack_from("<I", content)[0])
        elif ident == _BODY:
            opened.text = charsets.decode(content.rstrip(b"\x00"), codepage)
        elif ident == _MESSAGE_PROPERTIES:
            message = mapi.tnef_properties(content, codepage)
        else:
            _add(files, ident, content, codepage)
    opened.text = opened.text or _text(message)
    opened.attachments = [_attachment(one) for one in files if one.data or one.title]
    return opened if opened.text or opened.attachments else None


def _attributes(data: bytes) -> list[tuple[int, bytes]]:
    """Level, id, length, content, checksum; a damaged length ends the list."""
    found: list[tuple[int, bytes]] = []
    place = 6
    while place + 9 <= len(data) and len(found) < MOST_ATTRIBUTES:
        ident, length = struct.unpack_from("<HxxI", data, place + 1)
        content = data[place + 9 : place + 9 + length]
        found.append((ident, content))
        place += 9 + length + 2
    return found


def _add(files: list[_File], ident: int, content: bytes, codepage: str) -> None:
    if ident == _RENDERING:
        files.append(_File())
    elif ident == _TITLE:
        files[-1].title = charsets.decode(content.rstrip(b"\x00"), codepage)
    elif ident == _DATA:
        files[-1].data = content
    elif ident == _ATTACHMENT:
        files[-1].properties = mapi.tnef_properties(content, codepage)


def _text(message: dict[int, Property]) -> str:
    """The body from the properties: plain, HTML, or compressed RTF."""
    plain = message.get(mapi.BODY)
    if plain is not None and plain.text:
        return plain.text
    html = message.get(mapi.HTML)
    if html is not None:
        return html_text.text_of(html.text or charsets.decode(html.data))
    packed = message.get(mapi.RTF_COMPRESSED)
    return rtf.text_of(rtf.decompressed(packed.data)) if packed is not None else ""


def _attachment(one: _File) -> Attachment:
    return mapi.attachment(one.properties, title=one.title, data=one.data)
