"""From lines and what is known of a client to suggestions, best first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from app.accounting.matching import (
    answers,
    assign,
    coded,
    documents,
    fees,
    foreign,
    groups,
    payouts,
    ranking,
    rules,
    scoring,
    sums,
)
from app.accounting.matching.documents import Pair
from app.accounting.matching.prepared import Known, Ready, Seen
from app.accounting.matching.values import FeePast, Line, Suggestion

_EQUAL = 1.5
"""Pairs within these log odds of each other are rivals."""
_BETTER = 3.0
"""Who has so much better a place elsewhere is no rival here."""
_AFLOAT = 12.0
"""Added to log odds, so that an assignment pays whenever a pair is possible at all."""
_FEW_LINES = 20


def suggest(
    lines: Sequence[Line], known: Known, *, beside: Sequence[Line] = ()
) -> dict[UUID, tuple[Suggestion, ...]]:
    """Up to nine suggestions for each line, best first.

    `beside` are other lines to do, which compete for the same documents but get no answer. What is
    `certain` names each open item, entry and opposite line once over all lines.
    """
    ready = Ready.of(known)
    rates = foreign.Rates(known.base, known.rates, fee_usual=bool(known.fees_abroad))
    seen = [Seen.of(line) for line in (*lines, *beside)]
    asked = seen[: len(lines)]
    pairs = _pairs(seen, ready, rates)
    found: dict[UUID, list[Suggestion]] = {one.line.id: [] for one in asked}
    for line_id, suggested in _documents(seen, asked, pairs, ready, known).items():
        if line_id in found:
            found[line_id] += suggested
    fitting = {one.line.id: ready.rules.fitting(rules.Said.of(one.line)) for one in asked}
    broad = _broad(list(fitting.values()))
    for one in asked:
        listed = found[one.line.id]
        documented = any(s.probability >= scoring.SHOWN for s in listed) or _owes(one, ready)
        listed += coded.by_rules(
            one, ready, fitting[one.line.id], broad=broad, documents=documented
        )
        listed += coded.by_memory(one, ready, documents=documented)
    best = {line_id: ranking.best(listed) for line_id, listed in found.items()}
    return ranking.each_once(best)


def _owes(seen: Seen, ready: Ready) -> bool:
    """Whether the line's party has something open in the line's direction."""
    incoming = seen.line.amount_minor > 0
    return any(
        (item.residual_minor > 0) == incoming
        for party in ready.near(seen)
        for item in ready.by_party.get(party, ())
    )


def _pairs(seen: Sequence[Seen], ready: Ready, rates: foreign.Rates) -> dict[UUID, list[Pair]]:
    opposite = documents.opposite_lines(seen)
    found: dict[UUID, list[Pair]] = {}
    for one in seen:
        found[one.line.id] = [
            *documents.item_pairs(one, ready),
            *documents.entry_pairs(one, ready),
            *documents.transfer_pairs(one, opposite, ready),
            *foreign.pairs(one, ready, rates),
        ]
    return found


def _documents(
    seen: Sequence[Seen],
    asked: Sequence[Seen],
    pairs: Mapping[UUID, list[Pair]],
    ready: Ready,
    known: Known,
) -> dict[UUID, list[Suggestion]]:
    """Open items, entries and transfers of each line, each target assigned once."""
    equal = [pair for listed in pairs.values() for pair in listed if pair.fit == "equal"]
    given = assign.assign({(p.line_id, p.target): _worth(p) for p in equal})
    _count_rivals(equal, ready)
    taken = set(given.values())
    found: dict[UUID, list[Suggestion]] = defaultdict(list)
    abroad = fees.usual(known.fees_abroad)
    for line_id, listed in pairs.items():
        for pair in listed:
            own = given.get(line_id) == pair.target
            if not own and pair.target in taken:
                pair.is_taken()
            made = answers.of_pair(pair, assigned=own)
            line = pair.seen.line
            found[line_id].append(answers.with_fee(made, pair.fee_minor, line.currency, abroad))
    more = (*_sums(seen, asked, found, ready, known.fees), *_own_accounts(asked, found, ready))
    for one in more:
        found[one[0]].append(one[1])
    return found


def _worth(pair: Pair) -> float:
    """Log odds above nought; of equal items the oldest goes first, of others the nearest."""
    on, item = pair.seen.line.booked_on, pair.item
    if item is not None:
        first = 1 - 1 / (2 + max((on - (item.due_on or item.booked_on)).days + 366, 0))
    else:
        day = pair.entry.booked_on if pair.entry is not None else on
        day = pair.other.booked_on if pair.other is not None else day
        first = 1 / (1 + abs((on - day).days))
    return max(pair.odds + _AFLOAT, 0.01) + first * 0.001


def _count_rivals(pairs: Iterable[Pair], ready: Ready) -> None:
    """Counts, for each pair, the other targets and the other lines that would do as well."""
    by_line: dict[UUID, list[Pair]] = defaultdict(list)
    by_target: dict[object, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_line[pair.line_id].append(pair)
        by_target[pair.target].append(pair)
    top_of_line = {line: _two_best(listed) for line, listed in by_line.items()}
    top_of_target = {target: _two_best(listed) for target, listed in by_target.items()}
    counted: list[tuple[Pair, int]] = []
    for pair in (pair for listed in by_line.values() for pair in listed):
        count = 0
        for other in by_line[pair.line_id]:
            if other is pair:
                continue
            if other.odds >= pair.odds - _EQUAL:
                count += not _better(top_of_target[other.target], other)
            elif pair.hit and other.same_party and not pair.same_party:
                count += 1  # the number is of somebody else's document: a slip of the payer's
        for other in by_target[pair.target]:
            if other is not pair and other.odds >= pair.odds - _EQUAL:
                count += not _better(top_of_line[other.line_id], other)
        if not count and pair.item is not None and not pair.hit and pair.same_party:
            count += sums.make_it_too(pair.seen, pair.item, ready)
        counted.append((pair, count))
    for pair, count in counted:
        pair.with_rivals(count)


def _two_best(pairs: list[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: -pair.odds)[:2]


def _better(best: list[Pair], pair: Pair) -> bool:
    """Whether the target, or the line, of a pair has a far better place elsewhere."""
    return any(one is not pair and one.odds >= pair.odds + _BETTER for one in best)


def _sums(
    seen: Sequence[Seen],
    asked: Sequence[Seen],
    found: Mapping[UUID, list[Suggestion]],
    ready: Ready,
    card_fees: Mapping[str, Sequence[FeePast]],
) -> Iterable[tuple[UUID, Suggestion]]:
    """Sums for the lines that no single document explains already."""
    left = [one for one in seen if not _explained(found.get(one.line.id, ()))]
    ours = {one.line.id for one in asked}
    claimed = {
        (share.entry_id, share.no)
        for listed in found.values()
        for s in listed
        if s.certainty == "certain"
        for share in s.open_items
    }
    for one in left:
        if one.line.id not in ours:
            continue
        for made in sums.of_line(one, ready):
            if not any(item.key in claimed for item in made.items):
                yield one.line.id, answers.of_sum(made)
    mine = [one for one in left if one.line.id in ours]
    tied = {s.entry_id for listed in found.values() for s in listed if s.certainty == "certain"}
    for paid in payouts.of_lines(mine, ready, card_fees, claimed | tied):
        yield paid.seen.line.id, answers.of_payout(paid)
    for together in groups.of_all(left, ours, ready):
        yield together.seen.line.id, answers.of_entries(together)
    for made in sums.of_item(left, ready):
        if made.items[0].key not in claimed:
            yield made.seen.line.id, answers.of_sum(made)


def _explained(listed: Iterable[Suggestion]) -> bool:
    """Whether a single document explains the whole line, to the cent, likely at least."""
    return any(
        one.certainty != "unsure"
        and not one.difference_minor
        and not one.reason.code.startswith("item-part")
        for one in listed
    )


def _own_accounts(
    seen: Sequence[Seen], found: Mapping[UUID, list[Suggestion]], ready: Ready
) -> Iterable[tuple[UUID, Suggestion]]:
    """A transfer whose other side has not come yet: the counterparty is an own account."""
    for one in seen:
        own = documents.own_account(one, ready)
        if own is None or any(s.kind == "transfer" for s in found.get(one.line.id, ())):
            continue
        yield one.line.id, answers.to_own_account(one.line, own)


def _broad(fitting: Sequence[Sequence[rules.Ready]]) -> frozenset[int]:
    """The rules that fit more than half of at least twenty lines asked for together."""
    if len(fitting) < _FEW_LINES:
        return frozenset()
    hits = Counter(one.number for listed in fitting for one in listed)
    most = len(fitting) * rules.BROAD
    return frozenset(number for number, count in hits.items() if count > most)
