"""What somebody wrote in a reply: as the mail core reads it, and above the line of ours."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from app.kernel import mail_replies, words
from app.mail import reply_marks
from app.mail.child import Reader, Unreadable
from app.mail.message import Automated, Mail

MOST_LETTERS = 200_000


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: `text` is the writer's own words, `whole` all of them; `sender` in small letters.

    `sender` is empty where not one person says to have written. `automated` says that a machine
    wrote it: such a mail answers nothing. `unreadable` says that nothing of it could be read. `sha`
    tells messages apart: the same one keeps it, whatever servers on the way add to its head.
    `results` are what servers found out about the sender, the topmost first.
    """

    sender: str
    automated: bool
    text: str
    whole: str
    sha: str
    results: tuple[str, ...] = ()
    unreadable: bool = False


def read(raw: bytes) -> Reply:
    """A raw reply taken apart, in a program of its own with bounded time and memory."""
    try:
        with Reader() as reader:
            mail = reader.read(raw)
    except Unreadable:
        return Reply("", False, "", "", hashlib.sha256(raw).hexdigest(), unreadable=True)
    return of(mail, raw)


def of(mail: Mail, raw: bytes) -> Reply:
    """The reply that a mail is; `raw` is its message."""
    sender = mail.senders[0].address.strip().lower() if len(mail.senders) == 1 else ""
    automated = mail.automated is not Automated.HUMAN
    whole = _storable(mail.text)
    sha = _sha(mail, sender, raw)
    return Reply(sender, automated, own_words(mail.reply), whole, sha, mail.authentication)


def own_words(text: str) -> str:
    """The new text of a reply without what stands below our own line; empty where none is new.

    The mail core finds what is quoted; of what it keeps when in doubt, our line tells the rest. A
    text of quotes and heads alone says nothing by itself.
    """
    lines = _above_ours(_storable(text).replace("\r\n", "\n").split("\n"))
    return "\n".join(lines).strip() if _says_something(lines) else ""


def _sha(mail: Mail, sender: str, raw: bytes) -> str:
    """The hash of who wrote, what the writer's program calls the message, and what is in it."""
    body = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1].replace(b"\r\n", b"\n")
    named = f"{sender}\n{mail.message_id or ''}\n".encode("utf-8", "replace")
    return hashlib.sha256(named + body).hexdigest()


def _storable(text: str) -> str:
    """A text without the signs that no database keeps: zeros and halves of signs."""
    plain = text[:MOST_LETTERS].replace("\0", "")
    return plain.encode("utf-8", "replace").decode("utf-8").strip()


def _above_ours(lines: list[str]) -> list[str]:
    """The lines above the one of ours that a mail program left unmarked."""
    ours = _markers()
    for place, line in enumerate(lines):
        if not reply_marks.is_quote(line) and any(one in line for one in ours):
            return lines[:place]
    return lines


def _markers() -> list[str]:
    """Our line in each language, without the dashes about it."""
    found = []
    for locale in words.LOCALES:
        with words.speaking(locale):
            found.append(words.gettext(mail_replies.ABOVE.message).strip("— ."))
    return found


def _says_something(lines: list[str]) -> bool:
    """Whether a line is neither quoted nor the head or separator of what is."""
    place = 0
    while place < len(lines):
        line = lines[place]
        if not line.strip() or reply_marks.is_quote(line) or reply_marks.is_separator(line):
            place += 1
            continue
        head = reply_marks.header_block(lines, place) or reply_marks.attribution(lines, place)
        if not head:
            return True
        place += head
    return False
