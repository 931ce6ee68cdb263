"""The door of the mail core: a raw message in, a `Mail` out, whatever the bytes are."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_tz

from app.mail import (
    addresses,
    automated,
    bodies,
    charsets,
    html_text,
    outlook,
    parameters,
    quoted,
    reports,
    structure,
    tnef,
    transfer,
)
from app.mail.bodies import Bodies
from app.mail.headers import Headers
from app.mail.message import Address, Attachment, Automated, Mail
from app.mail.structure import Part

MOST_BYTES = 64 * 1024 * 1024
MOST_TEXT = 4 * 1024 * 1024
MOST_RESULTS = 50
MOST_SENDERS = 10
_TNEF = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))
_NEWLINES = re.compile(r"\r\n?")


def read(data: bytes) -> Mail:
    """Read a raw message (RFC 5322), or a message saved by Outlook (.msg)."""
    if data.startswith(outlook.MAGIC):
        saved = outlook.read(data)
        if saved is not None:
            return _with_new_text(saved)
    root = structure.build(data[:MOST_BYTES])
    found = bodies.arrange(root)
    headers = root.headers
    texts = _Texts(found)
    if not headers.looks_like_mail() and not texts.html and root.start < len(data):
        texts.text = _plain(charsets.decode(data[:MOST_TEXT]))
    bounce = reports.read(root, found, texts.text)
    kind = Automated.BOUNCE if bounce is not None else automated.kind(headers, root, texts.text)
    split = quoted.split(texts.readable(data, root), texts.html)
    return Mail(
        message_id=next(iter(addresses.ids(headers.first("message-id"))), None),
        in_reply_to=addresses.ids(headers.first("in-reply-to")),
        references=addresses.ids(" ".join(headers.all("references"))),
        sender=next(iter(addresses.read(headers.first("from"))), None),
        senders=_senders(headers),
        authentication=tuple(headers.all("authentication-results")[:MOST_RESULTS]),
        to=addresses.read(", ".join(headers.all("to"))),
        cc=addresses.read(", ".join(headers.all("cc"))),
        reply_to=addresses.read(headers.first("reply-to")),
        subject=headers.words("subject"),
        date=date_of(headers),
        text=texts.text,
        html=texts.html,
        reply=split.reply,
        quoted=split.quoted,
        attachments=tuple(texts.attachments),
        automated=kind,
        bounce=bounce,
    )


def _senders(headers: Headers) -> tuple[Address, ...]:
    """Who says to have written, over all From fields; nobody's field counts as well."""
    fields = headers.all("from")[:MOST_SENDERS]
    return tuple(one for field in fields for one in addresses.read(field) or (Address(""),))


def date_of(headers: Headers) -> datetime | None:
    """The date the writer gives; None where it is none. Without a zone it counts as UTC."""
    text = headers.first("date")[:200]
    try:
        parts = parsedate_tz(text)
        if parts is None:
            return None
        moment = datetime(*parts[:6], tzinfo=UTC)
        shift = parts[9] or 0
        if abs(shift) >= 86_400:
            return None
        return datetime.fromtimestamp(moment.timestamp() - shift, tz=UTC)
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        return None


class _Texts:
    """The readable side of a mail: its text, its HTML, its files."""

    def __init__(self, found: Bodies) -> None:
        self.found = found
        self.attachments: list[Attachment] = []
        self.unpacked: list[str] = []
        self.html = "\n".join(_text(part) for part in found.html if part.media_type == "text/html")
        self.text = self._text()
        for part in found.files:
            self.attachments.extend(self._files(part))
        if not self.text.strip() and self.unpacked:
            self.text = "\n".join(self.unpacked)

    def _text(self) -> str:
        pieces = []
        for part in self.found.text:
            if part.media_type == "text/html":
                pieces.append(html_text.text_of(_text(part)))
                continue
            kept, files = _without_files(part)
            self.attachments.extend(files)
            pieces.append(kept)
        return "\n".join(pieces)[:MOST_TEXT]

    def _files(self, part: Part) -> list[Attachment]:
        """A part as a file; a winmail.dat as what it holds, where it can be opened."""
        name = parameters.file_name(part.disposition, part.content_type)
        if part.media_type in _TNEF or (name or "").lower() == "winmail.dat":
            opened = tnef.read(part.body)
            if opened is not None:
                self.unpacked.extend(text for text in (opened.text,) if text)
                return list(opened.attachments)
        content_id = next(iter(addresses.ids(part.headers.first("content-id"))), None)
        inline = part.disposition.value == "inline" or content_id is not None
        return [Attachment(name, part.media_type, _content(part), content_id, inline)]

    def readable(self, data: bytes, root: Part) -> str:
        """The text to look for new words in: the body, or what stands in for a missing one."""
        if not root.headers.looks_like_mail() and not self.html:
            return _plain(charsets.decode(data[:MOST_TEXT], ""))
        if self.text.strip():
            return self.text
        cut = [part for part in self.found.cut if part.media_type == "text/plain"]
        pieces = [_text(part) for part in cut]
        pieces.extend(html_text.text_of(_text(part)) for part in self.found.cut if part not in cut)
        if not pieces:
            pieces = [_plain(charsets.decode(part.preamble)) for part in self.found.preambles]
        stray = b"\n".join(root.headers.stray)
        if not any(piece.strip() for piece in pieces) and stray:
            pieces = [_plain(charsets.decode(stray))]
        return "\n".join(pieces)[:MOST_TEXT]


def _with_new_text(mail: Mail) -> Mail:
    """A mail from another container, with its new words found."""
    split = quoted.split(mail.text, mail.html)
    return replace(mail, reply=split.reply, quoted=split.quoted)


def _text(part: Part) -> str:
    """A part's text with plain newlines; HTML may declare its charset inside."""
    declared = part.content_type.parameters.get("charset", "")
    if not declared and part.media_type == "text/html":
        declared = _declared_inside(part.body)
    return _plain(charsets.decode(part.body[: 4 * MOST_TEXT], declared))


def _plain(text: str) -> str:
    return _NEWLINES.sub("\n", text)


def _declared_inside(data: bytes) -> str:
    match = re.search(rb"charset\s*=\s*[\"']?([\w.:-]{2,40})", data[:2048], re.IGNORECASE)
    return match.group(1).decode("ascii", "replace") if match else ""


def _without_files(part: Part) -> tuple[str, list[Attachment]]:
    """A text without the files that were uuencoded into it, and those files."""
    blocks = transfer.uuencoded(part.body) if b"\nbegin" in b"\n" + part.body[:MOST_TEXT] else []
    if not blocks:
        return _text(part), []
    files = [
        Attachment(name or None, "application/octet-stream", content)
        for name, content, _start, _end in blocks
    ]
    kept, place = [], 0
    for _name, _data, start, end in blocks:
        kept.append(part.body[place:start])
        place = end
    kept.append(part.body[place:])
    part.body = b"".join(kept)
    return _text(part), files


def _content(part: Part) -> bytes:
    """The file's bytes; what was uuencoded without saying so is opened as well."""
    raw = part.raw
    if part.encoding not in ("base64", "quoted-printable") and raw[:200].lstrip()[:6] == b"begin ":
        opened = transfer.uuencoded(raw)
        if len(opened) == 1:
            return opened[0][1]
    return raw
