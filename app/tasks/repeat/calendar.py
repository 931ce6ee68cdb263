"""Working days of a client: weekends, public holidays of its country, its own closed days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

WEEKEND = frozenset({5, 6})
FRIDAY_SATURDAY = frozenset({4, 5})
# Where the week does not end on Saturday and Sunday; the holidays library knows the same.
WEEKENDS: dict[str, frozenset[int]] = dict.fromkeys(
    ("BD", "BH", "DZ", "EG", "IL", "IQ", "JO", "KW", "LY", "OM", "QA", "SA", "SD", "SY", "YE"),
    FRIDAY_SATURDAY,
)
MOST_DAYS = 400
"""So far a search for a working day goes; a calendar closed longer than a year has none."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The client's own closed days, both included."""

    from_on: date
    to_on: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """Whose days these are; pure: the same question has the same answer for ever."""

    country: str = ""
    subdivision: str = ""
    closed: tuple[Closed, ...] = ()

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        if day.weekday() in WEEKENDS.get(self.country, WEEKEND):
            return False
        if day in _public(self.country, self.subdivision, day.year):
            return False
        return not any(one.from_on <= day <= one.to_on for one in self.closed)

    def following(self, day: date) -> date:
        """This day, or the next working day after it."""
        return self._search(day, 1)

    def previous(self, day: date) -> date:
        """This day, or the last working day before it."""
        return self._search(day, -1)

    def _search(self, day: date, step: int) -> date:
        for count in range(MOST_DAYS):
            found = day + timedelta(days=count * step)
            if self.works(found):
                return found
        return day  # closed for more than a year: the day stands as it is

    def back(self, day: date, working_days: int) -> date:
        """So many working days before a day; 0 is the day itself."""
        found = day
        for _count in range(working_days):
            found = self.previous(found - timedelta(days=1))
        return found

    def nth(self, first: date, last: date, n: int) -> date:
        """The n-th working day of a span, the n-th from its end where n is negative.

        A span with fewer working days answers its last (or first) one.
        """
        step, start = (1, first) if n > 0 else (-1, last)
        found, left, day = start, abs(n), start
        while left and first <= day <= last:
            if self.works(day):
                found, left = day, left - 1
            day += timedelta(days=step)
        return found


@lru_cache(maxsize=4096)
def _public(country: str, subdivision: str, year: int) -> frozenset[date]:
    """The public holidays of a year; none for a country the library does not know."""
    if not country:
        return frozenset()
    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=[year])
    except NotImplementedError:
        return frozenset()
    return frozenset(day for day in found if day.year == year)


@lru_cache(maxsize=1)
def _supported() -> dict[str, list[str]]:
    return holidays.list_supported_countries(include_aliases=False)


def subdivisions(country: str) -> list[str]:
    """The codes of a country's parts that have holidays of their own."""
    return sorted(_supported().get(country, []))


def knows(country: str) -> bool:
    """Whether there are public holidays for a country."""
    return country in _supported()


def closed_days(rows: Iterable[tuple[date, date]]) -> tuple[Closed, ...]:
    """Spans of closed days as a calendar takes them."""
    return tuple(Closed(first, last) for first, last in rows)
