"""Suggestions for bank lines, read from the books of the client in scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting.matching import coded, documents, engine, foreign, groups, payouts, rules
from app.accounting.matching.parties import Alias
from app.accounting.matching.prepared import Known
from app.accounting.matching.values import (
    Entry,
    FeePast,
    Line,
    OpenItem,
    OwnAccount,
    Past,
    Rule,
    Suggestion,
)
from app.accounting.reconcile.lines import read_coding
from app.accounting.suggest import kept as suggest_kept
from app.accounting.suggest import sql
from app.kernel.db import session
from app.kernel.errors import Invalid

MOST_LINES = 5_000
MOST_ITEMS = 50_000
MOST_BESIDE = 2_000
FEW_BESIDE = 200
MOST_ENTRIES = 20_000
FEW_LINES = 500
"""With more lines asked for, those beside them are there already."""
NEWEST = 40
"""So many lines of a party are looked back on."""
MOST_TRIED = 20_000
_SHOWN_HITS = 50
_PARTS = timedelta(days=14)
"""Lines of a party so far apart may pay one item in parts."""


@dataclass(frozen=True, slots=True)
class CertainLines:
    """The lines of an account whose first suggestion may be accepted without being looked at."""

    suggestions: dict[UUID, Suggestion]

    @property
    def line_ids(self) -> tuple[UUID, ...]:
        """The lines, oldest first."""
        return tuple(self.suggestions)

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.suggestions)


@dataclass(frozen=True, slots=True)
class PastHit:
    """An earlier line that a rule fits; `booked_to` is where it was booked, None if it is to do."""

    line: Line
    booked_to: UUID | None


@dataclass(frozen=True, slots=True)
class PastHits:
    """What a rule would have hit among the newest lines of the client."""

    tried: int
    """How many lines of its account, currency, direction and amounts it was tried on."""
    hits: int
    agreeing: int
    """Hits that were booked to the rule's account."""
    otherwise: int
    """Hits that were booked elsewhere."""
    lines: tuple[PastHit, ...]
    """The newest fifty hits."""

    @property
    def broad(self) -> bool:
        """Whether it hits more than half of all lines and so says nothing about them."""
        return self.hits > max(self.tried * rules.BROAD, 1) and self.tried >= 20


def suggestions(line_ids: Sequence[UUID]) -> dict[UUID, tuple[Suggestion, ...]]:
    """Up to nine suggestions for each of these lines, best first; unknown lines are left out.

    What a person coded while a line was pending comes before every guess.

    Twelve statements at most however many lines. Raises Invalid for more than 5,000 lines.
    """
    if len(line_ids) > MOST_LINES:
        raise Invalid.of("lines", "too-many-lines", most=MOST_LINES)
    rows = session.execute(sql.LINES, {"ids": list(line_ids)}).all()
    return of_lines([_line(row) for row in rows], kept={row.id for row in rows if row.kept})


def of_lines(
    lines: Sequence[Line], *, kept: Collection[UUID]
) -> dict[UUID, tuple[Suggestion, ...]]:
    """The same for lines that were read already; `kept` are those with a kept coding."""
    if not lines:
        return {}
    ids = [line.id for line in lines]
    known = _known(lines)
    beside = _beside(lines, known.accounts)
    beside += _near(lines, known.entries, [*ids, *(one.id for one in beside)])
    found = engine.suggest(lines, known, beside=beside)
    coded_before = [line for line in lines if line.id in kept]
    return suggest_kept.first(coded_before, found) if coded_before else found


def _beside(lines: Sequence[Line], accounts: Sequence[OwnAccount]) -> list[Line]:
    """Other lines to do that may claim the same documents: of an equal amount, or of the same party
    within the two weeks in which one item may be paid in parts."""
    days: dict[str, list[date]] = defaultdict(list)
    for line in lines:
        if line.party_key is not None:
            days[line.party_key].append(line.booked_on)
    amounts = {abs(line.amount_minor) for line in lines}
    around = {party: (min(on) - _PARTS, max(on) + _PARTS) for party, on in days.items()}
    values = {
        "ids": [line.id for line in lines],
        "amounts": list(amounts),
        "parties": list(days),
        "first": min(line.booked_on for line in lines) - _PARTS,
        "last": max(line.booked_on for line in lines) + _PARTS,
        "most": MOST_BESIDE,
    }
    account_of = {one.id: one.account_id for one in accounts}
    equal, others = [], []
    for one in _lines(sql.BESIDE, **values):
        if abs(one.amount_minor) in amounts:
            equal.append(one)
        elif around[one.party_key or ""][0] <= one.booked_on <= around[one.party_key or ""][1]:
            others.append(one)
    return [
        replace(one, account_id=account_of[one.bank_account_id])
        for one in (*equal, *others[:FEW_BESIDE])
    ]


