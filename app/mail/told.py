"""A read mail as plain values for JSON: the form that `backoffice mail parse --json` prints."""

from __future__ import annotations

from typing import Any

from app.mail.message import Attachment, Bounce, Mail


def told(mail: Mail) -> dict[str, Any]:
    """The fields of the command line's contract, in its order, without the file and the error."""
    return {
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to[0] if mail.in_reply_to else None,
        "references": list(mail.references),
        "from": str(mail.sender) if mail.sender is not None else None,
        "to": [str(one) for one in mail.to],
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date is not None else None,
        "text": mail.text,
        "reply": mail.reply,
        "quoted": mail.quoted,
        "attachments": [_attachment(one) for one in mail.attachments],
        "automated": mail.automated.value,
        "bounce": _bounce(mail.bounce),
    }


def nothing() -> dict[str, Any]:
    """The same fields of a mail that was refused."""
    empty: dict[str, Any] = dict.fromkeys(told(Mail()))
    return empty | {"references": [], "to": [], "attachments": []}


def _attachment(one: Attachment) -> dict[str, Any]:
    return {"name": one.name, "type": one.media_type, "size": one.size, "sha256": one.sha256}


def _bounce(bounce: Bounce | None) -> dict[str, Any] | None:
    if bounce is None:
        return None
    return {
        "hard": bounce.hard,
        "dsn": bounce.dsn,
        "smtp": bounce.smtp,
        "reason": bounce.reason,
        "recipient": bounce.recipient,
    }
