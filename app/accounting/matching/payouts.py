"""Payouts of card processors: the takings of some days, open or booked, less the fee."""

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
from app.accounting.matching.values import Entry, FeePast, Line, OpenItem

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
_EXACT = 0.0005
"""Where some of the days were paid otherwise, the fee must be the usual share so exactly."""
_PARTLY_DAYS = 7
_PARTLY_ITEMS = 40
_PARTLY_WINDOWS = 40
"""Some items are left out only of so short windows with so few items, so many of them a line."""
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
class Taking:
    """What was sold: an open item, or an entry on the bank's account that waits for its line."""

    on: date
    minor: int
    item: OpenItem | None = None
    entry: Entry | None = None

    @property
    def key(self) -> tuple[UUID, int]:
        """What it is told apart by; an entry has no posting of its own."""
        return self.item.key if self.item else (self.entry.id if self.entry else UUID(int=0), 0)


@dataclass(frozen=True, slots=True)
class Payout:
    """A line as a processor's payout of items or of entries; the fee is what they leave."""

    seen: Seen
    processor: str
    takings: tuple[Taking, ...]
    fee_minor: int
    features: scoring.Features
    fee: FeePast | None

    @property
    def items(self) -> tuple[OpenItem, ...]:
        """The open items that are paid."""
        return tuple(one.item for one in self.takings if one.item)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries that the line is, less the fee."""
        return tuple(one.entry for one in self.takings if one.entry)

    @property
    def odds(self) -> float:
        """The log odds of its features."""
        return scoring.log_odds(self.features)


def processor(line: Line) -> str | None:
    """The card processor that a line of money in names, as it is called; None for others."""
    if line.amount_minor <= 0:
        return None
    return named_processor(f"{line.counterparty or ''} {line.text}")


def named_processor(said: str) -> str | None:
    """The card processor that a text names, as it is called; None where it names none."""
    for word in texts.words(texts.fold(said)):
        if word in _PROCESSORS:
            return _PROCESSORS[word]
    return None


def fee_of(coding: Coding, net_minor: int) -> FeePast | None:
    """The fee in how a payout of so much was coded: the one part against it; None without one."""
    fees = [part for part in coding.parts if part.amount_minor > 0]
    if len(fees) != 1 or fees[0].counterparty_id is not None or net_minor <= 0:
        return None
    one = fees[0]
    share = one.amount_minor / (net_minor + one.amount_minor)
    return FeePast(one.account_id, share, one.tax_code, one.dim1_id, one.dim2_id)


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
    """Takings by day with the sums up to each place."""

    takings: Sequence[Taking]
    days: Sequence[date]
    known: Sequence[date]
    sums: Sequence[int]

    @classmethod
    def of(cls, takings: Iterable[Taking]) -> _Days:
        listed = sorted(takings, key=lambda one: (one.on, one.key))
        return cls(
            listed,
            [one.on for one in listed],
            sorted({one.on for one in listed}),
            [0, *accumulate(one.minor for one in listed)],
        )

    def windows(self, line: Line, longest: int = LONGEST) -> Iterator[tuple[int, int]]:
        """From and to places of whole days before a line, the shortest that end last first."""
        first = bisect_left(self.known, line.booked_on - timedelta(days=LATEST))
        known = self.known[first : bisect_right(self.known, line.booked_on)]
        for end in reversed(range(len(known))):
            to = bisect_right(self.days, known[end])
            for start in reversed(range(end + 1)):
                place = bisect_left(self.days, known[start])
                if (known[end] - known[start]).days >= longest or to - place > MOST_ITEMS:
                    break
                yield place, to


def of_lines(
    lines: Iterable[Seen],
    ready: Ready,
    fees: Mapping[str, Sequence[FeePast]],
    claimed: Collection[object],
) -> Iterator[Payout]:
    """The payouts among lines: of open items, or of entries that wait on the bank's account.

    What is claimed for certain by another line is in none of them: keys of items, ids of entries.
    """
    kept: dict[object, _Days] = {}
    for seen in lines:
        name, line = processor(seen.line), seen.line
        if name is None:
            continue
        before = usual(fees.get(line.party_key or "", ()))
        own = frozenset(party for party in ready.near(seen) if ready.by_party.get(party))
        key: object = (own, line.currency)
        if key not in kept:
            every = (one for party in own or ready.by_party for one in ready.by_party[party])
            kept[key] = _Days.of(
                Taking(one.booked_on, one.residual_minor, item=one)
                for one in every
                if _may_be_paid(one, line.currency) and one.key not in claimed
            )
        yield from _of_line(seen, name, kept[key], before, named=bool(own))
        key = (line.account_id, line.currency, name)
        if key not in kept:
            kept[key] = _Days.of(_booked(ready, line, name, claimed))
        yield from _of_line(seen, name, kept[key], before, named=True)


def _may_be_paid(item: OpenItem, currency: str) -> bool:
    return item.currency == currency and item.residual_minor > 0 and item.control == "receivable"


def _booked(ready: Ready, line: Line, name: str, claimed: Collection[object]) -> Iterator[Taking]:
    """Takings booked on the bank's account before the money came; they name the processor."""
    for (account, amount), listed in ready.entries.items():
        if account != line.account_id or amount <= 0:
            continue
        for one in listed:
            if one.currency == line.currency and one.id not in claimed and _names(one, name):
                yield Taking(one.booked_on, amount, entry=one)


