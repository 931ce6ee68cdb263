"""How long billing periods are, and moving dates by whole ones."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class Length:
    """So many days or months; weeks are days, quarters and years are months."""

    unit: Literal["day", "month"]
    count: int


DAY, WEEK, FORTNIGHT = Length("day", 1), Length("day", 7), Length("day", 14)
MONTH, QUARTER, HALF_YEAR, YEAR = (Length("month", n) for n in (1, 3, 6, 12))


def clamped(year: int, month: int, day: int) -> date:
    """A day of a month, or the month's last where it has fewer."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def moved(day: date, length: Length, n: int = 1, *, anchor_day: int | None = None) -> date:
    """A date whole periods later, or earlier where n is negative.

    Months keep the day, or take the anchor's, and clamp to the last of a shorter month.
    """
    if length.unit == "day":
        return day + timedelta(days=length.count * n)
    months = day.year * 12 + day.month - 1 + length.count * n
    return clamped(months // 12, months % 12 + 1, anchor_day or day.day)


def whole_between(first: date, last: date, length: Length) -> int:
    """How many whole periods lie between two dates; none where the second is earlier."""
    if last <= first:
        return 0
    if length.unit == "day":
        return (last - first).days // length.count
    months = (last.year - first.year) * 12 + last.month - first.month
    count = months // length.count
    return count if moved(first, length, count) <= last else count - 1
