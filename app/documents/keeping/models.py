"""What keeping knows: rules of law and of one's own, holds, papers that are due, disposals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

Kind = Literal["books", "voucher", "letter", "payroll", "identity"]
RunsFrom = Literal["paper", "calendar_year", "fiscal_year", "engagement", "engagement_year"]
Basis = Literal["contract", "choice"]
Covers = Literal["client", "days", "papers"]


@dataclass(frozen=True, slots=True)
class Statute:
    """A rule of law in force: `source` is the text it comes from."""

    key: str
    country: str
    kinds: tuple[str, ...]
    years: int
    runs_from: str
    source: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class OwnRule:
    """What one side keeps longer than the law, or where no law says so; `kind` None is every paper.

    `side` is provider, client, or firm: what the provider keeps at all its clients.
    """

    id: UUID
    kind: str | None
    years: int
    runs_from: str
    basis: str
    reason: str
    side: str
    made_by: UUID
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold; `sha` is what a second person agrees to when it is released."""

    id: UUID
    title: str
    reason: str
    covers: str
    from_on: date | None
    to_on: date | None
    side: str
    placed_by: UUID
    placed_at: datetime
    released_by: UUID | None
    released_at: datetime | None
    sha: str
    papers: int
    asked: bool

    @property
    def standing(self) -> bool:
        """Whether it protects papers now."""
        return self.released_at is None


@dataclass(frozen=True, slots=True)
class Due:
    """A paper whose time has run out and that no hold covers."""

    id: UUID
    name: str
    document_class: str
    added_at: datetime
    counts_from: date
    kept_until: date
    source: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long one paper is kept; `kept_until` None where no rule is known or none can end yet."""

    kept_until: date | None
    source: str
    held: bool


@dataclass(frozen=True, slots=True)
class Disposal:
    """A list of papers for disposal; `state` is waiting, approved, refused, withdrawn or done."""

    id: UUID
    papers: int
    content_sha: str
    made_by: UUID
    made_at: datetime
    state: str
    approval_id: UUID | None
    done_by: UUID | None
    done_at: datetime | None
    backup_days: int | None

    @property
    def backups_until(self) -> date | None:
        """The day by which backups made before have aged out; None while it is not done."""
        if self.done_at is None or self.backup_days is None:
            return None
        return (self.done_at + timedelta(days=self.backup_days)).date()


@dataclass(frozen=True, slots=True)
class DisposalItem:
    """One paper of a disposal: what it was, until when it was kept, by which rule, what became.

    `locked` versions of its sealed contents stayed in the bucket under a lock of its own, until
    `locked_until` where the bucket says so; they are deleted when it ends.
    """

    document_id: UUID
    document_class: str
    name: str
    contents: tuple[dict[str, object], ...]
    added_at: datetime
    counts_from: date
    kept_until: date
    source: str
    state: str
    settled_at: datetime | None
    locked: int
    locked_until: datetime | None
