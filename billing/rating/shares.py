"""Shares of a period: how much of a fee a part of it bears, under each contract's convention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from billing.rating.price import ONE, ZERO, PriceRefused

Basis = Literal["actual", "30/360", "none", "full"]
MONTH, YEAR = 30, 360


@dataclass(frozen=True, slots=True)
class Proration:
    """How a contract counts days.

    `actual` counts them as they are, `30/360` gives every month thirty; `none` bills nothing of a
    period that is not whole, `full` all of it. `inclusive` counts the last day of part and period
    too, where their ends are written as their last days.
    """

    basis: Basis = "actual"
    inclusive: bool = False


def days(start: date, end: date, proration: Proration) -> int:
    """Days from one date to another under a convention."""
    more = 1 if proration.inclusive else 0
    if proration.basis != "30/360":
        return (end - start).days + more
    # 30E/360 (ISDA 2006 section 4.16 g): the 31st counts as the 30th at both ends, so that the
    # parts of a period add up to it wherever it is cut
    first, last = min(start.day, MONTH), min(end.day, MONTH)
    months = (end.year - start.year) * 12 + end.month - start.month
    return months * MONTH + last - first + more


def share(part: tuple[date, date], period: tuple[date, date], proration: Proration) -> Decimal:
    """The part of a period's fee that a part of it bears: 0 to 1.

    Raises PriceRefused where the part does not lie in the period or the period is empty.
    """
    whole = days(*period, proration)
    if whole <= 0 or not period[0] <= part[0] <= part[1] <= period[1]:
        raise PriceRefused("part-outside", "period")
    if part == period or proration.basis == "full":
        return ONE
    if proration.basis == "none":
        return ZERO
    return Decimal(days(*part, proration)) / whole


def capped_credit(credit: Decimal, *, paid: Decimal, credited: Decimal) -> Decimal:
    """A credit that with the earlier ones is never above what was paid, and never below nothing."""
    return max(min(credit, paid - credited), ZERO)
