"""What balances, signs and dates of a table prove: the sign of amounts and the way rows run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

Step = tuple[Decimal, Decimal]
"""Amount and balance of one row."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How many of `pairs` neighbours agree for each sign and direction."""

    pairs: int
    oldest_plus: int
    oldest_minus: int
    newest_plus: int
    newest_minus: int

    @property
    def best(self) -> tuple[int, bool, int]:
        """Sign, whether the newest row comes first, and how many neighbours say so."""
        ranked = (
            (self.oldest_plus, 1, False),
            (self.newest_plus, 1, True),
            (self.oldest_minus, -1, False),
            (self.newest_minus, -1, True),
        )
        most, sign, newest = max(ranked, key=lambda one: one[0])
        return sign, newest, most

    @property
    def holds(self) -> bool:
        """Whether nearly all neighbours agree on one reading and at least two do."""
        most = self.best[2]
        return most >= 2 and most * 10 >= self.pairs * 9

    def agreeing(self, sign: int) -> int:
        """The most neighbours that agree with a sign in either direction."""
        if sign > 0:
            return max(self.oldest_plus, self.newest_plus)
        return max(self.oldest_minus, self.newest_minus)


def chain(groups: Iterable[Sequence[Step]]) -> Proof:
    """Compare each balance with its neighbour's: the difference must be an amount."""
    counted = [0, 0, 0, 0, 0]
    for steps in groups:
        for (first, before), (second, after) in pairwise(steps):
            if not first and not second:
                continue
            moved = after - before
            counted[0] += 1
            counted[1] += moved == second
            counted[2] += moved == -second
            counted[3] += moved == -first
            counted[4] += moved == first
    return Proof(*counted)


def runs(days: Sequence[date]) -> bool | None:
    """Whether the newest day comes first; None where days do not say."""
    down = sum(1 for one, after in pairwise(days) if after < one)
    up = sum(1 for one, after in pairwise(days) if after > one)
    if down == up:
        return None
    return down > up


def sorted_share(days: Sequence[date]) -> float:
    """How nearly days are in one order: 1 where every neighbour runs the same way."""
    down = sum(1 for one, after in pairwise(days) if after < one)
    up = sum(1 for one, after in pairwise(days) if after > one)
    return max(up, down) / (up + down) if up + down else 1.0
