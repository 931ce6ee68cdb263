"""From events to the quantity of a period: sums, counts, greatest, latest, and held over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

ZERO = Decimal(0)
Kind = Literal["sum", "count", "unique", "max", "min", "latest", "average", "time_weighted"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One event: when, how much, and of what where uniques are counted."""

    at: datetime
    quantity: Decimal
    subject: str = ""


def aggregate(
    kind: Kind, events: Sequence[Seen], *, period: tuple[datetime, datetime], held: Decimal = ZERO
) -> Decimal:
    """The quantity of a period, its end not included; events outside of it do not count.

    `time_weighted` takes events as changes of what is held, from `held` on, and answers the mean
    over the period; no events make 0 for all other kinds.
    """
    start, end = period
    inside = [one for one in events if start <= one.at < end]
    if kind == "time_weighted":
        return _held_over_time(inside, period, held)
    if kind == "count":
        return Decimal(len(inside))
    if kind == "unique":
        return Decimal(len({one.subject for one in inside}))
    if not inside:
        return ZERO
    quantities = [one.quantity for one in inside]
    if kind == "sum":
        return sum(quantities, ZERO)
    if kind == "average":
        return sum(quantities, ZERO) / len(quantities)
    if kind == "latest":
        return max(enumerate(inside), key=lambda pair: (pair[1].at, pair[0]))[1].quantity
    return max(quantities) if kind == "max" else min(quantities)


def _held_over_time(
    events: Sequence[Seen], period: tuple[datetime, datetime], held: Decimal
) -> Decimal:
    """The mean of what was held, by microseconds, so that the sum is exact."""
    start, end = period
    area, at, level = 0 * held, start, held
    for one in sorted(events, key=lambda seen: seen.at):
        area += level * _microseconds(one.at - at)
        at, level = one.at, level + one.quantity
    area += level * _microseconds(end - at)
    return area / _microseconds(end - start)


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
