"""Schedules: system jobs that fire once for each due time, whoever leads and however often."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from app.kernel import jobs_catalog
from app.kernel.jobs_catalog import Handler, JobKind, Queue

_INTERVAL = re.compile(r"(\d+) (second|minute|hour)s?")
_DAILY = re.compile(r"daily (\d\d):(\d\d)")
_MONTHLY = re.compile(r"monthly (\d\d?) (\d\d):(\d\d)")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Every:
    """When something is due, in UTC: each so many seconds, each day, or each month on a day.

    A day that a month does not have counts as its last day.
    """

    seconds: int = 0
    day: int = 0
    hour: int = 0
    minute: int = 0

    @classmethod
    def parse(cls, text: str) -> Every:
        """Reads `5 minutes`, `daily 06:00` or `monthly 31 06:00`; raises ValueError."""
        if found := _INTERVAL.fullmatch(text):
            return cls(seconds=int(found[1]) * _SECONDS[found[2]])
        if found := _DAILY.fullmatch(text):
            return cls(hour=int(found[1]), minute=int(found[2]))
        if found := _MONTHLY.fullmatch(text):
            return cls(day=int(found[1]), hour=int(found[2]), minute=int(found[3]))
        raise ValueError(f"not a schedule: {text!r}")

    def last_due(self, at: datetime) -> datetime:
        """The newest due time that is not after an instant."""
        if self.seconds:
            whole = int(at.timestamp()) // self.seconds * self.seconds
            return datetime.fromtimestamp(whole, UTC)
        clock = at.astimezone(UTC).replace(
            hour=self.hour, minute=self.minute, second=0, microsecond=0
        )
        if not self.day:
            return clock if clock <= at else clock - timedelta(days=1)
        due = _on_day(clock, self.day)
        return due if due <= at else _on_day(clock.replace(day=1) - timedelta(days=1), self.day)


def _on_day(month: datetime, day: int) -> datetime:
    following = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    return month.replace(day=min(day, (following - timedelta(days=1)).day))


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job kind that fires by the clock, once in the provider's tenant or in each client."""

    kind: JobKind
    every: Every
    tenants: Literal["provider", "clients"]


_schedules: dict[str, Schedule] = {}


def schedule(
    name: str,
    *,
    every: str,
    tenants: Literal["provider", "clients"] = "provider",
    queue: Queue = "default",
    line: str = "member",
    retries: int = 5,
    lease: int = 10,
    steps: bool = False,
) -> Callable[[Handler], Handler]:
    """Declares a handler that the clock starts, as the system user `platform`."""
    when = Every.parse(every)

    def declare(handler: Handler) -> Handler:
        kind = JobKind(name, handler, queue, retries, lease, line, steps, clocked=True)
        jobs_catalog.add(kind)
        _schedules[name] = Schedule(kind, when, tenants)
        return handler

    return declare


def declared() -> list[Schedule]:
    """Every schedule of this installation, by name."""
    return [_schedules[name] for name in sorted(_schedules)]
