"""The span of days a report covers, as the address bar says it."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from app.kernel.errors import Invalid

SPANS = {"month": 1, "quarter": 3, "year": 12}
COMPARISONS = ("previous", "year", "none")
FIRST_YEAR, LAST_YEAR = 1900, 2200


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months ending with `month`, or up to a day; `comparison` names what stands beside."""

    first: date
    last: date
    span: str = "month"
    comparison: str = "previous"

    @property
    def month(self) -> str:
        """The last month as `2026-10`."""
        return f"{self.last:%Y-%m}"


def month_start(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """The last day of the day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def months_before(day: date, count: int) -> date:
    """The first day of the month `count` months before the day's month."""
    index = day.year * 12 + day.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


def parse_period(
    month: str | None, *, span: str | None, comparison: str | None, on: str | None, today: date
) -> Period:
    """The period asked for; unknown words fall back to the last whole month.

    `on` is a day for reports at a point in time. Raises Invalid for a month or day that no
    calendar has.
    """
    span = span if span in SPANS else "month"
    comparison = comparison if comparison in COMPARISONS else "previous"
    if on:
        day = _day(on)
        return Period(month_start(day), day, span, comparison)
    end = _month(month) if month else month_start(today) - timedelta(days=1)
    first = months_before(end, SPANS[span] - 1)
    return Period(first, month_end(end), span, comparison)


def _month(text: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
        raise Invalid.of("period", "not-a-month")
    year, month = int(text[:4]), int(text[5:])
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12):
        raise Invalid.of("period", "not-a-month")
    return date(year, month, 1)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid.of("on", "not-a-date") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid.of("on", "not-a-date")
    return day
