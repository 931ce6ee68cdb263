"""Hours as the rest of the platform reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

EntryState = Literal["open", "submitted", "approved", "locked"]
NOTE_LENGTH = 500
LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Entry:
    """Time of one person in one client; without an end it still runs."""

    tenant_id: UUID
    id: UUID
    line: str
    person_id: UUID
    started_at: datetime
    ended_at: datetime | None
    day: date
    note: str
    billable: bool
    subject_type: str | None
    subject_key: str | None
    state: EntryState
    returned_for: str
    cut: bool
    approved_by: UUID | None
    approved_at: datetime | None
    version: int

    @property
    def seconds(self) -> int:
        """How long it was; 0 while it runs."""
        if self.ended_at is None:
            return 0
        return int((self.ended_at - self.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Timer:
    """What runs for a person now, wherever it was started."""

    tenant_id: UUID
    id: UUID
    started_at: datetime
    subject_type: str | None
    subject_key: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour of a person costs from a day on, in minor units."""

    id: UUID
    person_id: UUID
    valid_from: date
    currency: str
    minor_per_hour: int
