"""Bank accounts, statement files and bank lines as the screens and the API read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting.bank import words as bank_words
from app.kernel import paging
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.money import Money


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A bank account with what is left to do and the newest balance the bank stated."""

    id: UUID
    number: str
    name: str
    currency: str
    account_id: UUID
    version: int
    to_do: int
    oldest: date | None
    stated_minor: int | None
    stated_on: date | None

    @property
    def stated(self) -> Money | None:
        """The newest closing balance of a statement."""
        return None if self.stated_minor is None else Money(self.stated_minor, self.currency)


@dataclass(frozen=True, slots=True)
class StatementFileView:
    """An uploaded file: what it was, what became of it, and the doubts."""

    id: UUID
    name: str
    format: str | None
    state: str
    size: int
    sha256: str
    stored_object_id: UUID
    accounts: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    error: dict[str, Any] | None
    lines_total: int
    lines_new: int
    job_id: UUID | None
    uploaded_by: UUID
    uploaded_at: datetime
    source: str
    has_mapping: bool


@dataclass(frozen=True, slots=True)
class StatementView:
    """One statement of a file, with its balances."""

    id: UUID
    position: int
    bank_account_id: UUID
    account: str
    number: str | None
    page: str | None
    currency: str
    from_on: date | None
    to_on: date | None
    opening_minor: int | None
    closing_minor: int | None
    balances_agree: bool | None

    @property
    def opening(self) -> Money | None:
        """The opening balance, where the statement says it."""
        return None if self.opening_minor is None else Money(self.opening_minor, self.currency)

    @property
    def closing(self) -> Money | None:
        """The closing balance, where the statement says it."""
        return None if self.closing_minor is None else Money(self.closing_minor, self.currency)


@dataclass(frozen=True, slots=True)
class BankLine:
    """One transaction of a statement and what was done with it."""

    id: UUID
    bank_account_id: UUID
    bank_account: str
    account_id: UUID
    booked_on: date
    value_on: date | None
    amount_minor: int
    currency: str
    status: str
    counterparty: str | None
    counterparty_account: str | None
    reference: str | None
    end_to_end_id: str | None
    bank_id: str | None
    text: str
    amount_written: str | None
    line: int | None
    state: str
    entry_id: UUID | None
    version: int
    statement_id: UUID
    file_id: UUID
    file_name: str

    @property
    def amount(self) -> Money:
        """Positive for money into the account."""
        return Money(self.amount_minor, self.currency)

    @property
    def title(self) -> str:
        """What a person recognises the line by."""
        return self.counterparty or self.text or self.reference or self.bank_id or self.file_name


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which bank lines: `state` to_do, booked or all; `amount_minor` matches either direction."""

    state: str = "all"
    bank_account_id: UUID | None = None
    file_id: UUID | None = None
    text: str | None = None
    amount_minor: int | None = None


def bank_accounts() -> list[BankAccount]:
    """The client's bank accounts by name; one query."""
    return [BankAccount(**row._mapping) for row in session.execute(_ACCOUNTS)]


def bank_account(bank_account_id: UUID) -> BankAccount:
    """One bank account; raises NotFound."""
    found = next((one for one in bank_accounts() if one.id == bank_account_id), None)
    if found is None:
        raise NotFound
    return found


def files(*, after: str | None = None, limit: int = 50) -> paging.Page[StatementFileView]:
    """Uploaded files, newest first."""
    limit = paging.clamp(limit, default=50)
    at, last = paging.keys(after, paging.moment, UUID) or (None, None)
    values = {"limit": limit + 1, "at": at, "id": last}
    found = [_file_view(row) for row in session.execute(_FILES, values)]
    return paging.page(found, limit=limit, key=lambda one: (one.uploaded_at, one.id))


def file(file_id: UUID) -> StatementFileView:
    """One uploaded file; raises NotFound."""
    row = session.execute(_FILE, {"id": file_id}).one_or_none()
    if row is None:
        raise NotFound
    return _file_view(row)


