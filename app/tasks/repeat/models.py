"""Templates, repeats and calendars as the rest of the platform reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from app.tasks.repeat.calendar import Calendar
from app.tasks.repeat.content import ContentIn
from app.tasks.repeat.rules import Every
from app.tasks.work.models import TaskClass

RepeatState = Literal["active", "paused", "ended"]
MOST_BACK_MONTHS = 24
"""So far in the past a repeat may begin: what was missed since then is made up."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template of the provider; `version` grows with each change."""

    id: UUID
    service_line: str
    name: str
    content: ContentIn
    version: int

    @property
    def count(self) -> int:
        """How many tasks it holds."""
        return sum(1 for _item in self.content.items())


@dataclass(frozen=True, slots=True)
class Repeat:
    """What comes round in a client: its own copy of a template's content, and when it is next."""

    tenant_id: UUID
    id: UUID
    line: str
    name: str
    document_class: TaskClass
    template_id: UUID | None
    template_version: int | None
    content: ContentIn
    every: Every
    first_month: int
    ahead_days: int
    ends_on: date | None
    due_zone: str
    assignee_id: UUID | None
    reviewer_id: UUID | None
    state: RepeatState
    next_start: date
    make_on: date
    version: int


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which a client is closed, both included."""

    id: UUID
    from_on: date
    to_on: date
    title: str


@dataclass(frozen=True, slots=True)
class Place:
    """What dates of a client stand on: its calendar, its zone, its fiscal year's first month."""

    calendar: Calendar
    zone: str
    first_month: int
    country: str
    subdivision: str


@dataclass(frozen=True, slots=True)
class Coming:
    """A period that comes: its tasks in order with the day each is due."""

    starts: date
    ends: date
    tasks: tuple[tuple[str, date], ...]
