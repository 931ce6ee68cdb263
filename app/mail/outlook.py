"""A message saved by Outlook (.msg, MS-OXMSG): properties in a compound file."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

from app.mail import (
    addresses,
    charsets,
    compound,
    encoded_words,
    headers,
    html_text,
    mapi,
    rtf,
)
from app.mail.mapi import Property
from app.mail.message import Address, Attachment, Mail

MAGIC = compound.MAGIC
MOST_ATTACHMENTS = 1_000
_STREAM = "__substg1.0_"
_FILE = "__attach_version1.0_"


def read(data: bytes) -> Mail | None:
    """Read the message; None where the compound file is damaged or none of Outlook's."""
    streams = compound.streams(data)
    found = _properties(streams, "")
    if not found:
        return None
    html = _html(found)
    header = headers.read(_said(found, mapi.HEADERS).encode(), 0, lambda _line: False)[0]
    folders = sorted({path.split("/")[0] for path in streams if path.startswith(_FILE)})
    return Mail(
        message_id=next(iter(addresses.ids(_said(found, mapi.MESSAGE_ID))), None),
        in_reply_to=addresses.ids(_said(found, mapi.IN_REPLY_TO)),
        references=addresses.ids(_said(found, mapi.REFERENCES)),
        sender=_sender(found, header.first("from")),
        to=_people(header.first("to") or _said(found, mapi.DISPLAY_TO)),
        cc=_people(header.first("cc") or _said(found, mapi.DISPLAY_CC)),
        subject=encoded_words.decode(_said(found, mapi.SUBJECT)),
        date=_date(streams.get("__properties_version1.0", b"")),
        text=_text(found, html),
        html=html,
        attachments=tuple(_attachment(streams, name) for name in folders[:MOST_ATTACHMENTS]),
    )


def _properties(streams: dict[str, bytes], folder: str) -> dict[int, Property]:
    """The properties that have a stream of their own: texts and bytes."""
    found = {}
    start = folder + _STREAM
    for path, data in streams.items():
        tag = path[len(start) :]
        if not path.startswith(start) or len(tag) != 8:
            continue
        try:
            ident, kind = int(tag[:4], 16), int(tag[4:], 16)
        except ValueError:
            continue
        if kind == 0x1F:
            found[ident] = Property(data, charsets.storable(data.decode("utf-16-le", "replace")))
        elif kind == 0x1E:
            found[ident] = Property(data, charsets.decode(data).rstrip("\x00"))
        else:
            found[ident] = Property(data)
    return found


def _said(found: dict[int, Property], ident: int) -> str:
    return found[ident].text.replace("\x00", "") if ident in found else ""


def _html(found: dict[int, Property]) -> str:
    if mapi.HTML not in found:
        return ""
    return found[mapi.HTML].text or charsets.decode(found[mapi.HTML].data)


def _text(found: dict[int, Property], html: str) -> str:
    plain = _said(found, mapi.BODY).replace("\r\n", "\n")
    if plain.strip():
        return plain
    if html:
        return html_text.text_of(html)
    packed = found.get(mapi.RTF_COMPRESSED)
    return rtf.text_of(rtf.decompressed(packed.data)) if packed is not None else ""


def _sender(found: dict[int, Property], header: str) -> Address | None:
    if header:
        return next(iter(addresses.read(header)), None)
    address = _said(found, mapi.SENDER_SMTP) or _said(found, mapi.SENDER_ADDRESS)
    name = _said(found, mapi.SENDER_NAME)
    return Address(address if "@" in address else "", name) if address or name else None


def _people(text: str) -> tuple[Address, ...]:
    return addresses.read(text)


def _date(properties: bytes) -> datetime | None:
    """The moment of sending, in units of 100 ns since 1601 (MS-DTYP, FILETIME)."""
    for place in range(32, len(properties) - 15, 16):
        kind, ident = struct.unpack_from("<HH", properties, place)
        if kind == 0x40 and ident in (mapi.SUBMITTED, mapi.DELIVERED):
            ticks = struct.unpack_from("<Q", properties, place + 8)[0]
            try:
                return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
            except OverflowError:
                return None
    return None


def _attachment(streams: dict[str, bytes], folder: str) -> Attachment:
    found = _properties(streams, f"{folder}/")
    return mapi.attachment(found, title="", data=b"")
