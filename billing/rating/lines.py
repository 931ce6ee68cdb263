"""Lines of an invoice as rating makes them, and the one place where they are rounded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Literal

from billing.rating.price import HUNDRED, ONE, ZERO

Kind = Literal["usage", "flat", "sum", "minimum"]


@dataclass(frozen=True, slots=True)
class Line:
    """One part of what a price comes to, in major units of the currency.

    `part` names the component in a way that stays the same from rating to rating (`tier-2-usage`),
    so that a later rating can be compared with what was billed.
    """

    part: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    kind: Kind = "usage"
    discount: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """What is to be paid of it."""
        return self.amount - self.discount


@dataclass(frozen=True, slots=True)
class Rounder:
    """How amounts are rounded: to so many places of the currency; None rounds nothing."""

    places: int | None = 2
    half: Literal["up", "even"] = "up"

    def __call__(self, amount: Decimal) -> Decimal:
        """The amount as it is billed."""
        if self.places is None:
            return amount
        mode = ROUND_HALF_UP if self.half == "up" else ROUND_HALF_EVEN
        return amount.quantize(ONE.scaleb(-self.places), rounding=mode)


def usage(part: str, quantity: Decimal, unit_price: Decimal) -> Line:
    """So many at so much."""
    return Line(part, quantity, unit_price, quantity * unit_price)


def flat(part: str, amount: Decimal) -> Line:
    """A fee."""
    return Line(part, ONE, amount, amount, "flat")


def rounded(lines: Iterable[Line], rounder: Rounder) -> list[Line]:
    """Lines with their amounts rounded, each by itself: their sum is the total, to the cent."""
    return [
        replace(one, amount=rounder(one.amount), discount=rounder(one.discount)) for one in lines
    ]


def discounted(lines: Iterable[Line], percent: Decimal) -> list[Line]:
    """Lines with so many percent off."""
    return [replace(one, discount=one.discount + one.amount * percent / HUNDRED) for one in lines]


def capped(lines: Iterable[Line], maximum: Decimal, billed: Decimal) -> list[Line]:
    """Lines of which what lies above the period's maximum is taken off, from the last one back."""
    found = list(lines)
    over = max(total(found) + billed - maximum, ZERO)
    for place in reversed(range(len(found))):
        off = min(over, max(found[place].total, ZERO))
        if off:
            found[place] = replace(found[place], discount=found[place].discount + off)
        over -= off
    return found


def total(lines: Iterable[Line]) -> Decimal:
    """What lines come to."""
    return sum((one.total for one in lines), ZERO)