def _near(lines: Sequence[Line], entries: Sequence[Entry], known: list[UUID]) -> list[Line]:
    """Lines to do of the days around, where an entry may be several lines: none without one."""
    amounts = {(line.account_id, line.amount_minor) for line in lines}
    waiting = [one for one in entries if (one.account_id, one.amount_minor) not in amounts]
    if not waiting or len(lines) > FEW_LINES:
        return []
    values = {
        "ids": known,
        "accounts": list({line.bank_account_id for line in lines}),
        "first": min(line.booked_on for line in lines) - timedelta(days=groups.DAYS),
        "last": max(line.booked_on for line in lines) + timedelta(days=groups.DAYS),
        "most": FEW_BESIDE,
    }
    return _lines(sql.NEAR, **values)


def certain(bank_account_id: UUID) -> CertainLines:
    """The lines to do of an account, at most 5,000, whose first suggestion is certain.

    Of the two lines of a transfer between own accounts only one is among them here, for each
    account shows its own.
    """
    values = {"account": bank_account_id, "most": MOST_LINES}
    ids = list(session.execute(sql.TO_DO, values).scalars())
    found = suggestions(ids)
    return CertainLines(
        {
            line_id: found[line_id][0]
            for line_id in ids
            if found.get(line_id) and found[line_id][0].certainty == "certain"
        }
    )


def past_hits(rule: Rule) -> PastHits:
    """What a rule would have hit among the newest 20,000 lines it is for, before it is kept.

    A rule for one account, currency, direction or span of amounts is tried on such lines alone, so
    that `broad` says what share of the lines it looks at it hits.

    Raises Invalid for patterns that would hit everything: see `rules.faults`.
    """
    wrong = rules.faults(party_pattern=rule.party_pattern, text_pattern=rule.text_pattern)
    if wrong:
        raise Invalid("invalid", wrong)
    ready = rules.ready([rule])
    rows = session.execute(sql.TRIED, _seen_by(rule)).all()
    hits = [
        PastHit(line, row.booked_to if row.state == "booked" else None)
        for row, line in ((row, _line(row)) for row in rows)
        if rules.fits(rules.Said.of(line), ready[0])
    ]
    booked = [hit for hit in hits if hit.booked_to is not None]
    agreeing = sum(hit.booked_to == rule.account_id for hit in booked)
    return PastHits(
        tried=len(rows),
        hits=len(hits),
        agreeing=agreeing,
        otherwise=len(booked) - agreeing,
        lines=tuple(hits[:_SHOWN_HITS]),
    )


def _seen_by(rule: Rule) -> dict[str, Any]:
    """What a line must be for the rule to look at it at all."""
    return {
        "bank": rule.bank_account_id,
        "currency": rule.currency,
        "direction": rule.direction,
        "least": rule.amount_from_minor,
        "most": rule.amount_to_minor,
        "limit": MOST_TRIED,
    }


def _lines(statement: sa.TextClause, **values: Any) -> list[Line]:
    return [_line(row) for row in session.execute(statement, values)]


def _line(row: sa.Row[Any]) -> Line:
    return Line(
        id=row.id,
        bank_account_id=row.bank_account_id,
        account_id=row.account_id,
        booked_on=row.booked_on,
        amount_minor=row.amount_minor,
        currency=row.currency,
        counterparty=row.counterparty,
        counterparty_account=row.counterparty_account,
        reference=row.reference,
        end_to_end_id=row.end_to_end_id,
        text=row.text,
        party_key=row.party_key,
    )


def _known(lines: Sequence[Line]) -> Known:
    items = _all(OpenItem, sql.ITEMS, most=MOST_ITEMS)
    base, rates = _rates(lines, items, documents.days_around(lines)[1])
    accounts = [
        OwnAccount(**{**row._mapping, "numbers": frozenset(row.numbers)})
        for row in session.execute(sql.OWN_ACCOUNTS)
    ]
    return Known(
        items=items,
        entries=_entries(lines, accounts),
        accounts=accounts,
        rules=_all(Rule, sql.RULES),
        past=_past(lines),
        aliases=_all(Alias, sql.ALIASES),
        fees=_fees(lines),
        fees_abroad=_fees_abroad() if base else (),
        base=base,
        rates=rates,
    )


