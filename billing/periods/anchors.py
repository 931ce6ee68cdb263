"""The next boundary of a period: by the calendar, or by an anchor's day and clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal

from billing.periods import lengths

Step = Literal["day", "week", "month", "quarter", "half_year", "year"]
STEPS: dict[str, Step] = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarter": "quarter",
    "quarterly": "quarter",
    "half_year": "half_year",
    "half_yearly": "half_year",
    "annual": "year",
}
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


def next_calendar(at: datetime, step: Step | None) -> datetime:
    """The begin of the next day, ISO week, month, quarter, half or year; the same without a step.

    Quarters and halves are those of the calendar year.
    """
    if step is None:
        return at
    midnight = datetime.combine(at.date(), time.min, tzinfo=at.tzinfo)
    if step == "day":
        return midnight + timedelta(days=1)
    if step == "week":
        return midnight + timedelta(days=7 - at.weekday())
    count = _MONTHS[step]
    first = at.month - (at.month - 1) % count
    day = lengths.moved(at.date().replace(month=first, day=1), lengths.Length("month", count))
    return datetime.combine(day, time.min, tzinfo=at.tzinfo)


def next_boundary(at: datetime, anchor: datetime, step: Step, *, times: int = 1) -> datetime:
    """The boundary after a period's begin: so many steps later, on the anchor's day and clock.

    A month that has not yet come to the anchor's day ends there, as the first short one does, and a
    quarter or half year that begins before the anchor ends at it; a week goes to the anchor's
    weekday, a year to its month and day.
    """
    clock = anchor.timetz()
    if step == "day":
        return datetime.combine(at.date() + timedelta(days=times), clock)
    if step == "week":
        ahead = (anchor.weekday() - at.weekday()) % 7 or 7
        return datetime.combine(at.date() + timedelta(days=ahead + 7 * (times - 1)), clock)
    if step == "year":
        year = at.year + times
        return datetime.combine(lengths.clamped(year, anchor.month, anchor.day), clock)
    if step in ("quarter", "half_year") and at < anchor:
        return anchor
    here = lengths.clamped(at.year, at.month, anchor.day)
    if step == "month" and at.date() < here:
        return datetime.combine(here, clock)
    months = lengths.Length("month", _MONTHS[step])
    return datetime.combine(lengths.moved(at.date(), months, times, anchor_day=anchor.day), clock)
