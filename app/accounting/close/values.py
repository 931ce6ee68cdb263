"""What the close of a month is made of: the month, its checks, steps, explanations, history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.accounting.close.changes import Change
from app.kernel.registry import CloseCheck, CloseMonth


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one client with its state, who did what, when it is due and whose it is."""

    period_id: int
    starts: date
    ends: date
    state: str
    due_on: date | None
    owner_id: UUID | None
    handed_in_by: UUID | None
    handed_in_at: datetime | None
    closed_by: UUID | None
    closed_at: datetime | None
    reopened_at: datetime | None
    counted_at: datetime | None
    version: int

    @property
    def id(self) -> int:
        """The key of the row."""
        return self.period_id

    @property
    def span(self) -> CloseMonth:
        """The month as checks know it."""
        return CloseMonth(self.period_id, self.starts, self.ends)

    def late(self, today: date) -> bool:
        """Whether its day has passed and it is not closed."""
        return self.state != "closed" and self.due_on is not None and self.due_on < today


@dataclass(frozen=True, slots=True)
class Result:
    """A check of one month: how many things are left."""

    check: CloseCheck
    n: int

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.n == 0

    @property
    def red(self) -> bool:
        """Whether it keeps the month open."""
        return self.n > 0 and self.check.severity == "blocking"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an account moved as it did; stale once the figure has moved on."""

    account_id: UUID
    month_minor: int
    usual_minor: int
    text: str
    in_pack: bool
    made_by: UUID
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Unusual:
    """An unusual change with its explanation, where there is one that still fits."""

    change: Change
    explanation: Explanation | None

    @property
    def explained(self) -> bool:
        """Whether the explanation is of this figure."""
        return (
            self.explanation is not None and self.explanation.month_minor == self.change.month_minor
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the client's own list in one month."""

    id: UUID
    title: str
    only_once: bool
    done: bool
    note: str | None
    done_by: UUID | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Happened:
    """A change of a month's state, or a close over what was not met."""

    from_state: str
    to_state: str
    reason: str
    made_by: UUID
    made_at: datetime
    over: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a client's months are closed; amounts in minor units of the base currency."""

    due_days: int = 10
    owner_id: UUID | None = None
    change_percent: int = 25
    change_minor: int = 100_000
    version: int = 0
