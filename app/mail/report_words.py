"""The wordings by which servers say that a mail was not delivered, where no standard form does."""

from __future__ import annotations

import re

from app.mail import addresses, wordings
from app.mail.headers import Headers

MOST = 30_000
_WORDS = wordings.read("report_words")
_DAEMON = re.compile(_WORDS["daemon"], re.IGNORECASE)
_SUBJECT = re.compile(_WORDS["subject"], re.IGNORECASE)
_SAYS = re.compile(_WORDS["says"], re.IGNORECASE)
_STRONG = re.compile(_WORDS["strong"], re.IGNORECASE)
_COPY = re.compile(
    r"^(?:[ \t>]*[-_=*+.#~|]{2,}(?!.{0,40}(?:transcript|session|failed|reasons?"
    r"|log)\b).{0,40}\b(?:original|copy|returned|undelivered|enclosed|header|below|follows"
    r"|message text|unsent|mensaje|nachricht|body of)\b"
    r"|[ \t]*(?:below is|here is|this is|enclosed is|attached is|-+ ?below).{0,30}\b(?:a copy"
    r"|the (?:original|beginning|header)|copy of)|original message (?:follows|headers|text"
    r"|details)"
    r"|the (?:original |header|first|text of|attached)[^.\n]{0,40}(?:message"
    r"|mail)[^.\n]{0,40}(?:follow|included|attach|:[ \t]*$)"
    r"|(?:returned|unsent) message (?:below|follows|headers?)|message header|return-path:"
    r"|received:|x-[a-z-]+: .*\nreceived:|message-id: <)",
    re.IGNORECASE | re.MULTILINE,
)
_DELAY = re.compile(_WORDS["delay"], re.IGNORECASE)
_WORN_OUT = re.compile(r"have been failing for a long time|full: retry timeout", re.IGNORECASE)
"""A server that gave up on something that would pass."""
_FINAL = re.compile(_WORDS["final"], re.IGNORECASE)
_BOX = re.compile(r"<?([^\s<>;,:()\"\[\]]{1,200}@[^\s<>;,:()\"\[\]]{1,200})>?")


_SERVER = re.compile(_WORDS["server"], re.IGNORECASE)
_FAILED = re.compile(_WORDS["failed"], re.IGNORECASE)
_CODE = re.compile(r"(?<![\d.])[45][0-5]\d[ :-]|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![.\d])")
_OPENING = re.compile(_WORDS["opening"], re.IGNORECASE)
_REPLY = re.compile(r"\s*(?:re|aw|fwd?|wg|antw|sv|vs)\s*:", re.IGNORECASE)
_BOILER = re.compile(
    r"(?:this message was created automatically|a message (?:that you sent|sent by)"
    r"|(?:a )?message that you sent|i'm (?:sorry|afraid)|for further assistance"
    r"|if you do so, please|this is (?:the|a|an)\b"
    r"|hi\. this is|the (?:original message was|following (?:address|message|recipient"
    r"|sentence|text))|recipients after more than|delivery to the following|technical details"
    r"|please (?:note|check|try|direct|contact)|your (?:message|mail) (?:was not|could not|cannot"
    r"|did not|has)|sorry, we (?:were|have)|an error (?:has )?occurr?ed while"
    r"|there was an error delivering|could not be delivered to one"
    r"|recipients?\. this is a permanent error|unable to deliver message to the"
    r"|(?:subject|date|to|from|message-id|sent date|size|number of lines|arrival-date"
    r"|reporting-mta|action|final-recipient|original-recipient)\s*:|below could not be"
    r"|be delivered to one or more|delete your own text"
    r"|-+ the following addresses|each of the following|below this line|the message identifier"
    r"|the address to which)[^\n]*",
    re.IGNORECASE,
)
_SENDER_SAID = re.compile(r"(?:sent by|sender)[:\s]*$", re.IGNORECASE)
_PREFACE = re.compile(r"the error that the other server returned was:|delay reason:", re.IGNORECASE)
_NAMED = re.compile(
    r"^[ \t]*<?([^\s<>;,:()\"\[\]|]{1,200}@[^\s<>;,:()\"\[\]]{1,200})>?[ \t]*(?::|$|\()",
    re.MULTILINE,
)


def own_words(text: str) -> str:
    """What the server says, without the copy of the message it returns."""
    text = text[:MOST]
    for match in _COPY.finditer(text):
        if len(text[: match.start()].split()) >= 3:
            return text[: match.start()]
    return text


def is_report(fields: Headers, spoken: str, media_type: str) -> bool:
    """Whether a mail without a delivery status reports a failure all the same."""
    if fields.raw("x-failed-recipients") is not None:
        return True
    sender, subject = fields.words("from"), fields.words("subject")
    back = fields.first("return-path")
    empty = fields.raw("return-path") is not None and back in ("<>", "")
    said = bool(_SAYS.search(spoken) or _STRONG.search(spoken))
    answered = fields.first("auto-submitted").lower().startswith("auto-replied")
    if answered and not _CODE.search(spoken) and not _OPENING.search(spoken):
        return False
    if _SERVER.search(sender) and _FAILED.search(subject):
        return True
    signs = 2 * bool(_DAEMON.search(sender)) + bool(empty or _DAEMON.search(back))
    signs += (
        2 * bool(_SUBJECT.search(subject))
        + bool(_SAYS.search(spoken))
        + bool(_STRONG.search(spoken))
    )
    signs += 2 * (media_type == "multipart/report") + bool(_CODE.search(spoken))
    signs += "failure" in fields.first("auto-submitted").lower()
    signs -= 2 * bool(_REPLY.match(subject) and not _SERVER.search(sender))
    signs -= fields.raw("list-id") is not None or fields.raw("in-reply-to") is not None
    return said and signs >= 4


def is_delay(spoken: str) -> bool:
    """Whether the server still tries."""
    if _WORN_OUT.search(spoken):
        return True
    return bool(_DELAY.search(spoken)) and not _FINAL.search(spoken)


def refusal(spoken: str) -> str:
    """What is said of the first recipient, without the sentences that stand in every report."""
    named = [match for match in _NAMED.finditer(spoken) if _alone(spoken, match)]
    if len(named) > 1 and _SENDER_SAID.search(spoken[: named[0].start()]):
        named = named[1:]
    end = next((one.start() for one in named if one.group(1) != named[0].group(1)), len(spoken))
    piece = spoken[named[0].start() : end] if named and end < len(spoken) else spoken
    spoken = _PREFACE.split(piece)[-1]
    lines = [line.strip() for line in spoken.splitlines() if line.strip()]
    kept = [line for line in lines if not _BOILER.match(line)]
    return "\n".join(kept)[:6_000]


def _alone(text: str, match: re.Match[str]) -> bool:
    """Whether an address begins a line."""
    return match.start() == 0 or text[match.start() - 1] == "\n"


def recipient(spoken: str, fields: Headers) -> str | None:
    """The address that failed: as a header says it, else the first one in the words."""
    named = addresses.read(fields.first("x-failed-recipients"))
    if named and named[0].address:
        return named[0].address
    box = _BOX.search(spoken)
    return box.group(1).strip(".") if box is not None else None
