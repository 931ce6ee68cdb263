"""What somebody wrote in a reply: their own words without what they quote, and who wrote it."""

from __future__ import annotations

import email
import email.policy
import email.utils
import re
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart
from html.parser import HTMLParser

from app.documents import checks
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

    `automated` says that a machine wrote it (RFC 3834): such a mail answers nothing.
    """

    sender: str
    automated: bool
    text: str
    whole: str


def read(raw: bytes) -> Reply:
    """A raw reply taken apart; what cannot be read is left out, so that it never fails."""
    try:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        whole = _words(message)
    except checks.MAIL_FAULTS:
        return Reply("", False, "", "")
    sender = email.utils.parseaddr(_header(message, "from"))[1].strip().lower()
    return Reply(sender, _is_automated(message, sender), own_words(whole), whole.strip())


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
    text = _content(body)[:MOST_LETTERS]
    return _from_html(text) if body.get_content_subtype() == "html" else text


def _content(part: MIMEPart) -> str:
    try:
        found = part.get_content()
    except checks.MAIL_FAULTS:
        found = part.get_payload(decode=True)
    return found if isinstance(found, str) else bytes(found or b"").decode("utf-8", "replace")


class _Text(HTMLParser):
    """HTML as lines; what a block quotes begins with `>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._quotes = 0
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self._break()
        self._quotes += tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        if tag in _BREAKS:
            self._break()
        self._quotes -= tag == "blockquote" and self._quotes > 0

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text or self._unseen:
            return
        mark = "> " if self._quotes and not self.lines[-1] else ""
        gap = " " if self.lines[-1] and data[:1].isspace() else ""
        self.lines[-1] += f"{mark}{gap}{text}" + (" " if data[-1:].isspace() else "")

    def _break(self) -> None:
        if self.lines[-1] or (len(self.lines) > 1 and self.lines[-2]):
            self.lines.append("")


def _from_html(text: str) -> str:
    parser = _Text()
    parser.feed(text)
    parser.close()
    return "\n".join(one.rstrip() for one in parser.lines)


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
