"""Delivery reports: the standard form first (RFC 3464), then the wordings of servers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.mail import (
    charsets,
    headers,
    html_text,
    report_notices,
    report_reasons,
    report_words,
)
from app.mail.bodies import Bodies
from app.mail.headers import Headers
from app.mail.message import Bounce
from app.mail.structure import Part

MOST_PARTS = 400
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\.\d)(?!\d)")
_REPLY = re.compile(r"(?<![\d.#-])(?<!\d:)([245][0-5]\d)(?=[ ,:\-](?!\w+\.\w+ ?\[)|$)")
_BESIDE = re.compile(r"(?<![\d.])[45][0-5]\d[ -]+(?:smtp; ?)?#?([45]\.\d{1,3}\.\d{1,3})(?![.\d])")
_STEP = re.compile(
    r"(?:after|in reply to|at) (?:the )?(?:end of )?(?:data|mail from|rcpt to)|>>> ?(?:data"
    r"|mail from|rcpt to)|smtp command\s+(?:data|rcpt|mail)\b",
    re.IGNORECASE,
)
_BOX = re.compile(r"[^\s<>;,:()\"\[\]]{1,200}@[^\s<>;,:()\"\[\]]{1,200}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a report says of one recipient."""

    recipient: str | None
    action: str
    status: str
    text: str


def read(root: Part, found: Bodies, text: str) -> Bounce | None:
    """What a delivery report says; None for every other mail."""
    parts = _parts(root)
    kinds = [part.media_type for part in parts]
    if "message/disposition-notification" in kinds:
        return None
    if _is_feedback(root, kinds):
        return Bounce(hard=False, dsn=None, smtp=None, reason="feedback")
    noticed = report_notices.read(text)
    if noticed is not None:
        return noticed
    spoken = report_words.own_words(text or _any_text(found))
    refusals = [one for part in parts if _is_status(part) for one in _refusals(part)]
    if not refusals and "final-recipient:" in spoken.lower():
        place = spoken.lower().index("final-recipient:")
        refusals = _groups(spoken[spoken.rfind("\n\n", 0, place) + 1 :].lstrip().encode())
    if not refusals and not report_words.is_report(root.headers, spoken, root.media_type):
        return None
    return _bounce(refusals, spoken, root.headers)


def _parts(root: Part) -> list[Part]:
    """The parts of the mail itself; those inside of returned messages are not its own."""
    waiting = [root]
    found: list[Part] = []
    while waiting and len(found) < MOST_PARTS:
        part = waiting.pop(0)
        found.append(part)
        if not part.message:
            waiting.extend(part.children)
    return found


def _is_status(part: Part) -> bool:
    return part.media_type in ("message/delivery-status", "message/global-delivery-status")


def _is_feedback(root: Part, kinds: list[str]) -> bool:
    """An abuse report (RFC 5965)."""
    named = root.content_type.parameters.get("report-type", "").lower()
    if any(part.headers.raw("x-hmxmroriginalrecipient") for part in _with_inner(root)):
        return True
    return "message/feedback-report" in kinds or named == "feedback-report"


def _with_inner(root: Part) -> list[Part]:
    """The parts, and the messages that lie in them: Microsoft's complaints bear their mark "
    "there."""
    return [inner for part in _parts(root) if part.message for inner in part.children]


def _any_text(found: Bodies) -> str:
    for part in [*found.text, *found.html, *found.cut, *found.files]:
        if part.media_type.startswith("text/") and part.body:
            plain = charsets.decode(part.body, part.content_type.parameters.get("charset", ""))
            return html_text.text_of(plain) if part.media_type == "text/html" else plain
    return ""


def _refusals(part: Part) -> list[Refusal]:
    """The groups of a delivery status that name a recipient."""
    return _groups(part.body or part.raw)


def _groups(body: bytes) -> list[Refusal]:
    found: list[Refusal] = []
    place = 0
    while place < len(body) and len(found) < MOST_PARTS:
        block, after, _ended = headers.read(body, place, lambda _line: False)
        if block.raw("final-recipient") or block.raw("original-recipient") or block.raw("status"):
            found.append(_refusal(block))
        if after <= place:
            break
        place = after
    return found


def _refusal(block: Headers) -> Refusal:
    recipient = block.first("final-recipient") or block.first("original-recipient")
    box = _BOX.search(recipient.partition(";")[2] or recipient)
    status = _STATUS.search(block.first("status"))
    said = " ".join(block.all("diagnostic-code") or block.all("x-diagnostic"))
    return Refusal(
        box.group(0) if box is not None else None,
        block.first("action").partition(" ")[0].lower(),
        status.group(1) if status is not None else "",
        said,
    )


def _bounce(refusals: list[Refusal], spoken: str, fields: Headers) -> Bounce:
    failed = [one for one in refusals if one.action not in ("delivered", "relayed", "expanded")]
    if refusals and not failed:
        first = refusals[0]
        taken = _REPLY.search(first.text)
        code = taken.group(1) if taken is not None else None
        return Bounce(False, first.status or None, code, "delivered", first.recipient)
    first = failed[0] if failed else Refusal(None, "", "", "")
    words = report_words.refusal(spoken)
    said = first.text if len(first.text.split()) > 2 else f"{first.text} {words}"
    smtp = _reply(first.text) or _reply(words) or _reply(spoken)
    status = _best(first.status, said, words, smtp)
    temporary = _is_temporary(status, smtp, first.action, spoken)
    reason = report_reasons.reason(_with_step(said, spoken), status)
    if reason == "undefined" and said != words:
        reason = report_reasons.reason(f"{said} {words}", status)
    dsn = status or report_reasons.inferred(reason, temporary=temporary)
    recipient = first.recipient or report_words.recipient(spoken, fields)
    return Bounce(reason in report_reasons.HARD, dsn, smtp, reason, recipient)


def _with_step(said: str, spoken: str) -> str:
    """The refusal with the command it answered, which stands further off."""
    step = _STEP.search(spoken)
    return f"{said} {step.group(0)}" if step is not None else said


def _best(stated: str, said: str, words: str, smtp: str | None) -> str:
    """The most telling enhanced code.

    What the refusing server said beside its reply code is nearer to the cause than the status the
    sending server made of it; a general code (detail 0) gives way to a special one.
    """
    codes = [code for code in _STATUS.findall(said) if code[0] != "2"]
    codes = codes or [code for code in _STATUS.findall(words) if code[0] != "2"]
    beside = [code for code in _BESIDE.findall(said) if not code.endswith(".0")]
    if stated.endswith(".4.7"):
        beside = beside or [code for code in codes if not code.endswith(".0")]
        return next((code for code in beside if code != stated), stated)
    if beside:
        return str(beside[0])
    if stated and smtp and stated[0] != smtp[0] and codes and codes[0][0] == smtp[0]:
        return str(codes[0])
    return max([str(code) for code in (stated, *codes) if code], key=_special, default="")


def _special(code: str) -> int:
    """How much a code says: a detail, a subject only, or nothing but the class."""
    _class, subject, detail = code.split(".")
    return 2 if detail != "0" else int(subject != "0")


def _reply(text: str) -> str | None:
    for code in _REPLY.findall(text):
        if code[0] in "45":
            return str(code)
    return None


def _is_temporary(status: str, smtp: str | None, action: str, spoken: str) -> bool:
    if status:
        return status[0] == "4"
    if smtp:
        return smtp[0] == "4"
    return action == "delayed" or report_words.is_delay(spoken)