def _file_view(row: sa.Row[Any]) -> StatementFileView:
    found = dict(row._mapping)
    found["warnings"] = [bank_words.shown(note) for note in row.warnings]
    found["error"] = bank_words.shown(row.error) if row.error else None
    return StatementFileView(**found)


def statements(file_id: UUID) -> list[StatementView]:
    """The statements of a file in its order."""
    rows = session.execute(_STATEMENTS, {"file": file_id})
    return [StatementView(**row._mapping) for row in rows]


def lines(
    wanted: LineFilter, *, after: str | None = None, limit: int = 100
) -> paging.Page[BankLine]:
    """Bank lines, newest first (to do: oldest first), a page at a time by keyset."""
    limit = paging.clamp(limit)
    keys = paging.keys(after, date.fromisoformat, UUID)
    where, values = _conditions(wanted)
    ascending = wanted.state == "to_do"
    if keys:
        sign = ">" if ascending else "<"
        where.append(f"(t.booked_on, t.id) {sign} (:after_on, :after_id)")
        values |= {"after_on": keys[0], "after_id": keys[1]}
    direction = "asc" if ascending else "desc"
    order = f" order by t.booked_on {direction}, t.id {direction} limit :limit"
    statement = sa.text(_LINES + "".join(f" and {one}" for one in where) + order)
    rows = session.execute(statement, values | {"limit": limit + 1})
    found = [BankLine(**row._mapping) for row in rows]
    return paging.page(found, limit=limit, key=lambda one: (one.booked_on, one.id))


def line(line_id: UUID) -> BankLine:
    """One bank line with its file; raises NotFound."""
    row = session.execute(sa.text(_LINES + " and t.id = :id"), {"id": line_id}).one_or_none()
    if row is None:
        raise NotFound
    return BankLine(**row._mapping)


def next_to_do(line_id: UUID) -> UUID | None:
    """The line to do that follows another one by date; else the oldest there is."""
    found: UUID | None = session.execute(_NEXT, {"id": line_id}).scalar_one_or_none()
    return found


def count(wanted: LineFilter, *, bound: int = 1000) -> int:
    """How many lines the filter finds, counted up to `bound` and one more."""
    where, values = _conditions(wanted)
    inner = _COUNT + "".join(f" and {one}" for one in where) + " limit :bound"
    found = session.execute(
        sa.text(f"select count(*) from ({inner}) c"), values | {"bound": bound + 1}
    )
    return int(found.scalar_one())


