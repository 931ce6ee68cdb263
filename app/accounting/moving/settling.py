"""What becomes of moved-in open items: split from an opening balance, named, and settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting.ledger import PostingInput
from app.accounting.moving.values import Item
from app.accounting.open_items import commands as open_items_commands
from app.accounting.open_items.commands import MOST_PAIRS
from app.accounting.open_items.values import Pairing
from app.kernel import ids
from app.kernel.db import session

REST = "Opening balance, not split yet"
"""The contact that holds a control account's opening balance until its items are known."""
_ids = ARRAY(sa.Uuid())
_DESCRIBE = sa.text("""
select count(ledger.describe_item(x.entry, x.no, x.due, x.reference))
from unnest(:entries, cast(:nos as int[]), cast(:dues as date[]), cast(:references as text[]))
  x(entry, no, due, reference)
""").bindparams(sa.bindparam("entries", type_=_ids))
_OPEN_REST = sa.text("""
select i.entry_id, i.no, i.residual, i.currency from ledger.open_item i
where i.counterparty_id = :contact and i.account_id = :account and i.residual <> 0
order by i.entry_id, i.no
""").bindparams(sa.bindparam("contact", type_=sa.Uuid()), sa.bindparam("account", type_=sa.Uuid()))
# What is open of everybody who stands on a control account in a file, in the base currency.
_OPEN_OF_FILE = sa.text("""
select i.entry_id, i.no, i.residual, i.account_id, i.counterparty_id, i.reference,
  greatest(i.booked_on, i.released_on) as day
from ledger.open_item i
where i.residual <> 0 and i.currency = :base and i.counterparty_id in (
  select o.counterparty_id from ledger.entry e join ledger.open_item o
    on o.tenant_id = e.tenant_id and o.entry_id = e.id
  where e.source_type = 'moving_file' and e.source_id = :file)
order by i.booked_on, i.entry_id, i.no
""").bindparams(sa.bindparam("file", type_=sa.Uuid()))
# All acts in one statement: one a day and block of pairs.
_SETTLE = sa.text("""
select count(ledger.allocate(a.de, a.dn, a.ce, a.cn, a.amounts, a.day)) from (
  select x.day, x.block, array_agg(x.de) as de, array_agg(x.dn) as dn, array_agg(x.ce) as ce,
    array_agg(x.cn) as cn, array_agg(x.amount) as amounts
  from unnest(cast(:days as date[]), cast(:blocks as int[]), :debits, cast(:debit_nos as int[]),
    :credits, cast(:credit_nos as int[]), cast(:amounts as bigint[]))
    x(day, block, de, dn, ce, cn, amount)
  group by x.day, x.block order by x.day, x.block) a
""").bindparams(sa.bindparam("debits", type_=_ids), sa.bindparam("credits", type_=_ids))


@dataclass(frozen=True, slots=True)
class Rest:
    """Where a control account's opening balance waits for its items, and the base currency."""

    account_id: UUID
    contact_id: UUID
    base: str


@dataclass(slots=True)
class _Side:
    """An open item while its amount is shared out."""

    entry_id: UUID
    no: int
    left: int
    day: date


def describe(rows: Iterable[tuple[UUID, int, date | None, str | None]]) -> None:
    """Gives items their due days and references; None leaves either as it is."""
    listed = list(rows)
    if listed:
        entries, nos, dues, references = (list(column) for column in zip(*listed, strict=True))
        values = {"entries": entries, "nos": nos, "dues": dues, "references": references}
        session.execute(_DESCRIBE, values)


def currencies_of(rest: Rest) -> set[str]:
    """The currencies that the balance not split yet is in."""
    values = {"account": rest.account_id, "contact": rest.contact_id}
    return {row.currency for row in session.execute(_OPEN_REST, values)}


