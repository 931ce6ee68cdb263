"""Payouts of card processors: the open items of some days, less the processor's fee."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from statistics import median
from uuid import UUID

from app.accounting.coding import Coding
from app.accounting.matching import scoring
from app.accounting.matching import text as texts
from app.accounting.matching.prepared import Ready, Seen
from app.accounting.matching.values import FeePast, Line, OpenItem

LATEST = 35
"""A payout covers what was sold in the five weeks before it."""
LONGEST = 14
"""Processors pay out daily, weekly or every fortnight."""
MOST_ITEMS = 90
MOST = 2
"""So many windows of days are named."""
_FEE_SHARE = 0.06
_FEE_EACH = 50
"""A fee is at most 6 % and 0.50 an item."""
_USUAL = 0.005
_NEWEST = 20
_PROCESSORS = {
    "stripe": "Stripe",
    "paypal": "PayPal",
    "sumup": "SumUp",
    "square": "Square",
    "squareup": "Square",
    "adyen": "Adyen",
    "mollie": "Mollie",
    "klarna": "Klarna",
    "zettle": "Zettle",
    "izettle": "Zettle",
    "worldpay": "Worldpay",
    "payone": "Payone",
    "shopify": "Shopify",
}


@dataclass(frozen=True, slots=True)
class Payout:
    """A line as a processor's payout of these items; the fee is what they leave."""

    seen: Seen
    processor: str
    items: tuple[OpenItem, ...]
    fee_minor: int
    features: scoring.Features
    fee: FeePast | None

    @property
    def odds(self) -> float:
        """The log odds of its features."""
        return scoring.log_odds(self.features)


def processor(line: Line) -> str | None:
    """The card processor that a line of money in names, as it is called; None for others."""
    if line.amount_minor <= 0:
        return None
    for word in texts.words(texts.fold(f"{line.counterparty or ''} {line.text}")):
        if word in _PROCESSORS:
            return _PROCESSORS[word]
    return None


def fee_of(coding: Coding) -> FeePast | None:
    """The fee in how a payout was coded: the one part against the others; None without one."""
    fees = [part for part in coding.parts if part.amount_minor > 0]
    gross = -sum(part.amount_minor for part in coding.parts if part.amount_minor < 0)
    if len(fees) != 1 or fees[0].counterparty_id is not None or gross <= 0:
        return None
    one = fees[0]
    return FeePast(one.account_id, one.amount_minor / gross, one.tax_code, one.dim1_id, one.dim2_id)


def usual(past: Sequence[FeePast]) -> FeePast | None:
    """Where the newest fees went most often, with their usual share of the gross."""
    newest = past[:_NEWEST]
    if not newest:
        return None
    (where, _times), *_rest = Counter(one.where for one in newest).most_common(1)
    share = median(one.share for one in newest if one.where == where)
    return FeePast(where[0], share, *where[1:])


@dataclass(frozen=True, slots=True)
class _Days:
    """Items by day with the sums up to each place."""

    items: Sequence[OpenItem]
    days: Sequence[date]
    known: Sequence[date]
    sums: Sequence[int]

    @classmethod
    def of(cls, items: Iterable[OpenItem]) -> _Days:
        listed = sorted(items, key=lambda one: (one.booked_on, one.entry_id, one.no))
        return cls(
            listed,
            [one.booked_on for one in listed],
            sorted({one.booked_on for one in listed}),
            [0, *accumulate(one.residual_minor for one in listed)],
        )

    def windows(self, line: Line) -> Iterator[tuple[int, int]]:
        """From and to places of whole days before a line, the shortest that end last first."""
        first = bisect_left(self.known, line.booked_on - timedelta(days=LATEST))
        known = self.known[first : bisect_right(self.known, line.booked_on)]
        for end in reversed(range(len(known))):
            to = bisect_right(self.days, known[end])
            for start in reversed(range(end + 1)):
                place = bisect_left(self.days, known[start])
                if (known[end] - known[start]).days >= LONGEST or to - place > MOST_ITEMS:
                    break
                yield place, to


def of_lines(
    lines: Iterable[Seen],
    ready: Ready,
    fees: Mapping[str, Sequence[FeePast]],
    claimed: Collection[tuple[UUID, int]],
) -> Iterator[Payout]:
    """The payouts among lines; what is claimed for certain by another line is in none of them."""
    kept: dict[tuple[frozenset[UUID], str], _Days] = {}
    for seen in lines:
        name, line = processor(seen.line), seen.line
        if name is None:
            continue
        own = frozenset(party for party in ready.near(seen) if ready.by_party.get(party))
        key = own, line.currency
        if key not in kept:
            every = (one for party in own or ready.by_party for one in ready.by_party[party])
            kept[key] = _Days.of(
                one for one in every if _may_be_paid(one, line.currency) and one.key not in claimed
            )
        before = usual(fees.get(line.party_key or "", ()))
        yield from _of_line(seen, name, kept[key], before, named=bool(own))


def _may_be_paid(item: OpenItem, currency: str) -> bool:
    return item.currency == currency and item.residual_minor > 0 and item.control == "receivable"


def _of_line(
    seen: Seen, name: str, among: _Days, before: FeePast | None, *, named: bool
) -> Iterator[Payout]:
    net = seen.line.amount_minor
    found: list[Payout] = []
    for place, to in among.windows(seen.line):
        fee = among.sums[to] - among.sums[place] - net
        if not 0 < fee <= (fee + net) * _FEE_SHARE + _FEE_EACH * (to - place):
            continue
        features = _features(fee / (fee + net), before, named=named)
        found.append(Payout(seen, name, tuple(among.items[place:to]), fee, features, before))
    found.sort(key=lambda one: -one.odds)
    close = sum(one.odds >= found[0].odds - 1 for one in found) if found else 0
    for one in found[:MOST]:
        if close > 1:
            one.features["rival"] = 0.5
        yield one


def _features(share: float, before: FeePast | None, *, named: bool) -> scoring.Features:
    features: scoring.Features = {"payout-start": 1}
    if named:
        features["payout-own"] = 1
    if before is not None:
        near = abs(share - before.share) <= _USUAL
        features["payout-fee-usual" if near else "payout-fee-unusual"] = 1
    return features
