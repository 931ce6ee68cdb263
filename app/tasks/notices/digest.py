"""When a mail of notices is due: whole hours of the reader's own zone, outside quiet hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.tasks.notices.queries import Hours

WORKING_DAYS = 5
LOOK_BACK = 7  # days: a digest after a long weekend is still one

What = Literal["all", "at_once", "safety"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for somebody: since when, whether some of it goes at once or is about safety."""

    since: datetime
    at_once: bool
    safety: bool


@dataclass(frozen=True, slots=True)
class Due:
    """What is mailed now; `slot` is the hour whose digest it is."""

    what: What
    slot: datetime | None = None


def zone_of(name: str) -> ZoneInfo:
    """A time zone, UTC for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def due(
    waiting: Waiting, wanted: Hours, *, zone: ZoneInfo, had: datetime | None, now: datetime
) -> Due | None:
    """What somebody is mailed at an instant; None for nothing yet.

    The digest of an hour tells of what was there at that hour, once; `had` is the hour of the last
    one. What concerns the safety of the account waits for nothing.
    """
    local = now.astimezone(zone)
    silent = is_quiet(local.hour, wanted) or (
        wanted.paused_until is not None and local.date() < wanted.paused_until
    )
    if not silent and is_day(local.date(), wanted):
        slot = last_slot(now, wanted, zone)
        if slot is not None and waiting.since <= slot and (had is None or had < slot):
            return Due("all", slot)
    if waiting.at_once and not silent:
        return Due("at_once")
    return Due("safety") if waiting.safety else None


def is_quiet(hour: int, wanted: Hours) -> bool:
    """Whether an hour of the day lies in the quiet hours, which may go over midnight."""
    if wanted.quiet_from <= wanted.quiet_to:
        return wanted.quiet_from <= hour < wanted.quiet_to
    return hour >= wanted.quiet_from or hour < wanted.quiet_to


def is_day(day: date, wanted: Hours) -> bool:
    """Whether a digest goes out on this day."""
    return wanted.every_day or day.weekday() < WORKING_DAYS


def last_slot(now: datetime, wanted: Hours, zone: ZoneInfo) -> datetime | None:
    """The newest chosen hour that has come, as an instant; None where none was chosen.

    An hour that a day leaves out in spring comes when the clocks have moved on; of one that comes
    twice in autumn it is the first.
    """
    today = now.astimezone(zone).date()
    days = (today - timedelta(days=back) for back in range(LOOK_BACK + 1))
    slots = (
        datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC)
        for day in days
        if is_day(day, wanted)
        for hour in wanted.hours
    )
    return max((slot for slot in slots if slot <= now), default=None)
