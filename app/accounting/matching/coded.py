"""What rules and what was done before say about a line: how it would be coded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rapidfuzz import fuzz

from app.accounting.coding import Coding, Part
from app.accounting.matching import rules, scoring
from app.accounting.matching import text as texts
from app.accounting.matching.prepared import Ready, Seen
from app.accounting.matching.values import Certainty, Line, Past, Reason, Rule, Suggestion

MOST_RULES = 3
LEAST_TIMES = 3
"""Fewer equal codings are named, but unsure."""
BEGINNING = 12
_UNUSUAL = frozenset({"memory-amount-unusual", "memory-text-unusual", "memory-account-new"})
_USUAL = 2
"""Amounts up to twice the greatest and down to half the least seen are usual."""
_ALIKE_TEXT = 45.0


def by_rules(
    seen: Seen,
    ready: Ready,
    fitting: Sequence[rules.Ready],
    *,
    broad: frozenset[int],
    documents: bool,
) -> Iterator[Suggestion]:
    """The rules a line fits, the first of them first; only the first can be certain.

    `broad` are the numbers of rules that fit too many lines; `documents`: something is open that
    the line could pay, so that nothing here is certain.
    """
    past = lines_before(seen.line, ready)
    for place, one in enumerate(fitting[:MOST_RULES]):
        features = _rule_features(seen.line, one, past, broad)
        probable = scoring.probability(scoring.log_odds(features))
        unusual = not _UNUSUAL.isdisjoint(features)
        cap: Certainty = "likely" if place or documents or unusual else "certain"
        if one.number in broad:
            cap = "unsure"
        rule = one.rule
        yield Suggestion(
            kind="rule",
            certainty=scoring.certainty(probable, cap=cap),
            probability=probable,
            reason=Reason("rule", {"number": one.number, "name": rule.name}),
            coding=_coding(seen.line, rule),
            rule_id=rule.id,
            details=details(features),
        )


def _rule_features(
    line: Line, one: rules.Ready, past: Sequence[Past], broad: frozenset[int]
) -> scoring.Features:
    rule = one.rule
    features: scoring.Features = {"rule-start": 1}
    if one.party:
        features["rule-party"] = 1
    if one.party and one.text:
        features["rule-both"] = 1
    if rule.amount_from_minor is not None or rule.amount_to_minor is not None:
        features["rule-amount"] = 1
    if one.number in broad:
        features["rule-broad"] = 1
    agreeing = [row for row in past if _agrees(row, rule)]
    same = sum(row.times for row in agreeing)
    other = sum(row.times for row in past) - same
    if same >= 2 and same > 2 * other:
        features["rule-confirmed"] = 1
    elif other >= 2 and other > same:
        features["rule-contradicted"] = 1
    if agreeing and "rule-amount" not in features:
        features |= _unusual(line, agreeing)
    return features


def _unusual(line: Line, rows: Sequence[Past]) -> scoring.Features:
    """What is not as it was when lines of the party were booked in any of these ways."""
    features: scoring.Features = {}
    amount = abs(line.amount_minor)
    least, most = min(row.least_minor for row in rows), max(row.most_minor for row in rows)
    if amount > most * _USUAL or amount * _USUAL < least:
        features["memory-amount-unusual"] = 1
    if not any(_usual_text(line, row) for row in rows):
        features["memory-text-unusual"] = 1
    return features


def _agrees(row: Past, rule: Rule) -> bool:
    return row.account_id == rule.account_id and row.tax_code == rule.tax_code


def _coding(line: Line, how: Rule | Past) -> Coding:
    assert how.account_id is not None
    return Coding(
        (
            Part(
                account_id=how.account_id,
                amount_minor=-line.amount_minor,
                currency=line.currency,
                tax_code=how.tax_code,
                dim1_id=how.dim1_id,
                dim2_id=how.dim2_id,
                counterparty_id=how.counterparty_id,
                memo=how.memo if isinstance(how, Rule) else None,
            ),
        )
    )


def lines_before(line: Line, ready: Ready) -> Sequence[Past]:
    """How lines of this party were booked: by name, by account number, by the name's beginning."""
    incoming = line.amount_minor > 0
    named = ready.past.get((line.party_key or "", incoming), [])
    if sum(row.times for row in named) >= LEAST_TIMES:
        return named
    numbered = ready.past.get((line.counterparty_account or "", incoming), [])
    return numbered or named or ready.past.get((beginning(line) or "", incoming), [])


def beginning(line: Line) -> str | None:
    """How a named party's name begins, marked as such; banks cut names at any length."""
    if not line.counterparty or len(line.party_key or "") < BEGINNING - 4:
        return None
    return f"{(line.party_key or '')[:BEGINNING]}~"


def by_memory(seen: Seen, ready: Ready, *, documents: bool) -> Iterator[Suggestion]:
    """What was done for this party, the most frequent first, as far as it is worth showing."""
    past = lines_before(seen.line, ready)
    total = sum(row.times for row in past)
    rows = sorted(past, key=lambda row: (-row.times, -row.last_on.toordinal()))
    for row in rows:
        if row.account_id is None or (row.control and row.counterparty_id is None):
            continue
        features = _memory_features(seen, row, total, ready)
        probable = scoring.probability(scoring.log_odds(features))
        if probable < scoring.SHOWN:
            continue  # shown to nobody; a party may have been booked in dozens of ways
        unusual = not _UNUSUAL.isdisjoint(features)
        cap = _cap(row, total, doubt=documents or unusual)
        yield Suggestion(
            kind="memory",
            certainty=scoring.certainty(probable, cap=cap),
            probability=probable,
            reason=Reason("memory", {"times": row.times, "of": total}),
            coding=_coding(seen.line, row),
            details=details(features),
        )


def _cap(row: Past, total: int, *, doubt: bool) -> Certainty:
    """Too few are unsure; contradictions, control accounts, cut names and doubts likely at most."""
    if row.times < LEAST_TIMES:
        return "unsure"
    if doubt or row.times < total or row.control or row.party.endswith("~"):
        return "likely"
    return "certain"


def _memory_features(seen: Seen, row: Past, total: int, ready: Ready) -> scoring.Features:
    line = seen.line
    features: scoring.Features = {"memory-start": 1, **_unusual(line, [row])}
    if row.times == total:
        features["memory-times"] = math.log(row.times)
    else:
        features["memory-share"] = math.log(row.times / (total - row.times + 0.5))
    if row.least_minor <= abs(line.amount_minor) <= row.most_minor:
        features["memory-amount-usual"] = 1
    number = line.counterparty_account
    if number and row.party != number and (number, line.amount_minor > 0) not in ready.past:
        features["memory-account-new"] = 1
    return features


def _usual_text(line: Line, row: Past) -> bool:
    """Whether the text is like one of the last: they say what a payment is for."""
    said = _purpose(line.text)
    if not said or not row.texts:
        return True
    before = [_purpose(one) for one in row.texts]
    return said in before or any(
        fuzz.token_set_ratio(said, one, score_cutoff=_ALIKE_TEXT) > 0 for one in before
    )


@lru_cache(maxsize=16_384)
def _purpose(text: str) -> str:
    """The words of a text without numbers, which change with each payment."""
    return " ".join(word for word in texts.words(texts.clean(text)) if word.isalpha())


def details(features: scoring.Features) -> tuple[Reason, ...]:
    """The strongest features as reasons; `adds` is what each added to the log odds."""
    return tuple(
        Reason(f"because-{name}", {"adds": round(added, 2)})
        for name, added in scoring.strongest(features)
    )
