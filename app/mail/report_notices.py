"""Delivery notices that a sending service writes as JSON (Amazon SES, by mail from SNS)."""

from __future__ import annotations

import json
import re
from typing import Any

from app.mail import charsets, report_reasons
from app.mail.message import Bounce

_BEGINS = re.compile(r"\s*\{\s*\"(?:notificationType|eventType|Type)\"")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([245]\d\d)(?=[ -])")
MOST = 200_000


def read(text: str) -> Bounce | None:
    """What the notice says; None for every other text."""
    if not _BEGINS.match(text):
        return None
    try:
        notice, _end = json.JSONDecoder().raw_decode(text[:MOST].strip().replace("\n", ""))
    except (ValueError, RecursionError):
        return None
    kind = str(notice.get("notificationType") or notice.get("eventType") or "")
    if kind == "Complaint":
        return Bounce(hard=False, dsn=None, smtp=None, reason="feedback")
    if kind == "Delivery":
        said = _said(notice, "delivery", "smtpResponse")
        return Bounce(False, _first(_STATUS, said), _first(_REPLY, said), "delivered")
    return _failed(notice) if kind == "Bounce" else None


def _failed(notice: dict[str, Any]) -> Bounce:
    bounce = notice.get("bounce")
    listed = bounce.get("bouncedRecipients") if isinstance(bounce, dict) else None
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    said = str(first.get("diagnosticCode") or "")
    status = _first(_STATUS, str(first.get("status") or "")) or _first(_STATUS, said)
    reason = report_reasons.reason(said, status)
    permanent = isinstance(bounce, dict) and bounce.get("bounceType") == "Permanent"
    dsn = status or report_reasons.inferred(reason, temporary=not permanent)
    recipient = charsets.storable(str(first.get("emailAddress") or "")) or None
    return Bounce(reason in report_reasons.HARD, dsn, _first(_REPLY, said), reason, recipient)


def _said(notice: dict[str, Any], part: str, name: str) -> str:
    inner = notice.get(part)
    return str(inner.get(name) or "") if isinstance(inner, dict) else ""


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match.group(1) if match is not None else None
