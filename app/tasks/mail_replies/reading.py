"""What somebody wrote in a reply: their own words without what they quote, and who wrote it."""

from __future__ import annotations

import email.utils
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart
from typing import Any

from lxml import etree

from app.documents import checks, raw_mail
from app.kernel import mail_replies, words

MOST_LETTERS = 200_000
MOST_LINES = 5_000
_AUTOMATIC_PRECEDENCE = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
_AUTOMATIC_HEADERS = (
    "x-auto-response-suppress",
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "list-id",
    "x-failed-recipients",
)
_MACHINES = {"mailer-daemon", "postmaster"}
_BREAKS = {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "blockquote", "table", "ul", "ol"}
_UNSEEN = {"style", "script", "head", "title"}
_SEPARATOR = re.compile(r"^\s*(?:-{2,}\s?[^-\n]{4,60}\s?-{2,}|_{8,})\s*$")
_HEAD = re.compile(r"^\s*[*]?(?:from|von|de|da|van|fra|från|od)\s?:[*]?\s?\S", re.IGNORECASE)
_HEAD_NEXT = re.compile(r"^\s*[*]?[^\W\d_][\w -]{1,20}\s?:[*]?\s?\S")
_WROTE = re.compile(r"(?:\d|@).*:\s*$")
_DAY = re.compile(r"\d.*\d")
_QUOTED = re.compile(r"^\s?>")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: `text` is the writer's own words, `whole` all of them; `sender` in small letters.

    `automated` says that a machine wrote it (RFC 3834): such a mail answers nothing. `sha` tells
    messages apart: the same one keeps it, whatever servers on the way add to its head.
    """

    sender: str
    automated: bool
    text: str
    whole: str
    sha: str


def read(raw: bytes) -> Reply:
    """A raw reply taken apart; what cannot be read is left out, so that it never fails."""
    try:
        message = raw_mail.parse(raw)
        whole = _words(message)
    except checks.MAIL_FAULTS:
        return Reply("", False, "", "", hashlib.sha256(raw).hexdigest())
    sender = email.utils.parseaddr(_header(message, "from"))[1].strip().lower()
    automated, sha = _is_automated(message, sender), _sha(message, sender, raw)
    return Reply(sender, automated, own_words(whole), whole.strip(), sha)


def _sha(message: EmailMessage, sender: str, raw: bytes) -> str:
    """The hash of who wrote, what the writer's program calls the message, and what is in it."""
    body = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1].replace(b"\r\n", b"\n")
    named = f"{sender}\n{_header(message, 'message-id')}\n".encode("utf-8", "replace")
    return hashlib.sha256(named + body).hexdigest()


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except checks.MAIL_FAULTS:
        return ""


def _is_automated(message: EmailMessage, sender: str) -> bool:
    """Whether a machine wrote it: RFC 3834, sections 2 and 5, and what servers send besides."""
    submitted = _header(message, "auto-submitted").partition(";")[0].strip().lower()
    if submitted not in {"", "no"}:
        return True
    if _header(message, "precedence").strip().lower() in _AUTOMATIC_PRECEDENCE:
        return True
    if any(name in message for name in _AUTOMATIC_HEADERS):
        return True
    if "return-path" in message and _header(message, "return-path").strip() in {"", "<>"}:
        return True
    if message.get_content_type() == "multipart/report":
        return True
    return sender.partition("@")[0] in _MACHINES


def _words(message: EmailMessage) -> str:
    """The text of a mail: its plain part, else its HTML as text with quotes marked."""
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    text = _kept(_content(body)[:MOST_LETTERS])
    return _from_html(text) if body.get_content_subtype() == "html" else text


def _content(part: MIMEPart) -> str:
    try:
        found = part.get_content()
    except checks.MAIL_FAULTS:
        found = part.get_payload(decode=True)
    return found if isinstance(found, str) else bytes(found or b"").decode("utf-8", "replace")


def _kept(text: str) -> str:
    """A text without the signs that no database keeps: zeros and halves of signs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


class _Text:
    """HTML as lines; what a block quotes begins with `>`. The target of a parser (lxml)."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self._quotes = 0
        self._unseen = 0

    def start(self, tag: str, attributes: object) -> None:
        """An element begins."""
        del attributes
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self._break()
        self._quotes += tag == "blockquote"

    def end(self, tag: str) -> None:
        """An element ends."""
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        if tag in _BREAKS:
            self._break()
        self._quotes -= tag == "blockquote" and self._quotes > 0

    def data(self, data: str) -> None:
        """Letters between elements; white space alone parts two words."""
        text = " ".join(data.split())
        if self._unseen:
            return
        if not text:
            self.lines[-1] += " " if self.lines[-1] else ""
            return
        mark = "> " if self._quotes and not self.lines[-1] else ""
        gap = " " if self.lines[-1] and data[:1].isspace() else ""
        self.lines[-1] += f"{mark}{gap}{text}" + (" " if data[-1:].isspace() else "")

    def close(self) -> None:
        """Nothing is left to be done."""

    def _break(self) -> None:
        if self.lines[-1] or (len(self.lines) > 1 and self.lines[-2]):
            self.lines.append("")


def _from_html(text: str) -> str:
    read: Any = _Text()
    parser = etree.HTMLParser(target=read, recover=True, huge_tree=True, encoding="utf-8")
    with suppress(etree.LxmlError):  # a text without any element; what was read till then stays
        etree.fromstring(text.encode(), parser)
    return "\n".join(" ".join(one.split()) for one in read.lines)


def own_words(text: str) -> str:
    """Somebody's own words in a reply, without what is quoted; kept when in doubt.

    Our own line above which one answers ends them, else the separators and heads that mail programs
    set before what they quote; lines that begin with `>` and a signature (`-- `) are left out.
    """
    lines = _above_ours(text.replace("\r\n", "\n").split("\n")[:MOST_LINES])
    kept: list[str] = []
    for place, line in enumerate(lines):
        if _QUOTED.match(line):
            _drop_attribution(kept)
            continue
        if _ends(lines, place) and (kept or line.rstrip() != "--"):
            break
        kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _above_ours(lines: list[str]) -> list[str]:
    """The lines above the one of ours that a mail program left unmarked."""
    ours = _markers()
    for place, line in enumerate(lines):
        if not _QUOTED.match(line) and any(one in line for one in ours):
            above = lines[:place]
            _drop_attribution(above)
            return above
    return lines


def _markers() -> list[str]:
    """Our line in each language, without the dashes about it."""
    found = []
    for locale in words.LOCALES:
        with words.speaking(locale):
            found.append(words.gettext(mail_replies.ABOVE.message).strip("— ."))
    return found


def _drop_attribution(lines: list[str]) -> None:
    """Takes off the line, or the two of it, that says who wrote what is quoted below."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    if not end or not lines[end - 1].rstrip().endswith(":"):
        return
    before = lines[end - 2] if end > 1 else ""
    if not _DAY.search(lines[end - 1]) and _DAY.search(before):
        del lines[end - 2 :]
    elif _WROTE.search(lines[end - 1]):
        del lines[end - 1 :]


def _ends(lines: list[str], place: int) -> bool:
    """Whether what is quoted, forwarded or signed begins on this line."""
    line = lines[place]
    if line.rstrip("\n") in {"-- ", "--"} or _SEPARATOR.match(line):
        return True
    following = lines[place + 1 : place + 3]
    return bool(_HEAD.match(line)) and any(map(_HEAD_NEXT.match, following))
