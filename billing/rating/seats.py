"""Seats that come and go within a period, priced by graduated tiers and the days they were held."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from billing.rating.models import Event
from billing.rating.price import ZERO, Tier


def prorated(tiers: Sequence[Tier], events: Sequence[Event]) -> Decimal:
    """What changes of a number of seats come to; never less than nothing.

    Each change (its `quantity`, negative for seats given back) moves along the tiers from where
    the one before left off, at the price of the tier it crosses, times the share of the period
    that it counts for. A tier's fee is due once it was entered, the first one's in any case.
    """
    amount, held, top = ZERO, ZERO, 0
    for event in events:
        after = held + event.quantity
        for number, (low, high, tier) in enumerate(_bounds(tiers)):
            inside = _within(after, low, high) - _within(held, low, high)
            if inside:
                amount += inside * event.share * (tier.unit or ZERO)
                top = max(top, number)
        held = after
    fees = sum((tier.flat or ZERO for tier in tiers[: top + 1]), ZERO)
    return max(amount + fees, ZERO)


def _bounds(tiers: Sequence[Tier]) -> list[tuple[Decimal | None, Decimal | None, Tier]]:
    """The tiers with what they begin after; the first one reaches below nothing."""
    found: list[tuple[Decimal | None, Decimal | None, Tier]] = []
    low: Decimal | None = None
    for tier in tiers:
        found.append((low, tier.up_to, tier))
        low = tier.up_to
    return found


def _within(quantity: Decimal, low: Decimal | None, high: Decimal | None) -> Decimal:
    """How much of a quantity lies between two bounds, counted from nothing."""
    top = quantity if high is None else min(quantity, high)
    return top if low is None else max(top, low) - low