def rate(currency: str, on: date) -> Decimal | None:
    """The rate kept for that day or the last one before it."""
    found: Decimal | None = session.execute(
        _RATE, {"currency": currency, "on": on}
    ).scalar_one_or_none()
    return found


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of `currency` is worth in the base currency from that day on."""

    id: UUID
    currency: str
    rated_on: date
    rate: Decimal


def rates(*, after: str | None = None, limit: int = 100) -> paging.Page[Rate]:
    """The rates kept, newest first, a page at a time by keyset."""
    limit = paging.clamp(limit)
    on, currency = paging.keys(after, date.fromisoformat, str) or (None, None)
    values = {"limit": limit + 1, "on": on, "currency": currency}
    found = [Rate(**row._mapping) for row in session.execute(_RATES, values)]
    return paging.page(found, limit=limit, key=lambda one: (one.rated_on, one.currency))


def _conditions(wanted: LineFilter) -> tuple[list[str], dict[str, Any]]:
    where: list[str] = []
    values: dict[str, Any] = {}
    if wanted.state == "to_do":
        where.append("t.state = 'to_do' and t.status = 'booked'")
    elif wanted.state == "booked":
        where.append("t.state = 'booked'")
    if wanted.bank_account_id is not None:
        where.append("t.bank_account_id = :account")
        values["account"] = wanted.bank_account_id
    if wanted.file_id is not None:
        where.append(
            "t.statement_id in (select id from app.statement where tenant_id = t.tenant_id"
            " and file_id = :file)"
        )
        values["file"] = wanted.file_id
    if wanted.amount_minor is not None:
        where.append("abs(t.amount_minor) = :amount")
        values["amount"] = abs(wanted.amount_minor)
    if wanted.text:
        where.append(
            "concat_ws(' ', t.counterparty, t.text, t.reference, t.end_to_end_id) ilike :text"
        )
        escaped = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["text"] = f"%{escaped}%"
    return where, values


_TENANT = "tenant_id = (select guard.tenant_id())"
_ACCOUNTS = sa.text(
    "select a.id, a.number, a.name, a.currency, a.account_id, a.version,"
    " coalesce(d.n, 0) as to_do, d.oldest, s.closing_minor as stated_minor, s.to_on as stated_on"
    " from app.bank_account a"
    " left join (select bank_account_id, count(*) as n, min(booked_on) as oldest"
    f" from app.bank_transaction where {_TENANT} and state = 'to_do' and status = 'booked'"
    " group by bank_account_id) d on d.bank_account_id = a.id"
    " left join lateral (select closing_minor, to_on from app.statement"
    " where tenant_id = a.tenant_id and bank_account_id = a.id and closing_minor is not null"
    " order by to_on desc nulls last, position desc limit 1) s on true"
    " where a.tenant_id = (select guard.tenant_id()) order by a.name, a.id"
)
_FILE_COLUMNS = (
    "select id, name, format, state, size, sha256, stored_object_id, accounts, warnings, error,"
    " lines_total, lines_new, job_id, uploaded_by, uploaded_at, source,"
    " mapping is not null as has_mapping from app.statement_file"
    f" where {_TENANT}"
)
_FILE = sa.text(f"{_FILE_COLUMNS} and id = :id")
_FILES = sa.text(
    f"{_FILE_COLUMNS} and (cast(:at as timestamptz) is null"
    " or (uploaded_at, id) < (cast(:at as timestamptz), cast(:id as uuid)))"
    " order by uploaded_at desc, id desc limit :limit"
)
_STATEMENTS = sa.text(
    "select s.id, s.position, s.bank_account_id, a.name as account, s.number, s.page, s.currency,"
    " s.from_on, s.to_on, s.opening_minor, s.closing_minor, s.balances_agree"
    " from app.statement s join app.bank_account a on a.tenant_id = s.tenant_id"
    " and a.id = s.bank_account_id where s.tenant_id = (select guard.tenant_id())"
    " and s.file_id = :file order by s.position limit 1000"
)
_LINES = (
    "select t.id, t.bank_account_id, a.name as bank_account, a.account_id, t.booked_on,"
    " t.value_on, t.amount_minor, t.currency, t.status, t.counterparty, t.counterparty_account,"
    " t.reference, t.end_to_end_id, t.bank_id, t.text, t.amount_written, t.line, t.state,"
    " t.entry_id, t.version, t.statement_id, s.file_id, f.name as file_name"
    " from app.bank_transaction t"
    " join app.bank_account a on a.tenant_id = t.tenant_id and a.id = t.bank_account_id"
    " join app.statement s on s.tenant_id = t.tenant_id and s.id = t.statement_id"
    " join app.statement_file f on f.tenant_id = s.tenant_id and f.id = s.file_id"
    " where t.tenant_id = (select guard.tenant_id())"
)
_NEXT = sa.text(
    "select t.id from app.bank_transaction t join app.bank_transaction l"
    " on l.tenant_id = t.tenant_id and l.id = :id"
    " where t.tenant_id = (select guard.tenant_id()) and t.state = 'to_do'"
    " and t.status = 'booked' order by (t.booked_on, t.id) <= (l.booked_on, l.id),"
    " t.booked_on, t.id limit 1"
)
_COUNT = "select 1 from app.bank_transaction t where t.tenant_id = (select guard.tenant_id())"
_RATE = sa.text(
    f"select rate from app.exchange_rate where {_TENANT} and currency = :currency"
    " and rated_on <= :on order by rated_on desc limit 1"
)
_RATES = sa.text(
    f"select id, currency, rated_on, rate from app.exchange_rate where {_TENANT}"
    " and (cast(:on as date) is null or rated_on < cast(:on as date)"
    " or (rated_on = cast(:on as date) and currency > cast(:currency as text)))"
    " order by rated_on desc, currency limit :limit"
)
