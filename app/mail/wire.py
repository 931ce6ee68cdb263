"""A read mail as bytes and back: JSON for the values, then the files. No code travels."""

from __future__ import annotations

import json
import struct
from datetime import datetime
from typing import Any

from app.mail.message import Address, Attachment, Automated, Bounce, Mail

_LENGTH = struct.Struct("<Q")


def packed(mail: Mail) -> bytes:
    """The mail as bytes."""
    values = {
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": mail.references,
        "sender": _address(mail.sender) if mail.sender is not None else None,
        "senders": [_address(one) for one in mail.senders],
        "authentication": mail.authentication,
        "to": [_address(one) for one in mail.to],
        "cc": [_address(one) for one in mail.cc],
        "reply_to": [_address(one) for one in mail.reply_to],
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date is not None else None,
        "texts": [mail.text, mail.html, mail.reply, mail.quoted],
        "files": [
            [one.name, one.media_type, one.size, one.content_id, one.inline]
            for one in mail.attachments
        ],
        "automated": mail.automated.value,
        "bounce": _bounce(mail.bounce),
    }
    head = json.dumps(values).encode()
    return b"".join((_LENGTH.pack(len(head)), head, *(one.data for one in mail.attachments)))


def unpacked(data: bytes) -> Mail:
    """The mail from its bytes; raises ValueError for others."""
    if len(data) < _LENGTH.size:
        raise ValueError
    start = _LENGTH.size + _LENGTH.unpack_from(data)[0]
    try:
        return _mail(json.loads(data[_LENGTH.size : start]), data, start)
    except (KeyError, TypeError, IndexError) as fault:
        raise ValueError from fault


def _mail(values: dict[str, Any], data: bytes, place: int) -> Mail:
    files = []
    for name, media_type, size, content_id, inline in values["files"]:
        content = data[place : place + size]
        files.append(Attachment(name, media_type, content, content_id, inline))
        place += size
    text, html, reply, quoted = values["texts"]
    return Mail(
        message_id=values["message_id"],
        in_reply_to=tuple(values["in_reply_to"]),
        references=tuple(values["references"]),
        sender=Address(*values["sender"]) if values["sender"] is not None else None,
        senders=_addresses(values["senders"]),
        authentication=tuple(values["authentication"]),
        to=_addresses(values["to"]),
        cc=_addresses(values["cc"]),
        reply_to=_addresses(values["reply_to"]),
        subject=values["subject"],
        date=datetime.fromisoformat(values["date"]) if values["date"] is not None else None,
        text=text,
        html=html,
        reply=reply,
        quoted=quoted,
        attachments=tuple(files),
        automated=Automated(values["automated"]),
        bounce=Bounce(*values["bounce"]) if values["bounce"] is not None else None,
    )


def _address(one: Address) -> list[str]:
    return [one.address, one.name]


def _addresses(listed: list[list[str]]) -> tuple[Address, ...]:
    return tuple(Address(*one) for one in listed)


def _bounce(one: Bounce | None) -> list[Any] | None:
    if one is None:
        return None
    return [one.hard, one.dsn, one.smtp, one.reason, one.recipient]
