"""From lines and what is known of a client to suggestions, best first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from app.accounting.coding import Coding, Part
from app.accounting.matching import assign, coded, documents, rules, scoring, sums
from app.accounting.matching.documents import Pair
from app.accounting.matching.prepared import Known, Ready, Seen
from app.accounting.matching.sums import Sum
from app.accounting.matching.values import (
    MOST,
    Certainty,
    ItemShare,
    Line,
    OpenItem,
    OwnAccount,
    Reason,
    Suggestion,
)

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
    seen = [Seen.of(line) for line in (*lines, *beside)]
    asked = seen[: len(lines)]
    pairs = _pairs(seen, asked, ready)
    found: dict[UUID, list[Suggestion]] = {one.line.id: [] for one in asked}
    for line_id, suggested in _documents(seen, asked, pairs, ready).items():
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
    best = {line_id: _best(listed) for line_id, listed in found.items()}
    return _each_once(best)


def _owes(seen: Seen, ready: Ready) -> bool:
    """Whether the line's party has something open in the line's direction."""
    incoming = seen.line.amount_minor > 0
    return any(
        (item.residual_minor > 0) == incoming
        for party in ready.near(seen)
        for item in ready.by_party.get(party, ())
    )


def _pairs(seen: Sequence[Seen], asked: Sequence[Seen], ready: Ready) -> dict[UUID, list[Pair]]:
    opposite = documents.opposite_lines(seen)
    found: dict[UUID, list[Pair]] = {}
    for one in seen:
        found[one.line.id] = [
            *documents.item_pairs(one, ready),
            *documents.entry_pairs(one, ready),
            *documents.transfer_pairs(one, opposite, ready),
        ]
    return found


def _documents(
    seen: Sequence[Seen],
    asked: Sequence[Seen],
    pairs: Mapping[UUID, list[Pair]],
    ready: Ready,
) -> dict[UUID, list[Suggestion]]:
    """Open items, entries and transfers of each line, each target assigned once."""
    equal = [pair for listed in pairs.values() for pair in listed if pair.fit == "equal"]
    given = assign.assign({(p.line_id, p.target): _worth(p) for p in equal})
    _count_rivals(equal)
    taken = set(given.values())
    found: dict[UUID, list[Suggestion]] = defaultdict(list)
    for line_id, listed in pairs.items():
        for pair in listed:
            own = given.get(line_id) == pair.target
            if not own and pair.target in taken:
                pair.is_taken()
            found[line_id].append(_suggested(pair, assigned=own))
    more = (*_sums(seen, asked, found, ready), *_own_accounts(asked, found, ready))
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


def _count_rivals(pairs: Iterable[Pair]) -> None:
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
        counted.append((pair, count))
    for pair, count in counted:
        pair.with_rivals(count)


def _two_best(pairs: list[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: -pair.odds)[:2]


def _better(best: list[Pair], pair: Pair) -> bool:
    """Whether the target, or the line, of a pair has a far better place elsewhere."""
    return any(one is not pair and one.odds >= pair.odds + _BETTER for one in best)


def _suggested(pair: Pair, *, assigned: bool) -> Suggestion:
    probable = scoring.probability(pair.odds)
    sure = assigned and pair.fit == "equal" and pair.evidence and not pair.rivals
    sure = sure and pair.hit not in ("swapped", "cut") and "ref-another" not in pair.features
    cap: Certainty = "certain" if sure else "likely"
    details = coded.details(pair.features)
    certainty = scoring.certainty(probable, cap=cap)
    if pair.item is not None:
        return _item_suggestion(pair, pair.item, probable, certainty, details)
    if pair.entry is not None:
        entry = pair.entry
        return Suggestion(
            kind="entry",
            certainty=certainty,
            probability=probable,
            reason=Reason("entry", {"label": entry.label, "booked_on": entry.booked_on}),
            entry_id=entry.id,
            details=details,
        )
    assert pair.other is not None
    return _transfer_suggestion(pair, pair.other, probable, certainty, details)


def _item_suggestion(
    pair: Pair,
    item: OpenItem,
    probable: float,
    certainty: Certainty,
    details: tuple[Reason, ...],
) -> Suggestion:
    line = pair.seen.line
    taken = item.residual_minor
    if abs(line.amount_minor) < abs(taken) and pair.fit == "part":
        taken = line.amount_minor
    difference = line.amount_minor - taken
    code = "item" if pair.fit == "equal" else "item-difference" if difference else "item-part"
    return _items(
        line,
        (item,),
        (taken,),
        code=f"{code}-{item.control}",
        probable=probable,
        certainty=certainty,
        details=details,
    )


def _items(
    line: Line,
    items: Sequence[OpenItem],
    amounts: Sequence[int],
    *,
    code: str,
    probable: float,
    certainty: Certainty,
    details: tuple[Reason, ...],
) -> Suggestion:
    difference = line.amount_minor - sum(amounts)
    params = {
        "reference": items[0].reference or "",
        "counterparty": items[0].counterparty,
        "count": len(items),
        "references": ", ".join(filter(None, (item.reference for item in items))),
        "difference_minor": difference,
        "currency": line.currency,
        "booked_on": items[0].booked_on,
    }
    parts = tuple(
        Part(item.account_id, -amount, line.currency, counterparty_id=item.counterparty_id)
        for item, amount in zip(items, amounts, strict=True)
    )
    return Suggestion(
        kind="open_item",
        certainty=certainty,
        probability=probable,
        reason=Reason(code, params),
        coding=Coding(parts),
        open_items=tuple(
            ItemShare(
                item.entry_id,
                item.no,
                amount,
                item.account_id,
                item.counterparty_id,
                item.reference,
            )
            for item, amount in zip(items, amounts, strict=True)
        ),
        difference_minor=difference,
        details=details,
    )


def _transfer_suggestion(
    pair: Pair, other: Line, probable: float, certainty: Certainty, details: tuple[Reason, ...]
) -> Suggestion:
    line = pair.seen.line
    return Suggestion(
        kind="transfer",
        certainty=certainty,
        probability=probable,
        reason=Reason(
            "transfer-line", {"account": pair.other_account, "booked_on": other.booked_on}
        ),
        coding=Coding((Part(other.account_id, -line.amount_minor, line.currency),)),
        other_line_id=other.id,
        details=details,
    )


def _sums(
    seen: Sequence[Seen],
    asked: Sequence[Seen],
    found: Mapping[UUID, list[Suggestion]],
    ready: Ready,
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
                yield one.line.id, _sum_suggestion(made)
    for made in sums.of_item(left, ready):
        if made.items[0].key not in claimed:
            yield made.seen.line.id, _sum_suggestion(made)


def _explained(listed: Iterable[Suggestion]) -> bool:
    """Whether a single document explains the whole line, to the cent, likely at least."""
    return any(
        one.certainty != "unsure"
        and not one.difference_minor
        and not one.reason.code.startswith("item-part")
        for one in listed
    )


def _sum_suggestion(made: Sum) -> Suggestion:
    probable = scoring.probability(made.odds)
    cap: Certainty = "certain" if made.only and not made.difference_minor else "likely"
    control = made.items[0].control
    if len(made.items) == 1:
        code = f"item-part-{control}"
    else:
        code = f"items-difference-{control}" if made.difference_minor else f"items-{control}"
    return _items(
        made.seen.line,
        made.items,
        made.amounts,
        code=code,
        probable=probable,
        certainty=scoring.certainty(probable, cap=cap),
        details=coded.details(made.features),
    )


def _own_accounts(
    seen: Sequence[Seen], found: Mapping[UUID, list[Suggestion]], ready: Ready
) -> Iterable[tuple[UUID, Suggestion]]:
    """A transfer whose other side has not come yet: the counterparty is an own account."""
    for one in seen:
        own = documents.own_account(one, ready)
        if own is None or any(s.kind == "transfer" for s in found.get(one.line.id, ())):
            continue
        yield one.line.id, _to_own_account(one.line, own)


def _to_own_account(line: Line, own: OwnAccount) -> Suggestion:
    features = {"transfer-start": 1.0, "transfer-number": 1.0}
    probable = scoring.probability(scoring.log_odds(features))
    return Suggestion(
        kind="transfer",
        certainty=scoring.certainty(probable, cap="likely"),
        probability=probable,
        reason=Reason("transfer-account", {"account": own.name}),
        coding=Coding((Part(own.account_id, -line.amount_minor, line.currency),)),
        details=coded.details(features),
    )


def _broad(fitting: Sequence[Sequence[rules.Ready]]) -> frozenset[int]:
    """The rules that fit more than half of at least twenty lines asked for together."""
    if len(fitting) < _FEW_LINES:
        return frozenset()
    hits = Counter(one.number for listed in fitting for one in listed)
    most = len(fitting) * rules.BROAD
    return frozenset(number for number, count in hits.items() if count > most)


def _best(listed: list[Suggestion]) -> tuple[Suggestion, ...]:
    shown = [one for one in listed if one.probability >= scoring.SHOWN]
    return tuple(sorted(shown, key=_rank)[:MOST])


def _rank(one: Suggestion) -> tuple[float, float]:
    """Own references, open documents, transfers, rules, memory; then what is hardly likely."""
    tier = 6.0
    if one.kind in ("open_item", "entry") and one.probability >= scoring.PLAUSIBLE:
        tier = 0.0 if _cites(one) else 1.0 if _has_evidence(one) else 5.0
    elif one.kind == "transfer":
        tier = 2.0 if one.probability >= scoring.LIKELY else 5.0
    elif one.kind == "rule" and one.probability >= scoring.PLAUSIBLE:
        tier = 3.0
    elif one.kind == "memory" and one.probability >= scoring.PLAUSIBLE:
        tier = 4.0
    return tier, -one.probability


def _cites(one: Suggestion) -> bool:
    return any(d.code in ("because-ref-structured", "because-ref-exact") for d in one.details)


def _has_evidence(one: Suggestion) -> bool:
    return one.kind == "entry" or any(
        d.code.startswith(("because-ref-", "because-name-alike", "because-account-same"))
        and d.params["adds"] > 0
        for d in one.details
    )


def _each_once(
    best: Mapping[UUID, tuple[Suggestion, ...]],
) -> dict[UUID, tuple[Suggestion, ...]]:
    """What several lines would claim for certain is certain for none; nor is what is not first."""
    claims: Counter[object] = Counter()
    for listed in best.values():
        claims.update(key for one in listed[:1] for key in _claims(one))
    return {
        line_id: tuple(
            replace(one, certainty="likely")
            if one.certainty == "certain"
            and (place or any(claims[key] > 1 for key in _claims(one)))
            else one
            for place, one in enumerate(listed)
        )
        for line_id, listed in best.items()
    }


def _claims(one: Suggestion) -> list[object]:
    if one.certainty != "certain":
        return []
    found: list[object] = [(share.entry_id, share.no) for share in one.open_items]
    if one.entry_id is not None:
        found.append(one.entry_id)
    if one.other_line_id is not None:
        found.append(one.other_line_id)
    return found
