"""What is done with bank accounts and bank lines: create, book, undo, rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from app.accounting import commands, queries
from app.accounting.bank import dedupe as bank_dedupe
from app.accounting.coding import Coding, Part
from app.accounting.ledger import PostedEntry
from app.accounting.reconcile import commands as reconcile_commands
from app.accounting.reconcile import lines as reconcile_lines
from app.kernel import money
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class AccountCoding:
    """A bank line coded to one other account, and what goes with it; `Coding` has many parts."""

    account_id: UUID
    counterparty_id: UUID | None = None
    tax_code: str | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None
    memo: str | None = None
    rate: Decimal | None = None
    """Units of base currency for one unit of the line's; only where they differ."""


def create_bank_account(
    *, number: str, name: str, currency: str, account_id: UUID | None = None
) -> UUID:
    """Add a bank account with its account in the books, which is made when none is given.

    Raises Invalid for a number already known in that currency, an unknown currency, or an account
    of the books that is archived, in another currency or taken by another bank account.
    """
    plain = bank_dedupe.normal_number(number)
    if not plain:
        raise Invalid.of("number", "bank-number-missing")
    if currency not in money.CURRENCIES:
        raise Invalid.of("currency", "currency-unknown", currency=currency)
    if session.execute(_NUMBER_TAKEN, {"number": plain, "currency": currency}).scalar():
        raise Invalid.of("number", "bank-number-taken", number=plain)
    ledger_id = account_id or _new_account(name, currency)
    if account_id is not None:
        _check_account(account_id, currency)
    values = {"number": plain, "name": name.strip(), "currency": currency, "account": ledger_id}
    made: UUID = session.execute(_ADD_ACCOUNT, values).scalar_one()
    session.execute(_ADD_NUMBER, {"number": plain, "currency": currency, "account": made})
    return made


def _new_account(name: str, currency: str) -> UUID:
    """The next free code behind the bank accounts there are."""
    known = queries.accounts(include_archived=True)
    codes = {one.code for one in known}
    banks = sorted(one.code for one in known if one.subtype == "bank" and one.code.isdigit())
    start = int(banks[-1]) + 1 if banks else 1001
    code = next(str(number) for number in range(start, start + 10_000) if str(number) not in codes)
    return commands.create_account(
        code=code, name=name.strip(), type="asset", subtype="bank", currency=currency
    )


def _check_account(account_id: UUID, currency: str) -> None:
    account = queries.account(account_id)
    if account.archived:
        raise Invalid.of("account_id", "account-archived")
    if account.currency not in (None, currency):
        raise Invalid.of(
            "account_id", "bank-account-currency", currency=currency, other=account.currency
        )
    if session.execute(_ACCOUNT_TAKEN, {"account": account_id}).scalar():
        raise Invalid.of("account_id", "bank-account-taken")


def rename_bank_account(*, bank_account_id: UUID, name: str, version: int) -> None:
    """Give a bank account another name; Conflict when somebody else changed it meanwhile."""
    found = session.execute(
        _RENAME, {"id": bank_account_id, "name": name.strip(), "version": version}
    )
    if found.scalar_one_or_none() is None:
        if session.execute(_ACCOUNT, {"id": bank_account_id}).one_or_none() is None:
            raise NotFound
        raise Conflict("changed-meanwhile")


def set_rate(*, currency: str, on: date, rate: Decimal) -> None:
    """Keep what one unit of a currency is worth in the base currency from that day on.

    The same day again replaces its rate. Raises Invalid for an unknown currency, the base currency
    itself and a rate that is not above zero and below a thousand million.
    """
    if currency not in money.CURRENCIES:
        raise Invalid.of("currency", "currency-unknown", currency=currency)
    if currency == queries.book().base_currency:
        raise Invalid.of("currency", "rate-of-base", currency=currency)
    if not Decimal("0.0000000001") <= rate < Decimal(10) ** 9:
        raise Invalid.of("rate", "rate-out-of-range")
    session.execute(_SET_RATE, {"currency": currency, "on": on, "rate": rate})


def book_line(*, line_id: UUID, version: int, coding: AccountCoding) -> PostedEntry:
    """Post a bank line against one account and meter it, in the caller's transaction.

    Raises NotFound, Conflict (`bank-line-decided`, `bank-line-booked`, `bank-line-pending`),
    Invalid (`rate-missing`) and whatever the ledger refuses, such as a closed period.
    """
    line = reconcile_lines.hold_one(line_id, version)
    if coding.account_id == line.account_id:
        raise Invalid.of("account_id", "bank-line-own-account")
    part = Part(
        account_id=coding.account_id,
        amount_minor=-line.amount_minor,
        currency=line.currency,
        tax_code=coding.tax_code,
        dim1_id=coding.dim1_id,
        dim2_id=coding.dim2_id,
        counterparty_id=coding.counterparty_id,
        memo=coding.memo,
    )
    done = reconcile_commands.book(
        line_id=line_id, version=version, coding=Coding((part,)), rate=coding.rate
    )
    if done.entry is None:
        raise NotFound
    return done.entry


_TENANT = "tenant_id = (select guard.tenant_id())"
_NUMBER_TAKEN = sa.text(
    f"select true from app.bank_account_number where {_TENANT}"
    " and number = :number and currency = :currency"
)
_ACCOUNT_TAKEN = sa.text(
    f"select true from app.bank_account where {_TENANT} and account_id = :account"
)
_ACCOUNT = sa.text(f"select id from app.bank_account where {_TENANT} and id = :id")
_ADD_ACCOUNT = sa.text(
    "insert into app.bank_account (tenant_id, number, name, currency, account_id)"
    " values ((select guard.tenant_id()), :number, :name, :currency, :account) returning id"
)
_ADD_NUMBER = sa.text(
    "insert into app.bank_account_number (tenant_id, number, currency, bank_account_id)"
    " values ((select guard.tenant_id()), :number, :currency, :account)"
)
_RENAME = sa.text(
    f"update app.bank_account set name = :name, version = version + 1 where {_TENANT}"
    " and id = :id and version = :version returning id"
)
_SET_RATE = sa.text(
    "insert into app.exchange_rate (tenant_id, currency, rated_on, rate)"
    " values ((select guard.tenant_id()), :currency, :on, :rate)"
    " on conflict (tenant_id, currency, rated_on) do update set rate = excluded.rate"
)
