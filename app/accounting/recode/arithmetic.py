"""Re-coding of entries as arithmetic: other accounts, taxes, dimensions, contacts; no database.

An entry is never changed: it is reversed and said anew. What is worked out here is how the new one
reads and why some lines cannot be re-coded.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.accounting.coding import Coding, Part, Tax, reverse_postings, split_tax
from app.accounting.ledger import PostingInput
from app.kernel import money

MOST_LINES: Final = 2000


@dataclass(frozen=True, slots=True)
class Set:
    """A new value of a field; None takes the value away."""

    value: UUID | str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the chosen lines; a field that is None stays as it is."""

    account_id: UUID | None = None
    tax_code: Set | None = None
    dim1_id: Set | None = None
    dim2_id: Set | None = None
    counterparty_id: Set | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        fields = (self.tax_code, self.dim1_id, self.dim2_id, self.counterparty_id)
        return self.account_id is None and all(one is None for one in fields)


@dataclass(frozen=True, slots=True)
class Entry:
    """A posted entry with what re-coding must know; postings in the order of their numbers."""

    id: UUID
    label: str
    date: dt.date
    description: str
    refusal: str | None
    postings: tuple[PostingInput, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What the lines are looked up in: fixed accounts (control, bank) and the tax codes."""

    control: Collection[UUID]
    bank: Collection[UUID]
    taxes: Mapping[str, Tax]


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot be re-coded, and why."""

    entry_id: UUID
    no: int
    code: str


@dataclass(frozen=True, slots=True)
class Anew:
    """An entry with its chosen lines and the postings it is said anew with."""

    entry: Entry
    nos: tuple[int, ...]
    postings: tuple[PostingInput, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What re-coding would do: entries said anew, lines refused."""

    anew: tuple[Anew, ...]
    refused: tuple[Refused, ...]

    @property
    def lines(self) -> int:
        """How many lines change."""
        return sum(len(one.nos) for one in self.anew)

    def effect(self) -> dict[UUID, int]:
        """By account what its balance changes by, debit positive, in base; accounts that move."""
        found: dict[UUID, int] = defaultdict(int)
        for one in self.anew:
            for posting in one.entry.postings:
                found[posting.account_id] -= _base(posting)
            for posting in one.postings:
                found[posting.account_id] += _base(posting)
        return {account: amount for account, amount in found.items() if amount}


def plan(
    entries: Sequence[Entry], chosen: Mapping[UUID, Collection[int]], change: Change, chart: Chart
) -> Plan:
    """Says every entry anew with its chosen lines changed, or why a line cannot be."""
    anew: list[Anew] = []
    refused: list[Refused] = []
    for entry in entries:
        good: list[int] = []
        for no in sorted(chosen[entry.id]):
            code = entry.refusal or _fault(entry, no, change, chart)
            if code:
                refused.append(Refused(entry.id, no, code))
            else:
                good.append(no)
        if good:
            anew.append(Anew(entry, tuple(good), _said_anew(entry, good, change, chart)))
    return Plan(tuple(anew), tuple(refused))


def _fault(entry: Entry, no: int, change: Change, chart: Chart) -> str | None:
    if not 1 <= no <= len(entry.postings):
        return "entry-unknown"
    posting = entry.postings[no - 1]
    if posting.account_id in chart.control:
        return "recode-control"
    if posting.account_id in chart.bank:
        return "recode-bank"
    if change.tax_code is not None and change.tax_code.value != posting.tax_code:
        fault = _tax_fault(entry, no, chart.taxes)
        if fault:
            return fault
    if _changed(posting, change) == posting:
        return "recode-same"
    return None


def _tax_fault(entry: Entry, no: int, taxes: Mapping[str, Tax]) -> str | None:
    """A tax that several lines share cannot be told apart."""
    posting = entry.postings[no - 1]
    old = taxes.get(posting.tax_code or "")
    if old is None:
        return None
    own = {old.account_id, old.reverse_account_id} - {None}
    if posting.account_id in own:
        return "recode-tax-line"
    if tax_parts(entry.postings, no, taxes):
        return None
    shared = any(one.account_id in own and one.tax_code == old.code for one in entry.postings)
    return "recode-tax-shared" if shared else None


def tax_parts(
    postings: Sequence[PostingInput], no: int, taxes: Mapping[str, Tax]
) -> tuple[int, ...]:
    """The numbers of the postings that hold a line's tax: the next one, on the code's account.

    Under reverse charge the next two, the tax deducted and the tax owed.
    """
    posting = postings[no - 1]
    known = taxes.get(posting.tax_code or "")
    if known is None:
        return ()
    accounts = [known.account_id]
    if known.reverse:
        accounts = [known.account_id or posting.account_id, known.reverse_account_id]
    if None in accounts or posting.account_id in {known.account_id, known.reverse_account_id}:
        return ()
    after = postings[no : no + len(accounts)]
    fits = [one.account_id for one in after] == accounts and all(
        (one.tax_code, one.memo) == (posting.tax_code, posting.memo) for one in after
    )
    if not fits or (known.reverse and sum(_base(one) for one in after) != 0):
        return ()
    if not known.reverse and after[0].currency != posting.currency:
        return ()
    return tuple(range(no + 1, no + 1 + len(accounts)))


def coding_of(postings: Sequence[PostingInput], chart: Chart) -> Coding:
    """How a bank line reads that is booked so: gross parts of all postings but the bank's."""
    parts: list[Part] = []
    taken: set[int] = set()
    for no, posting in enumerate(postings, 1):
        if no in taken or posting.account_id in chart.bank:
            continue
        tax = tax_parts(postings, no, chart.taxes)
        taken.update(tax)
        parts.append(
            Part(
                account_id=posting.account_id,
                amount_minor=posting.amount + sum(postings[one - 1].amount for one in tax),
                currency=posting.currency,
                tax_code=posting.tax_code,
                dim1_id=posting.dim1_id,
                dim2_id=posting.dim2_id,
                counterparty_id=posting.counterparty_id,
                memo=posting.memo,
            )
        )
    return Coding(tuple(parts))


def _changed(posting: PostingInput, change: Change) -> PostingInput:
    """The posting with everything but its tax amounts changed."""
    found = posting
    if change.account_id is not None:
        found = replace(found, account_id=change.account_id)
    if change.tax_code is not None:
        found = replace(found, tax_code=_text(change.tax_code))
    if change.dim1_id is not None:
        found = replace(found, dim1_id=_id(change.dim1_id))
    if change.dim2_id is not None:
        found = replace(found, dim2_id=_id(change.dim2_id))
    if change.counterparty_id is not None:
        found = replace(found, counterparty_id=_id(change.counterparty_id))
    return found


def _text(change: Set) -> str | None:
    return None if change.value is None else str(change.value)


def _id(change: Set) -> UUID | None:
    return change.value if isinstance(change.value, UUID) else None


def _said_anew(
    entry: Entry, nos: Collection[int], change: Change, chart: Chart
) -> tuple[PostingInput, ...]:
    found: list[PostingInput] = []
    taken: set[int] = set()
    for no, posting in enumerate(entry.postings, 1):
        if no in taken:
            continue
        if no not in nos:
            found.append(posting)
            continue
        parts = tax_parts(entry.postings, no, chart.taxes)
        if set(parts) & set(nos):
            parts = ()
        taken.update(parts)
        tax = tuple(entry.postings[part - 1] for part in parts)
        found += _line_anew(posting, tax, change, chart.taxes)
    return tuple(found)


def _line_anew(
    posting: PostingInput,
    tax: Sequence[PostingInput],
    change: Change,
    taxes: Mapping[str, Tax],
) -> list[PostingInput]:
    """A line and its tax: with another tax code, what was paid is split anew."""
    changed = _changed(posting, change)
    if changed.tax_code == posting.tax_code:
        return [changed, *(_follows(one, posting, changed) for one in tax)]
    gross = posting.amount + sum(one.amount for one in tax)
    gross_base = _base(posting) + sum(_base(one) for one in tax)
    has_base = posting.base is not None
    whole = replace(changed, amount=gross, base=gross_base if has_base else None)
    known = taxes.get(changed.tax_code or "")
    split = known is not None and known.account_id not in (None, changed.account_id)
    if known is not None and known.reverse and gross:
        return [whole, *_reverse_anew(whole, known)]
    if known is None or not split or not known.rate:
        return [whole]
    net, part = split_tax(gross, known.rate)
    part_base = _share(gross_base, part, gross) if has_base else None
    net_base = gross_base - part_base if part_base is not None else None
    assert known.account_id is not None
    lines = [
        replace(changed, amount=net, base=net_base),
        replace(
            changed,
            account_id=known.account_id,
            amount=part,
            base=part_base,
            dim1_id=None,
            dim2_id=None,
        ),
    ]
    return [line for line in lines if line.amount or line.base]


def _follows(tax: PostingInput, was: PostingInput, now: PostingInput) -> PostingInput:
    """A tax posting beside a changed line; tax that is part of the cost goes with it."""
    if tax.account_id != was.account_id:
        return replace(tax, counterparty_id=now.counterparty_id)
    return replace(
        tax,
        account_id=now.account_id,
        dim1_id=now.dim1_id,
        dim2_id=now.dim2_id,
        counterparty_id=now.counterparty_id,
    )


def _reverse_anew(whole: PostingInput, known: Tax) -> list[PostingInput]:
    """Both sides of a reverse charge, with one base amount in proportion to what was paid."""
    pair = reverse_postings(whole, known)
    if whole.base is None:
        return list(pair)
    return [replace(one, base=_share(whole.base, one.amount, whole.amount)) for one in pair]


def _share(whole: int, part: int, of: int) -> int:
    return money.round_half_up(Decimal(whole) * part / of) if of else 0


def _base(posting: PostingInput) -> int:
    return posting.amount if posting.base is None else posting.base
