"""Open items in another currency than the line's: plausible by rates, cited or of the party."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from app.accounting.matching import fees, references, scoring
from app.accounting.matching.documents import Pair, date_features, party_features
from app.accounting.matching.prepared import Ready, Seen
from app.accounting.matching.values import OpenItem
from app.kernel import money

RATE_DAYS = 31
"""An older rate says nothing of the day."""
DAY_SHARE = Decimal("0.03")
"""Banks and cards keep up to about three percent when they change money."""
BOOKED_SHARE = Decimal("0.10")
"""Without a rate of the day: so far a rate moves within the months an item is open."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What one unit of a currency was worth in the base currency, by day."""

    base: str = ""
    kept: Mapping[str, Sequence[tuple[date, Decimal]]] = field(default_factory=dict)
    """Oldest first."""
    fee_usual: bool = False
    """Whether the bank kept a fee beside such items before."""

    def on(self, currency: str, day: date) -> Decimal | None:
        """The rate of the day or the last one before it, at most RATE_DAYS old."""
        if currency == self.base:
            return Decimal(1)
        known = self.kept.get(currency, ())
        place = bisect_right(known, day, key=lambda one: one[0])
        if not place or (day - known[place - 1][0]).days > RATE_DAYS:
            return None
        return known[place - 1][1]

    def in_base(self, amount_minor: int, currency: str, day: date) -> int | None:
        """An amount in minor units of the base currency; None where no rate is known."""
        rate = self.on(currency, day)
        if rate is None:
            return None
        shift = money.exponent(self.base) - money.exponent(currency)
        return money.round_half_up((Decimal(amount_minor) * rate).scaleb(shift))


def pairs(seen: Seen, ready: Ready, rates: Rates) -> Iterator[Pair]:
    """The items of other currencies that a line could pay wholly: cited, or of its party.

    Nothing is said where the line's own worth in base currency is not known, since it could not
    be booked. An equal worth alone is no reason: a number or the party must speak for it.
    """
    if not rates.base:
        return
    line = seen.line
    worth = rates.in_base(line.amount_minor, line.currency, line.booked_on)
    if not worth:
        return
    candidates = _candidates(seen, ready).values()
    whole = [pair for item in candidates if (pair := _pair(seen, item, ready, rates, worth))]
    less = [pair for item in candidates if (pair := _less_fee(seen, item, ready, rates, worth))]
    for found in (whole, less):
        open_ = sum(pair.hit is None for pair in found)
        for pair in found:
            if pair.hit is None:
                pair.with_rivals(len(found) - 1 if open_ else 0)
            yield pair


def _less_fee(seen: Seen, item: OpenItem, ready: Ready, rates: Rates, worth: int) -> Pair | None:
    """The same with the bank's fee beside: one the line tells, or what the day's rate leaves.

    Only for lines in base currency: there the fee and what the item is worth add up to the line.
    """
    if seen.line.currency != rates.base:
        return None
    fee = fees.told(seen.line)
    by = "fx-fee-told"
    if not fee:
        expected = rates.in_base(item.residual_minor, item.currency, seen.line.booked_on)
        fee = fees.left(worth, expected) if expected else 0
        by = "fx-fee-left"
    pair = _pair(seen, item, ready, rates, worth + fee) if fee else None
    if pair is None:
        return None
    features = {**pair.features, by: 1.0}
    if rates.fee_usual:
        features["fx-fee-usual"] = 1
    return replace(pair, features=features, fit="exchanged", fee_minor=fee)


def _candidates(seen: Seen, ready: Ready) -> dict[tuple[UUID, int], OpenItem]:
    line = seen.line
    cited = ready.cited_items(seen, foreign=True)
    of_party = (item for party in ready.near(seen) for item in ready.foreign_of(party, line))
    return {item.key: item for item in (*cited, *of_party)}


def _pair(seen: Seen, item: OpenItem, ready: Ready, rates: Rates, worth: int) -> Pair | None:
    hit = references.hit(seen.references, ready.cited[item.key])
    like = ready.parties.likeness(seen.line, seen.named, seen.said, item.counterparty_id)
    fit = _fit(item, worth, rates.in_base(item.residual_minor, item.currency, seen.line.booked_on))
    if fit is None or not (hit or like.same) or (fit == "fx-near" and not hit):
        return None
    features: scoring.Features = {"start": 1, fit: 1}
    if hit:
        features[f"ref-{hit}"] = 1
    elif references.cites_another(seen.references, ready.cited[item.key], ready.shapes):
        features["ref-another"] = 1
    features |= party_features(like)
    features |= date_features(seen.line.booked_on, item.booked_on, item.due_on)
    named = hit in ("structured", "exact")
    return Pair(
        seen,
        ("item", item.entry_id, item.no),
        features,
        "equal" if named and fit == "fx-booked" else "exchanged",
        item=item,
        hit=hit,
        evidence=named,
        same_party=like.same,
        exchange_minor=worth - item.residual_base_minor,
        base_currency=rates.base,
    )


def _fit(item: OpenItem, worth: int, expected: int | None) -> str | None:
    """How the worth of a line and an item go together: as booked, by the day's rate, about."""
    booked = item.residual_base_minor
    if (worth > 0) != (item.residual_minor > 0) or not booked:
        return None
    if worth == booked:
        return "fx-booked"
    if expected:
        return "fx-day" if abs(worth - expected) <= abs(expected) * DAY_SHARE else None
    return "fx-near" if abs(worth - booked) <= abs(booked) * BOOKED_SHARE else None
