"""Keeps tax codes and dimensions: make, change, archive and take back."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting import commands
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound

_TENANT = "tenant_id = (select guard.tenant_id())"
_ACCOUNTS = (
    sa.bindparam("account", type_=sa.Uuid()),
    sa.bindparam("reverse", type_=sa.Uuid()),
)
_ADD_TAX = sa.text(
    "insert into ledger.tax_code (tenant_id, code, name, rate, account_id, reverse_account_id)"
    " values ((select guard.tenant_id()), :code, :name, :rate, :account, :reverse)"
    " on conflict do nothing returning code"
).bindparams(*_ACCOUNTS)
_CHANGE_TAX = sa.text(
    f"update ledger.tax_code set name = :name, account_id = :account,"
    f" reverse_account_id = :reverse where {_TENANT} and code = :code returning code"
).bindparams(*_ACCOUNTS)
_ARCHIVE_TAX = sa.text(
    "update ledger.tax_code set archived_at ="
    " case when :archived then coalesce(archived_at, now()) end"
    f" where {_TENANT} and code = :code returning code"
)
_CHANGE_VALUE = sa.text(
    f"update ledger.dimension_value set name = :name where {_TENANT} and id = :id returning id"
)
_ARCHIVE_VALUE = sa.text(
    "update ledger.dimension_value set archived_at ="
    " case when :archived then coalesce(archived_at, now()) end"
    f" where {_TENANT} and id = :id returning id"
)
_VALUE_TAKEN = sa.text("select 1 from ledger.dimension_value where slot = :slot and code = :code")


def create_tax(
    *,
    code: str,
    name: str,
    percent: Decimal,
    account_id: UUID | None,
    reverse_account_id: UUID | None = None,
) -> None:
    """Makes a tax code; 20 is twenty percent of the net. The rate never changes afterwards.

    With a reverse account it is a reverse charge: the tax owed goes there, what is deducted of it
    to the account. Raises Invalid (tax-rate, tax-account, tax-reverse-same) and Conflict
    (tax-code-taken).
    """
    if not percent.is_finite() or not -100 < percent <= 1000:
        raise Invalid.of("rate", "tax-rate")
    _check_accounts(account_id, reverse_account_id)
    values = {
        "code": code,
        "name": name,
        "rate": percent / 100,
        "account": account_id,
        "reverse": reverse_account_id,
    }
    if session.execute(_ADD_TAX, values).first() is None:
        raise Conflict("tax-code-taken")


def change_tax(
    code: str, *, name: str, account_id: UUID | None, reverse_account_id: UUID | None = None
) -> None:
    """Changes the name of a tax code and where new tax is booked; raises NotFound."""
    _check_accounts(account_id, reverse_account_id)
    values = {
        "code": code,
        "name": name,
        "account": account_id,
        "reverse": reverse_account_id,
    }
    if session.execute(_CHANGE_TAX, values).first() is None:
        raise NotFound("tax-code-unknown")


def _check_accounts(account_id: UUID | None, reverse_account_id: UUID | None) -> None:
    """Tax is booked on balance sheet accounts that need no contact; both sides on two of them."""
    if account_id is not None and account_id == reverse_account_id:
        raise Invalid.of("reverse_account", "tax-reverse-same")
    wanted = {"account": account_id, "reverse_account": reverse_account_id}
    fits = sa.text(
        "select id from ledger.account where id = any (:ids) and control is null"
        " and archived_at is null and type in ('asset', 'liability')"
    ).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))
    given = [one for one in wanted.values() if one is not None]
    good = set(session.execute(fits, {"ids": given}).scalars()) if given else set()
    for field, account in wanted.items():
        if account is not None and account not in good:
            raise Invalid.of(field, "tax-account")


def archive_tax(code: str, *, archived: bool = True) -> None:
    """Takes a tax code out of use: nothing new carries it. Or takes it back."""
    if session.execute(_ARCHIVE_TAX, {"code": code, "archived": archived}).first() is None:
        raise NotFound("tax-code-unknown")


def create_value(*, slot: int, code: str, name: str) -> UUID:
    """Makes a value of a named dimension; raises Conflict (dimension-code-taken) and NotFound."""
    if session.execute(_VALUE_TAKEN, {"slot": slot, "code": code}).first():
        raise Conflict("dimension-code-taken")
    return commands.create_dimension_values(slot=slot, values={code: name})[code]


def rename_value(value_id: UUID, *, name: str) -> None:
    """Gives a value another name; raises NotFound."""
    if session.execute(_CHANGE_VALUE, {"id": value_id, "name": name}).first() is None:
        raise NotFound("dimension-unknown")


def archive_value(value_id: UUID, *, archived: bool = True) -> None:
    """Takes a value out of use: nothing new carries it. Or takes it back."""
    if session.execute(_ARCHIVE_VALUE, {"id": value_id, "archived": archived}).first() is None:
        raise NotFound("dimension-unknown")
