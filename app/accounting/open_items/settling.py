"""What an entry's page says of its open items: what is left of each, and what settled it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.accounting.open_items import queries
from app.accounting.open_items.values import Allocation, ItemKey, OpenItem
from app.accounting.values import Entry


@dataclass(frozen=True, slots=True)
class Settled:
    """One item of another entry that settled some of this one; `released_on` when taken back."""

    key: ItemKey
    label: str
    on: dt.date
    amount: int
    currency: str
    released_on: dt.date | None
    of_reversal: bool


@dataclass(frozen=True, slots=True)
class ItemOfEntry:
    """A posting on a control account with what settled it, newest first."""

    item: OpenItem
    settled: tuple[Settled, ...]


def of_entry(entry: Entry) -> tuple[ItemOfEntry, ...]:
    """The open items of an entry in the order of its postings; none costs one short query."""
    found = queries.items([(entry.id, one.no) for one in entry.postings if one.counterparty_id])
    if not found:
        return ()
    pairs = queries.allocations_at(entry.id)
    return tuple(ItemOfEntry(found[key], _settled(key, pairs)) for key in sorted(found))


def _settled(key: ItemKey, pairs: tuple[Allocation, ...]) -> tuple[Settled, ...]:
    others = [
        (pair, pair.credit, pair.credit_label)
        if pair.debit == key
        else (pair, pair.debit, pair.debit_label)
        for pair in pairs
        if key in (pair.debit, pair.credit)
    ]
    return tuple(
        Settled(other, label, pair.on, pair.amount, pair.currency, pair.released_on,
                pair.of_reversal)
        for pair, other, label in others
    )  # fmt: skip
