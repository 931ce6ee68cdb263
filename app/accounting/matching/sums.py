"""One line that pays several open items, and several lines that pay one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.accounting.matching import documents, references, scoring, subsets
from app.accounting.matching.prepared import Ready, Seen
from app.accounting.matching.values import OpenItem

PART_DAYS = 14
"""Lines that pay one item together lie at most so many days apart."""
_CHANCE = 0.001
"""A single choice may still be chance: above this many expected, it is not certain."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Open items that a line pays together, with what of each."""

    seen: Seen
    items: tuple[OpenItem, ...]
    amounts: tuple[int, ...]
    features: scoring.Features
    only: bool
    """Whether no other choice adds up and chance is ruled out."""
    cited: bool = False
    difference_minor: int = 0

    @property
    def odds(self) -> float:
        """The log odds of its features."""
        return scoring.log_odds(self.features)


def of_line(seen: Seen, ready: Ready) -> Iterator[Sum]:
    """The sums of open items that could be this line: those it cites, else those of its party."""
    cited = [
        item
        for item in ready.cited_items(seen)
        if abs(item.residual_minor) <= abs(seen.line.amount_minor) * 2
    ]
    by_party: dict[UUID, list[OpenItem]] = defaultdict(list)
    for item in cited:
        by_party[item.counterparty_id].append(item)
    found = False
    for items in by_party.values():
        one = _cited(seen, items, ready) if 2 <= len(items) <= subsets.LARGEST else None
        if one is not None:
            found = True
            yield one
    if found:
        return
    for party in ready.near(seen):
        yield from _of_party(seen, ready.by_party.get(party, ()), ready)


def _cited(seen: Seen, items: list[OpenItem], ready: Ready) -> Sum | None:
    """All items that the line names, where they make its amount but for a fee or discount."""
    total = sum(item.residual_minor for item in items)
    amount = seen.line.amount_minor
    if total != amount and not documents.is_explained(amount, total):
        return None
    hits = {references.hit(seen.references, ready.cited[item.key]) for item in items}
    features = _features(seen, items[0], ready)
    features["ref-digits" if "digits" in hits else "ref-exact"] = 1
    features["amount-equal" if total == amount else "amount-explained"] = 1
    items = sorted(items, key=_age)
    return Sum(
        seen,
        tuple(items),
        tuple(item.residual_minor for item in items),
        features,
        only=total == amount,
        cited=True,
        difference_minor=amount - total,
    )


def make_it_too(seen: Seen, item: OpenItem, ready: Ready) -> bool:
    """Whether several other items of an item's party make the line's amount as well."""
    items, _more = _searched(seen, ready.by_party.get(item.counterparty_id, ()))
    sizes = [abs(one.residual_minor) for one in items]
    return bool(subsets.choices(sizes, abs(seen.line.amount_minor), most=1))


def _searched(seen: Seen, listed: Sequence[OpenItem]) -> tuple[list[OpenItem], bool]:
    """The items that may be part of a line's sum, oldest first, and whether some were left out."""
    amount = seen.line.amount_minor
    items = [
        item
        for item in listed
        if item.currency == seen.line.currency
        and (item.residual_minor > 0) == (amount > 0)
        and abs(item.residual_minor) < abs(amount)
    ]
    return sorted(items, key=_age)[: subsets.LARGEST], len(items) > subsets.LARGEST


def _of_party(seen: Seen, listed: Sequence[OpenItem], ready: Ready) -> Iterator[Sum]:
    """The choices among what the party has open that make the amount exactly."""
    amount = seen.line.amount_minor
    items, more = _searched(seen, listed)
    sizes = [abs(item.residual_minor) for item in items]
    if len(items) < 2 or sum(sizes) < abs(amount):
        return
    chosen = subsets.choices(sizes, abs(amount))
    unlikely = subsets.by_chance(len(items), sum(sizes)) <= _CHANCE
    for places in chosen:
        some = [items[place] for place in places]
        features = _features(seen, some[0], ready) | {"amount-equal": 1.0}
        if any(
            references.cites_another(seen.references, ready.cited[item.key], ready.shapes)
            for item in some
        ):
            features["ref-another"] = 1
        if len(chosen) > 1:
            features["rival"] = 1
        yield Sum(
            seen,
            tuple(some),
            tuple(item.residual_minor for item in some),
            features,
            only=len(chosen) == 1 and unlikely and not more,
        )


def _features(seen: Seen, item: OpenItem, ready: Ready) -> scoring.Features:
    like = ready.parties.likeness(seen.line, seen.named, seen.said, item.counterparty_id)
    return {"start": 1.0, **documents.party_features(like)}


def _age(item: OpenItem) -> tuple[object, ...]:
    return item.due_on or item.booked_on, item.booked_on, item.entry_id, item.no


def of_item(lines: Iterable[Seen], ready: Ready) -> Iterator[Sum]:
    """Lines of one party within two weeks that make up one open item together, one Sum a line."""
    for party, group in _by_party(lines, ready).items():
        for item in ready.by_party.get(party, ()):
            yield from _parts(item, group, ready)


def _by_party(lines: Iterable[Seen], ready: Ready) -> Mapping[UUID, list[Seen]]:
    found: dict[UUID, list[Seen]] = defaultdict(list)
    for seen in lines:
        for party in ready.near(seen):
            found[party].append(seen)
    return {party: group for party, group in found.items() if len(group) > 1}


def _parts(item: OpenItem, group: list[Seen], ready: Ready) -> Iterator[Sum]:
    fitting = [
        seen
        for seen in sorted(group, key=lambda one: (one.line.booked_on, one.line.id))
        if seen.line.currency == item.currency
        and (seen.line.amount_minor > 0) == (item.residual_minor > 0)
        and abs(seen.line.amount_minor) < abs(item.residual_minor)
        and (seen.line.booked_on - item.booked_on).days >= -3
    ][: subsets.LARGEST]
    if len(fitting) < 2:
        return
    sizes = [abs(seen.line.amount_minor) for seen in fitting]
    chosen = [
        places
        for places in subsets.choices(sizes, abs(item.residual_minor), most=3)
        if _close([fitting[place] for place in places])
    ]
    if len(chosen) != 1:
        return
    for place in chosen[0]:
        seen = fitting[place]
        hit = references.hit(seen.references, ready.cited[item.key])
        features = _features(seen, item, ready) | {"amount-equal": 1.0}
        if hit:
            features[f"ref-{hit}"] = 1
        elif references.cites_another(seen.references, ready.cited[item.key], ready.shapes):
            features["ref-another"] = 1
        yield Sum(seen, (item,), (seen.line.amount_minor,), features, only=False, cited=bool(hit))


def _close(lines: Sequence[Seen]) -> bool:
    days = [seen.line.booked_on for seen in lines]
    return (max(days) - min(days)).days <= PART_DAYS
