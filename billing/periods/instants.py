"""Where a client's local days begin and end, as instants; every instant lies in one day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def begins(day: date, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) of a local day.

    Where the clock jumps over midnight the day begins at the jump, where midnight comes twice at
    the first of them.
    """
    local = datetime.combine(day, time.min, tzinfo=zone)
    found = local.replace(fold=0).astimezone(UTC)
    if found.astimezone(zone).date() == day and found.astimezone(zone).time() == time.min:
        return found
    early, late = local.replace(fold=1).astimezone(UTC), found
    if early > late:
        early, late = late, early
    while late - early > timedelta(seconds=1):  # the jump lies between both readings of midnight
        middle = early + (late - early) / 2
        if middle.astimezone(zone).date() < day:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The client's day in which an instant lies."""
    return at.astimezone(zone).date()
