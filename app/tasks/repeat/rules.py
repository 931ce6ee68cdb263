"""Periods that come round, and the days on which their work is due: arithmetic on dates alone."""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from app.tasks.repeat.calendar import Calendar

Every = Literal["month", "quarter", "year"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
LAST_YEAR = 2199
Kind = Literal["day", "working_day"]
Shift = Literal["none", "next", "previous", "same_month"]
Unit = Literal["days", "working_days"]


@dataclass(frozen=True, slots=True)
class Period:
    """A span of work, both days included: a month, a quarter, a year."""

    starts: date
    ends: date


@dataclass(frozen=True, slots=True)
class Due:
    """When work of a period is due.

    `months_after` counts from the month the period ends in (0: that month). `kind` day: the n-th
    day of that month, its last where it has fewer (31 February is 28 or 29 February); working_day:
    the n-th working day, from the end where n is negative. `shift` moves a day that is no working
    day: to the next, to the previous, or (`same_month`) to the next unless that is another month.
    `before` then counts back in `unit`: "3 working days before the 10th".
    """

    months_after: int = 1
    kind: Kind = "day"
    n: int = 10
    shift: Shift = "next"
    before: int = 0
    unit: Unit = "days"


def add_months(day: date, count: int) -> date:
    """The first day of the month so many months after a day's month."""
    index = day.year * 12 + day.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return day.replace(day=months.monthrange(day.year, day.month)[1])


def period_at(every: Every, day: date, *, first_month: int = 1) -> Period:
    """The period a day lies in; quarters and years begin with the fiscal year's first month."""
    length = MONTHS[every]
    past = (day.month - first_month) % length
    return period_from(every, add_months(day, -past))


def period_from(every: Every, starts: date) -> Period:
    """The period that begins on the first of a month."""
    return Period(starts, month_end(add_months(starts, MONTHS[every] - 1)))


def following(every: Every, period: Period) -> Period:
    """The period after one."""
    return period_from(every, add_months(period.starts, MONTHS[every]))


def periods(every: Every, starts: date, *, ends_on: date | None = None) -> Iterator[Period]:
    """Periods from a first one on; never without an end: the last year is 2199."""
    period = period_from(every, starts)
    while period.starts.year < LAST_YEAR and (ends_on is None or period.starts <= ends_on):
        yield period
        period = following(every, period)


@lru_cache(maxsize=32_768)
def due_on(rule: Due, period: Period, calendar: Calendar) -> date:
    """The day on which a period's work is due."""
    first = add_months(period.ends, rule.months_after)
    last = month_end(first)
    if rule.kind == "working_day":
        found = calendar.nth(first, last, rule.n)
    else:
        found = shifted(rule.shift, first.replace(day=min(rule.n, last.day)), calendar)
    if not rule.before:
        return found
    if rule.unit == "working_days":
        return calendar.back(found, rule.before)
    return shifted("previous" if rule.shift != "none" else "none", _days(found, rule), calendar)


def _days(found: date, rule: Due) -> date:
    return found - timedelta(days=rule.before)


def shifted(shift: Shift, day: date, calendar: Calendar) -> date:
    """A day moved to a working day as a rule says."""
    if shift == "none":
        return day
    if shift == "previous":
        return calendar.previous(day)
    found = calendar.following(day)
    if shift == "same_month" and (found.year, found.month) != (day.year, day.month):
        return calendar.previous(day)
    return found
