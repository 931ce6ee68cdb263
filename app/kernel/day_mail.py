"""What packages contribute to the one mail a day that a client's people get."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DayMailItem:
    """One thing in the day's mail to the client's people: what waits for them, or is new.

    Mailed to who holds `permission` on the line, or `to_person` alone, to those of
    `only_to` where there are such, never to those of `not_to`.
    `path` leads to it (`<client>` stands for the client's name in addresses); `once` is news that
    nobody is reminded of; with `opens` the path needs no password and stands at the thing's line.
    Moments are UTC.
    """

    type: str
    id: UUID
    line: str
    text: str
    asked_at: datetime
    path: str
    permission: str = "request.answer"
    to_person: UUID | None = None
    not_to: frozenset[UUID] = frozenset()
    only_to: frozenset[UUID] | None = None
    reminded_at: datetime | None = None
    once: bool = False
    opens: bool = False


@dataclass(frozen=True, slots=True)
class DayMailSource:
    """Contributes to the day's mail of a client: called in a job of that client."""

    key: str
    find: Callable[[], Sequence[DayMailItem]]
    order: int = 100
