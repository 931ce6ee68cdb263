"""What queries of open items answer: frozen values, amounts in minor units, debit positive."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

ItemKey = tuple[UUID, int]

RECEIVABLE, PAYABLE = "receivable", "payable"
CONTROLS = (RECEIVABLE, PAYABLE)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A posting on a control account; `residual` is what no allocation has settled.

    `amount` and `residual` are in minor units of `currency`, `base` and `residual_base` in those of
    the base currency; a residual has the sign of its amount. `counterparty_id` is who the contact
    turned out to be, where it was merged into another.
    """

    entry_id: UUID
    no: int
    account_id: UUID
    counterparty_id: UUID
    counterparty: str
    control: str
    booked_on: dt.date
    due_on: dt.date
    reference: str
    currency: str
    amount: int
    base: int
    residual: int
    residual_base: int
    journal: str
    fiscal_year: int
    number: int

    @property
    def key(self) -> ItemKey:
        """Which posting it is."""
        return (self.entry_id, self.no)

    @property
    def side(self) -> int:
        """1 for what a credit settles, -1 for what a debit settles."""
        return 1 if (self.amount or self.base) > 0 else -1

    @property
    def label(self) -> str:
        """The entry's human name, such as BANK 2026/17."""
        return f"{self.journal} {self.fiscal_year}/{self.number}"


@dataclass(frozen=True, slots=True)
class OpenItemPage:
    """Open items in the order asked for; `next` is the key of the page after."""

    rows: tuple[OpenItem, ...]
    next: tuple[dt.date, UUID, int] | None


@dataclass(frozen=True, slots=True)
class Pairing:
    """A debit item and a credit item that settle each other by an amount of their currency."""

    debit: ItemKey
    credit: ItemKey
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """One pair of an act of settling; `released_on` is the day it was taken back from."""

    id: UUID
    no: int
    debit: ItemKey
    debit_label: str
    credit: ItemKey
    credit_label: str
    on: dt.date
    currency: str
    amount: int
    base: int
    difference_entry_id: UUID | None
    made_by: UUID
    made_at: dt.datetime
    released_on: dt.date | None
    of_reversal: bool


@dataclass(frozen=True, slots=True)
class AgedRow:
    """What one contact owes or is owed by age, in minor units of the base currency.

    `buckets` follow `BUCKETS`: not yet due, then days over due 0, 1-30, 31-60, 61-90 and 91 on.
    """

    counterparty_id: UUID
    name: str
    buckets: tuple[int, ...]
    total: int
    items: int
    oldest_due: dt.date | None


@dataclass(frozen=True, slots=True)
class Aged:
    """Open items of one kind of control account by contact and age on a day, in base currency.

    `account_balance` is what the control accounts say on that day; `total` must equal it.
    """

    control: str
    on: dt.date
    currency: str
    rows: tuple[AgedRow, ...]
    totals: tuple[int, ...]
    total: int
    account_balance: int

    @property
    def agrees(self) -> bool:
        """Whether the list says what the control accounts say."""
        return self.total == self.account_balance


BUCKETS = ("future", "current", "30", "60", "90", "older")