def _names(entry: Entry, name: str) -> bool:
    return named_processor(" ".join((entry.description, *entry.parties))) == name


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
        found.append(Payout(seen, name, tuple(among.takings[place:to]), fee, features, before))
    if not any("payout-fee-usual" in one.features for one in found):
        found += _partly(seen, name, among, before, named=named)
    found.sort(key=lambda one: -one.odds)
    close = sum(one.odds >= found[0].odds - 1 for one in found) if found else 0
    for one in found[:MOST]:
        if close > 1:
            one.features["rival"] = 0.5
        yield one


def _partly(
    seen: Seen, name: str, among: _Days, before: FeePast | None, *, named: bool
) -> Iterator[Payout]:
    """Days of which one or two takings were paid otherwise; only where the fee's share is known."""
    if before is None or not 0 <= before.share < _FEE_SHARE:
        return
    net = seen.line.amount_minor
    gross = round(net / (1 - before.share))
    near = max(round(gross * _EXACT), 1)
    told: set[tuple[tuple[UUID, int], ...]] = set()
    windows = list(among.windows(seen.line, _PARTLY_DAYS))[:_PARTLY_WINDOWS]
    for place, to in windows:
        over = among.sums[to] - among.sums[place] - gross
        if over <= near or to - place > _PARTLY_ITEMS:
            continue
        some = among.takings[place:to]
        for out in _left_out([one.minor for one in some], over, near):
            kept = tuple(one for number, one in enumerate(some) if number not in out)
            fee = sum(one.minor for one in kept) - net
            key = tuple(one.key for one in kept)
            if fee <= 0 or not kept or key in told:
                continue
            told.add(key)
            features = _features(fee / (fee + net), before, named=named) | {"payout-some": 1}
            yield Payout(seen, name, kept, fee, features, before)


def _left_out(sizes: Sequence[int], over: int, near: int) -> Iterator[frozenset[int]]:
    """The single places, then the pairs, whose sizes make up `over` give or take `near`."""
    order = sorted(range(len(sizes)), key=lambda place: sizes[place])
    ordered = [sizes[place] for place in order]
    for at in range(bisect_left(ordered, over - near), bisect_right(ordered, over + near)):
        yield frozenset((order[at],))
    for one, size in enumerate(ordered):
        rest = over - size
        first = max(bisect_left(ordered, rest - near), one + 1)
        for at in range(first, bisect_right(ordered, rest + near)):
            yield frozenset((order[one], order[at]))


def _features(share: float, before: FeePast | None, *, named: bool) -> scoring.Features:
    features: scoring.Features = {"payout-start": 1}
    if named:
        features["payout-own"] = 1
    if before is not None:
        near = abs(share - before.share) <= _USUAL
        features["payout-fee-usual" if near else "payout-fee-unusual"] = 1
    return features
