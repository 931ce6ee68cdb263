"""Whether days of a file are written month first or day first, proven over all of them."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from connectors.catalog.bank.statement import Notes, StatementRefused, _

_NUMBERS = re.compile(r"\s*(\d{1,4})\s*([./'-])\s*(\d{1,2})\s*([./'-])\s*(\d{1,4})", re.ASCII)
_PACKED = re.compile(r"\s*(\d{4})(\d\d)(\d\d)\s*\Z", re.ASCII)
ORDERS = ("mdy", "dmy", "ymd")


@dataclass(frozen=True, slots=True)
class Written:
    """A day as three numbers in the order they are written; `late` says that `'` marks 20xx."""

    numbers: tuple[str, str, str]
    late: bool
    point: bool
    line: int


@lru_cache(maxsize=4096)
def _cut(text: str) -> tuple[tuple[str, str, str], bool, bool] | None:
    """The numbers of a day, whether `'` stands before the last, whether a point parts them."""
    packed = _PACKED.match(text)
    if packed:
        return (packed[1], packed[2], packed[3]), False, False
    found = _NUMBERS.match(text)
    if found is None:
        return None
    return (found[1], found[3], found[5]), found[4] == "'", found[2] == "."


def written(text: str, line: int) -> Written:
    """The three numbers of a day; raises StatementRefused where there are no such."""
    found = _cut(text)
    if found is None:
        raise StatementRefused(
            "date-invalid", _("“%(text)s” is not a date.", text=text.strip()[:40]), line=line
        )
    return Written(*found, line)


def ymd(day: Written, order: str) -> tuple[int, int, int]:
    """Year, month and day in an order; two digits of a year are 1980 to 2079."""
    return _ordered(day.numbers, day.late, order)


@lru_cache(maxsize=4096)
def _ordered(numbers: tuple[str, str, str], late: bool, order: str) -> tuple[int, int, int]:
    parts = dict(zip(order, numbers, strict=True))
    year = int(parts["y"])
    if len(parts["y"]) <= 2:
        year += 2000 if late or year < 80 else 1900
    return year, int(parts["m"]), int(parts["d"])


@lru_cache(maxsize=4096)
def _fits(numbers: tuple[str, str, str], late: bool, order: str) -> bool:
    parts = dict(zip(order, numbers, strict=True))
    if len(parts["m"]) > 2 or len(parts["d"]) > 2 or len(parts["y"]) == 3:
        return False
    if order == "ymd" and len(parts["y"]) != 4:
        return False
    year, month, day = _ordered(numbers, late, order)
    return (
        1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
    )


def order_of(days: Sequence[Written], notes: Notes) -> str:
    """The one order in which every day is a day; refused where none is.

    Where two are left, the one in which the days stand sorted is taken, then the one whose days
    lie closer together, then the point's (day first), else month first; that is warned.
    """
    left = list(ORDERS)
    for day in days:
        fitting = [order for order in left if _fits(day.numbers, day.late, order)]
        if not fitting:
            raise StatementRefused(
                "date-order-contradicts",
                _(
                    "“%(text)s” is no day in the order of the days before it."
                    " Export the file again with one way of writing days.",
                    text="/".join(day.numbers),
                ),
                line=day.line,
            )
        left = fitting
    if len(left) == 1 or not days:
        return left[0]
    best = min(left, key=lambda order: _weight(days, order))
    if any(ymd(day, left[0]) != ymd(day, left[1]) for day in days):
        notes.warn(
            "date-order-guessed",
            _(
                "No day says whether its month or its day is written first; %(order)s was taken.",
                order="/".join(best).upper(),
            ),
            line=days[0].line,
        )
    return best


def _weight(days: Sequence[Written], order: str) -> tuple[bool, int, bool]:
    made = [ymd(day, order) for day in days]
    turned = made == sorted(made) or made == sorted(made, reverse=True)
    first, last = min(made), max(made)
    span = (last[0] - first[0]) * 372 + (last[1] - first[1]) * 31 + last[2] - first[2]
    likely = "dmy" if days[0].point else "mdy"
    return not turned, span, order != likely