def _entries(lines: Sequence[Line], accounts: Sequence[OwnAccount]) -> list[Entry]:
    """Entries on the lines' accounts that wait for their line; one statement where none does."""
    first, last = documents.days_around(lines)
    wanted = {line.account_id for line in lines}
    banks = [one for one in accounts if one.account_id in wanted]
    values: dict[str, Any] = {
        "accounts": list(wanted),
        "amounts": list({line.amount_minor for line in lines}),
        "first": first,
        "near": min(line.booked_on for line in lines) - timedelta(days=groups.BEFORE),
        "last": last,
        "most": MOST_ENTRIES,
    }
    pointed = {"banks": [one.id for one in banks], "bank_accounts": [o.account_id for o in banks]}
    loose = session.execute(sql.LOOSE, values | pointed).scalars().all()
    if not loose:
        return []
    return [
        Entry(**{**row._mapping, "parties": tuple(row.parties)})
        for row in session.execute(sql.ENTRIES, values | {"entries": loose})
    ]


def _fees(lines: Sequence[Line]) -> dict[str, list[FeePast]]:
    """How the fees of the card processors among the lines were coded; no statement without one."""
    parties = sorted({one.party_key for one in lines if one.party_key and payouts.processor(one)})
    found: dict[str, list[FeePast]] = defaultdict(list)
    if not parties:
        return found
    for row in session.execute(sql.FEES, {"parties": parties, "newest": NEWEST}):
        coding = read_coding(row.coding)
        fee = payouts.fee_of(coding, row.amount_minor) if coding else None
        if fee is not None:
            found[row.party].append(fee)
    return found


def _fees_abroad() -> list[FeePast]:
    """How the newest fees beside items of other currencies were coded."""
    rows = session.execute(sql.FEES_ABROAD, {"newest": NEWEST})
    codings = [coding for row in rows if (coding := read_coding(row.coding))]
    fees = [[one for one in coding.parts if one.counterparty_id is None] for coding in codings]
    return [
        FeePast(one.account_id, 0.0, one.tax_code, one.dim1_id, one.dim2_id)
        for parts in fees
        for one in parts[:1]
    ]


def _rates(
    lines: Sequence[Line], items: Sequence[OpenItem], last: date
) -> tuple[str, dict[str, list[tuple[date, Decimal]]]]:
    """Base currency and rates, read only where lines and open items differ in currency."""
    ours, theirs = {line.currency for line in lines}, {item.currency for item in items}
    if not theirs or ours == theirs == {next(iter(ours))}:
        return "", {}
    first = min(line.booked_on for line in lines) - timedelta(days=foreign.RATE_DAYS)
    rows = session.execute(
        sql.RATES, {"currencies": sorted(ours | theirs), "first": first, "last": last}
    ).all()
    found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in rows:
        if row.rate is not None:
            found[row.currency].append((row.rated_on, row.rate))
    return (rows[0].base if rows else ""), found


def _all(kind: Any, statement: sa.TextClause, **values: Any) -> list[Any]:
    """Each row as a value of that kind; the statement names its fields in their order."""
    return [kind(*row) for row in session.execute(statement, values).all()]


def _past(lines: Iterable[Line]) -> list[Past]:
    """How lines of these parties were booked; by the beginning of a name as `coded` looks it up."""
    named, numbered, begun = set(), set(), set()
    for line in lines:
        incoming = line.amount_minor > 0
        if line.party_key:
            named.add((line.party_key, incoming))
        if line.counterparty_account:
            numbered.add((line.counterparty_account, incoming))
        beginning = coded.beginning(line)
        if beginning is not None:
            begun.add((beginning, incoming, line.party_key, line.counterparty_account))
    values = {
        "newest": NEWEST,
        "name": [party for party, _in in named],
        "name_incoming": [incoming for _party, incoming in named],
        "account": [number for number, _in in numbered],
        "account_incoming": [incoming for _number, incoming in numbered],
        "begins": [one[0] for one in begun],
        "begins_incoming": [one[1] for one in begun],
        "begins_name": [one[2] for one in begun],
        "begins_account": [one[3] for one in begun],
    }
    return [_past_row(row) for row in session.execute(sql.PAST, values)]


def _past_row(row: sa.Row[Any]) -> Past:
    """One way in which lines were booked; the statement names the fields in their order."""
    fields: tuple[Any, ...] = (*row[:-1], tuple(filter(None, row[-1])))
    return Past(*fields)
