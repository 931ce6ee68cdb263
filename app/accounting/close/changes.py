"""Which accounts moved unusually in a month: pure arithmetic over the months before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

BACK = 6
LEAST = 3
"""Months before that a usual amount is taken from, and how few are too few to say."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An account of income or expense with its movement by month, credit positive."""

    account_id: UUID
    code: str
    name: str
    type: str
    by_month: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Change:
    """An unusual movement: the month's, the usual one, both positive as earned or spent."""

    account_id: UUID
    code: str
    name: str
    type: str
    month_minor: int
    usual_minor: int

    @property
    def difference_minor(self) -> int:
        """How much more (or less) than usual."""
        return self.month_minor - self.usual_minor

    @property
    def percent(self) -> int | None:
        """The difference in whole percent of the usual amount; None where there is none."""
        if not self.usual_minor:
            return None
        return round_half_away(self.difference_minor * 100, abs(self.usual_minor))


def median(values: Sequence[int]) -> int:
    """The middle value; of an even number the mean of both middles, half away from zero.

    Raises ValueError for no values.
    """
    if not values:
        raise ValueError("no median of nothing")
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return round_half_away(ordered[middle - 1] + ordered[middle], 2)


def round_half_away(amount: int, by: int) -> int:
    """amount / by as a whole number, half away from zero; `by` is positive."""
    whole = (2 * abs(amount) + by) // (2 * by)
    return whole if amount >= 0 else -whole


def unusual(
    moved: Iterable[Moved], *, month: date, before: Sequence[date], percent: int, minor: int
) -> list[Change]:
    """Accounts that moved by more than both bounds against the median of the months before.

    `minor` is in base currency. Fewer than three months before say nothing, so none is unusual.
    The largest difference comes first.
    """
    if len(before) < LEAST:
        return []
    found = []
    for one in moved:
        sign = 1 if one.type == "income" else -1
        usual = sign * median([one.by_month.get(past, 0) for past in before])
        now = sign * one.by_month.get(month, 0)
        difference = abs(now - usual)
        if difference > minor and difference * 100 > abs(usual) * percent:
            found.append(Change(one.account_id, one.code, one.name, one.type, now, usual))
    return sorted(found, key=lambda change: (-abs(change.difference_minor), change.code))