def items_postings(
    items: Sequence[Item],
    contacts: Mapping[str, UUID],
    rest: Rest,
    *,
    sign: int,
    held: AbstractSet[str],
) -> tuple[PostingInput, ...]:
    """Items with what they are taken from: the rest in their currency where it is `held` in it,
    else in the base currency."""
    postings = [
        PostingInput(
            rest.account_id,
            sign * (item.foreign if item.currency else item.amount),
            item.currency or rest.base,
            sign * item.amount,
            counterparty_id=contacts[item.contact.casefold()],
            memo=item.reference or None,
        )
        for item in items
    ]
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in postings:
        currency = one.currency if one.currency in held else rest.base
        sums[currency][1] += one.base or 0
        sums[currency][0] += (one.base or 0) if currency == rest.base else one.amount
    against = [
        PostingInput(rest.account_id, -amount, currency, -base, counterparty_id=rest.contact_id)
        for currency, (amount, base) in sums.items()
        if amount or base
    ]
    return (*postings, *against)


def settle_rest(rest: Rest, on: date | None) -> str | None:
    """Settles the whole balance with the items it was split into; what differs stays open."""
    values = {"account": rest.account_id, "contact": rest.contact_id}
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(_OPEN_REST, values):
        groups[row.currency].append(_Side(row.entry_id, row.no, row.residual, date.min))
    pairs = [
        Pairing((debit.entry_id, debit.no), (credit.entry_id, credit.no), amount)
        for group in groups.values()
        for debit, credit, amount in _paired(group)
    ]
    if not pairs:
        return None
    made = open_items_commands.allocate(pairs=pairs, on=on, allocation_id=ids.uuid7())
    return str(made)


def _paired(items: Sequence[_Side]) -> Iterator[tuple[_Side, _Side, int]]:
    """The oldest debit with the oldest credit, until one side is used up."""
    debits = [one for one in items if one.left > 0]
    credits_ = [one for one in items if one.left < 0]
    while debits and credits_:
        debit, credit = debits[0], credits_[0]
        amount = min(debit.left, -credit.left)
        yield debit, credit, amount
        debit.left -= amount
        credit.left += amount
        if not debit.left:
            debits.pop(0)
        if not credit.left:
            credits_.pop(0)


def settle_moved(file_id: UUID, base: str) -> int:
    """Settles what the other package had settled, as far as its ledger shows; answers the pairs.

    Items of one contact and reference that add up to nothing settle each other; so does all of a
    contact whose balance is nothing. All else stays open for a person: no guess at what a payment
    was for. Items in other currencies stay open too, as their exchange differences come with the
    ledger.
    """
    rows = session.execute(_OPEN_OF_FILE, {"file": file_id, "base": base}).all()
    groups: dict[object, list[_Side]] = defaultdict(list)
    people: dict[object, list[_Side]] = defaultdict(list)
    for row in rows:
        one = _Side(row.entry_id, row.no, row.residual, row.day)
        person = (row.account_id, row.counterparty_id)
        groups[(*person, row.reference.casefold())].append(one)
        people[person].append(one)
    pairs: list[tuple[_Side, _Side, int]] = []
    for group in (*groups.values(), *people.values()):
        if sum(one.left for one in group) == 0:
            pairs += _paired(group)
    if pairs:
        session.execute(_SETTLE, _acts(pairs))
    return len(pairs)


def _acts(pairs: Sequence[tuple[_Side, _Side, int]]) -> dict[str, list[Any]]:
    """Pairs as columns, each with its day and the block of that day that it is in."""
    counted: dict[date, int] = defaultdict(int)
    days, blocks = [], []
    for debit, credit, _amount in pairs:
        day = max(debit.day, credit.day)
        days.append(day)
        blocks.append(counted[day] // MOST_PAIRS)
        counted[day] += 1
    return {
        "days": days,
        "blocks": blocks,
        "debits": [debit.entry_id for debit, _, _ in pairs],
        "debit_nos": [debit.no for debit, _, _ in pairs],
        "credits": [credit.entry_id for _, credit, _ in pairs],
        "credit_nos": [credit.no for _, credit, _ in pairs],
        "amounts": [amount for _, _, amount in pairs],
    }
