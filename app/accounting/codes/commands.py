"""Keeps tax codes and dimensions: make, change, archive and take back."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from app.accounting import commands
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound

_TENANT = "tenant_id = (select guard.tenant_id())"
_ADD_TAX = sa.text(
    "insert into ledger.tax_code (tenant_id, code, name, rate, account_id)"
    " values ((select guard.tenant_id()), :code, :name, :rate, :account)"
    " on conflict do nothing returning code"
).bindparams(sa.bindparam("account", type_=sa.Uuid()))
_CHANGE_TAX = sa.text(
    f"update ledger.tax_code set name = :name, account_id = :account where {_TENANT}"
    " and code = :code returning code"
).bindparams(sa.bindparam("account", type_=sa.Uuid()))
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


def create_tax(*, code: str, name: str, percent: Decimal, account_id: UUID | None) -> None:
    """Makes a tax code; 20 is twenty percent of the net. The rate never changes afterwards.

    Raises Invalid (tax-rate, tax-account) and Conflict (tax-code-taken).
    """
    if not percent.is_finite() or not -100 < percent <= 1000:
        raise Invalid.of("rate", "tax-rate")
    _check_account(account_id)
    values = {"code": code, "name": name, "rate": percent / 100, "account": account_id}
    if session.execute(_ADD_TAX, values).first() is None:
        raise Conflict("tax-code-taken")


def change_tax(code: str, *, name: str, account_id: UUID | None) -> None:
    """Changes the name of a tax code and where new tax is booked; raises NotFound."""
    _check_account(account_id)
    values = {"code": code, "name": name, "account": account_id}
    if session.execute(_CHANGE_TAX, values).first() is None:
        raise NotFound("tax-code-unknown")


def _check_account(account_id: UUID | None) -> None:
    """Tax is booked on a balance sheet account that needs no contact."""
    if account_id is None:
        return
    fits = sa.text(
        "select 1 from ledger.account where id = :id and control is null"
        " and archived_at is null and type in ('asset', 'liability')"
    )
    if session.execute(fits, {"id": account_id}).first() is None:
        raise Invalid.of("account", "tax-account")


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
