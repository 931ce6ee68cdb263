"""The billing cycles of a subscription: boundaries aligned to a day of the month, and shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from billing.periods import lengths
from billing.periods.lengths import Length

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Cycle:
    """Cycles of one length whose boundaries lie on one day of the month.

    The first boundary is the first such day on or after the start, in steps of the length from the
    start's own month; what lies before it is a short first period. Lengths in days have no day of
    the month: their first boundary is the start itself. Periods are half-open.
    """

    start: date
    length: Length
    billing_day: int

    @property
    def first(self) -> date:
        """The first boundary."""
        if self.length.unit == "day":
            return self.start
        found = lengths.clamped(self.start.year, self.start.month, self.billing_day)
        n = 0
        while found < self.start:
            n += 1
            found = lengths.moved(
                self.start.replace(day=1), self.length, n, anchor_day=self.billing_day
            )
        return found

    def boundary(self, n: int) -> date:
        """The n-th boundary from the first one, which is 0; before it with a negative n."""
        return lengths.moved(self.first, self.length, n, anchor_day=self.billing_day)

    def number(self, day: date) -> int:
        """Which boundary is the last one on or before a date: -1 before the first one."""
        first = self.first
        if self.length.unit == "day":
            return max((day - first).days // self.length.count, -1)
        months = (day.year - first.year) * 12 + day.month - first.month
        n = max(months // self.length.count, -1)
        return n if n < 0 or self.boundary(n) <= day else n - 1

    def after(self, day: date) -> date:
        """The first boundary after a date."""
        return self.boundary(self.number(day) + 1)

    def from_(self, day: date) -> date:
        """The first boundary on or after a date."""
        return self.after(day - timedelta(days=1))

    def upto(self, day: date) -> date | None:
        """The last boundary on or before a date; None where there is none yet."""
        n = self.number(day)
        return None if n < 0 else self.boundary(n)

    def containing(self, day: date) -> tuple[date, date]:
        """The period in which a date lies; the first one for a date before the start."""
        day = max(day, self.start)
        return (self.upto(day) or self.start, self.after(day))

    def elapsed(self, day: date) -> int:
        """How many boundaries came after the start and until a date."""
        return max(self.number(day) + (self.first > self.start), 0)


def cycles_in_advance(
    cycle: Cycle, *, end: date | None, target: date, aligned: bool = False
) -> list[Decimal]:
    """The cycles that are billed in advance until a target date, in order: 1, or a share by days.

    A part is a share of the whole period around it. The one before the first boundary is measured
    back from it by one length (from 28 February to 28 January); `aligned` measures it by the
    billing day instead (to 31 January).
    """
    if target < cycle.start or (end is not None and end <= cycle.start):
        return []
    first = cycle.first
    billed: list[Decimal] = []
    if first > cycle.start:
        back = cycle.boundary(-1) if aligned else lengths.moved(first, cycle.length, -1)
        stop = first if end is None else min(first, end)
        billed.append(Decimal((stop - cycle.start).days) / (first - back).days)
    n = 0
    while (begin := cycle.boundary(n)) <= target and (end is None or begin < end):
        close = cycle.boundary(n + 1)
        if end is not None and end < close:
            return [*billed, Decimal((end - begin).days) / (close - begin).days]
        billed.append(ONE)
        n += 1
    return billed


def billed_until(cycle: Cycle, *, end: date | None, target: date, arrears: bool) -> date:
    """The date until which periods are billed on a target date; the start where none is yet.

    In arrears the last boundary reached, or the end where that is reached; in advance the end of
    the period that the target date lies in, or of the subscription.
    """
    if not arrears:
        until = cycle.start if target < cycle.start else cycle.after(target)
        return until if end is None else min(until, end)
    if end is not None and end <= target:
        return end
    return cycle.upto(target) or cycle.start
