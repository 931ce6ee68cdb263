"""What a mail is once it is read: plain values, nothing that still has to be decoded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Automated(StrEnum):
    """Who speaks: a person, or which kind of machine (RFC 3834 and the usual headers)."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    LIST = "list"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: its address as written, and the name shown beside it (may be empty)."""

    address: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a mail, decoded; `name` is None where the mail gives none."""

    name: str | None
    media_type: str
    data: bytes = field(repr=False)
    content_id: str | None = None
    inline: bool = False

    @property
    def size(self) -> int:
        """Bytes of the decoded file."""
        return len(self.data)

    @property
    def sha256(self) -> str:
        """The hash of the decoded file, in hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says of its first failed recipient.

    `dsn` is an enhanced status code (RFC 3463). One that no server stated is inferred from the
    reason and then lies in x.0.9nn, which no registry gives out. `smtp` is the reply code
    (RFC 5321) where one is stated. `hard` means: this address will never take mail.
    """

    hard: bool
    dsn: str | None
    smtp: str | None
    reason: str
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail taken apart. `text` is its declared body; `reply` is what its writer added now.

    Where the body is empty or was cut off, `reply` still holds whatever could be read, so that
    nothing a person wrote is out of sight. `quoted` is the rest of the text.

    `senders` are all mailboxes of all From fields, an empty one for a field that names nobody: a
    proper mail has one. `authentication` are the Authentication-Results (RFC 8601) as they came,
    the topmost first: what the last server found out stands above what others claimed.
    """

    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    sender: Address | None = None
    senders: tuple[Address, ...] = ()
    authentication: tuple[str, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    text: str = ""
    html: str = ""
    reply: str = ""
    quoted: str = ""
    attachments: tuple[Attachment, ...] = ()
    automated: Automated = Automated.HUMAN
    bounce: Bounce | None = None
