"""What queries of the books answer: frozen values, amounts in minor units, debit positive."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart."""

    id: UUID
    code: str
    name: str
    type: str
    subtype: str | None
    currency: str | None
    control: str | None
    tax_code: str | None
    archived: bool


@dataclass(frozen=True, slots=True)
class Period:
    """A month of a fiscal year; state is open, in_review or closed."""

    id: int
    fiscal_year: int
    starts: dt.date
    ends: dt.date
    state: str


@dataclass(frozen=True, slots=True)
class Counterparty:
    """Somebody the client deals with."""

    id: UUID
    name: str
    kind: str
    account_id: UUID | None


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A tax; rate 0.2 is twenty percent. A reverse charge has an account for the tax owed."""

    code: str
    name: str
    rate: Any
    account_id: UUID | None = None
    reverse_account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DimensionValue:
    """A value of a dimension, such as the cost centre "Workshop"; slot 1 or 2."""

    id: UUID
    slot: int
    dimension: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Journal:
    """A series of entries with numbers of its own."""

    code: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    """One account; without `since` debit or credit hold its balance, else its turnover."""

    account_id: UUID
    code: str
    name: str
    type: str
    subtype: str | None
    debit: int
    credit: int
    balance: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All accounts that moved, in base currency; debit and credit are equal."""

    on: dt.date
    since: dt.date | None
    currency: str
    rows: tuple[TrialBalanceRow, ...]
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class CurrencyRow:
    """One account in one currency, in that currency's minor units."""

    account_id: UUID
    code: str
    name: str
    currency: str
    debit: int
    credit: int
    balance: int


@dataclass(frozen=True, slots=True)
class PlRow:
    """An account by months; `compare` is its total in the span compared with."""

    account_id: UUID
    code: str
    name: str
    amounts: list[int]
    total: int
    compare: int | None


@dataclass(frozen=True, slots=True)
class PlSection:
    """A section or a result line (without rows); income and results are positive when earned."""

    key: str
    title: str
    rows: tuple[PlRow, ...]
    amounts: list[int]
    total: int
    compare: int | None


@dataclass(frozen=True, slots=True)
class ProfitAndLoss:
    """Income and expense of a span by calendar month, in base currency."""

    currency: str
    first: dt.date
    last: dt.date
    months: list[dt.date]
    sections: tuple[PlSection, ...]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One posting of an account with the balance after it, in base currency."""

    entry_id: UUID
    no: int
    date: dt.date
    journal: str
    fiscal_year: int
    number: int
    description: str
    memo: str | None
    currency: str
    amount: int
    base: int
    running: int
    counterparty: str | None
    source_type: str | None
    source_id: UUID | None


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Postings of an account, oldest first; `next` is the key of the page after."""

    base_currency: str
    account: Account
    opening: int
    rows: tuple[AccountRow, ...]
    closing: int
    next: tuple[dt.date, UUID, int] | None


@dataclass(frozen=True, slots=True)
class Posting:
    """One posting of an entry."""

    no: int
    account_id: UUID
    code: str
    name: str
    currency: str
    amount: int
    base: int
    counterparty_id: UUID | None
    counterparty: str | None
    tax_code: str | None
    dim1_id: UUID | None
    dim2_id: UUID | None
    memo: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A posted entry with everything that hangs on it."""

    id: UUID
    date: dt.date
    journal: str
    number: int
    fiscal_year: int
    description: str
    kind: str
    in_review: bool
    source_type: str | None
    source_id: UUID | None
    reverses_id: UUID | None
    reversed_by_id: UUID | None
    approved_ref: UUID | None
    made_by: UUID
    made_at: dt.datetime
    postings: tuple[Posting, ...]

    @property
    def label(self) -> str:
        """The entry's human name, such as BANK 2026/17."""
        return f"{self.journal} {self.fiscal_year}/{self.number}"


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One row of the journal; the amount is the total debit in base currency."""

    id: UUID
    date: dt.date
    journal: str
    fiscal_year: int
    number: int
    description: str
    amount: int
    kind: str
    in_review: bool
    reversed: bool
    source_type: str | None
    source_id: UUID | None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Entries, newest first; `next` is the key of the page after."""

    rows: tuple[EntryRow, ...]
    next: tuple[dt.date, UUID] | None
