"""The span of days a report covers, as the address bar says it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.kernel.errors import Invalid

SPANS = {"month": 1, "quarter": 3, "year": 12, "fiscal": 0}
COMPARISONS = ("previous", "year", "months", "none")
FIRST_YEAR, LAST_YEAR = 1900, 2200


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months ending with `month`, or days from `first` to `last`; `comparison` names what
    stands beside, `share` whether shares of income do; `corrected` shows what folds away."""

    first: date
    last: date
    span: str = "month"
    comparison: str = "previous"
    share: bool = False
    corrected: bool = False

    @property
    def month(self) -> str:
        """The last month as `2026-10`."""
        return f"{self.last:%Y-%m}"

    @property
    def words(self) -> str:
        """What a builder is asked for: `previous,share`."""
        asked = (("share", self.share), ("corrected", self.corrected))
        return ",".join([self.comparison, *(word for word, wanted in asked if wanted)])

    @property
    def query(self) -> dict[str, str]:
        """The period as the query string of an address, the same for screen and files."""
        asked = {"cmp": self.comparison}
        if self.share:
            asked["share"] = "1"
        if self.corrected:
            asked["corrected"] = "1"
        if self.span == "days":
            return {**asked, "from": self.first.isoformat(), "to": self.last.isoformat()}
        if self.span == "day":
            return {**asked, "on": self.last.isoformat()}
        return {**asked, "period": self.month, "span": self.span}


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
    asked: Mapping[str, str],
    *,
    today: date,
    year_start: Callable[[date], date] | None = None,
) -> Period:
    """The period an address asks for; unknown words fall back to the last whole month.

    `period=2026-10` with `span` (month, quarter, year, fiscal); or `from` and `to`, any days; or
    `on`, a day. `cmp` says what stands beside, `share=1` adds shares of income, `corrected=1` shows
    entries that were taken back in their month. Raises Invalid for a month or day that no calendar
    has, or a span that ends before it begins.
    """
    span = asked.get("span") or "month"
    span = span if span in SPANS else "month"
    comparison = asked.get("cmp") or "previous"
    comparison = comparison if comparison in COMPARISONS else "previous"
    share, corrected = asked.get("share") == "1", asked.get("corrected") == "1"
    if asked.get("from") or asked.get("to"):
        first, last = _span(asked, today)
        return Period(first, last, "days", comparison, share, corrected)
    if asked.get("on"):
        day = _day(asked["on"], "on")
        return Period(month_start(day), day, "day", comparison, share, corrected)
    month = asked.get("period")
    end = month_end(_month(month) if month else month_start(today) - timedelta(days=1))
    if span == "fiscal":
        first = year_start(end) if year_start else months_before(end, end.month - 1)
    else:
        first = months_before(end, SPANS[span] - 1)
    return Period(first, end, span, comparison, share, corrected)


def _span(asked: Mapping[str, str], today: date) -> tuple[date, date]:
    last = _day(asked["to"], "to") if asked.get("to") else today
    first = _day(asked["from"], "from") if asked.get("from") else month_start(last)
    if first > last:
        raise Invalid.of("from", "span-backwards")
    return first, last


def _month(text: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
        raise Invalid.of("period", "not-a-month")
    year, month = int(text[:4]), int(text[5:])
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12):
        raise Invalid.of("period", "not-a-month")
    return date(year, month, 1)


def _day(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid.of(name, "not-a-date") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid.of(name, "not-a-date")
    return day
