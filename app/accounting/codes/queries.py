"""Tax codes and dimensions with what is archived, for the screens that keep them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from app.accounting import queries
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.words import gettext as _


@dataclass(frozen=True, slots=True)
class TaxRow:
    """A tax code; rate 0.2 is twenty percent, the account is where the tax is booked.

    A reverse charge has an account of its own for the tax owed.
    """

    code: str
    name: str
    rate: Decimal
    account_id: UUID | None
    account: str | None
    reverse_account_id: UUID | None
    reverse_account: str | None
    archived: bool


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A value of a dimension."""

    id: UUID
    slot: int
    code: str
    name: str
    archived: bool


_TAXES = (
    "select t.code, t.name, t.rate, t.account_id, a.code || ' ' || a.name as account,"
    " t.reverse_account_id, r.code || ' ' || r.name as reverse_account,"
    " t.archived_at is not null as archived from ledger.tax_code t"
    " left join ledger.account a on a.tenant_id = t.tenant_id and a.id = t.account_id"
    " left join ledger.account r on r.tenant_id = t.tenant_id and r.id = t.reverse_account_id"
)


def tax_codes() -> list[TaxRow]:
    """All tax codes, living ones first."""
    rows = session.execute(sa.text(f"{_TAXES} order by t.archived_at is not null, t.code"))
    return [TaxRow(**row) for row in rows.mappings()]


def tax_code(code: str) -> TaxRow:
    """One tax code; raises NotFound (tax-code-unknown)."""
    row = session.execute(sa.text(f"{_TAXES} where t.code = :code"), {"code": code})
    found = row.mappings().one_or_none()
    if found is None:
        raise NotFound("tax-code-unknown")
    return TaxRow(**found)


def tax_options() -> list[tuple[str, str]]:
    """The taxes in use to choose from; a reverse charge says that what is paid is net."""
    return [
        (
            one.code,
            _("%(tax)s: paid net, tax on both sides", tax=f"{one.code} {one.name}")
            if one.reverse_account_id
            else f"{one.code} {one.name}",
        )
        for one in queries.tax_codes()
    ]


def reverse_codes() -> frozenset[str]:
    """The codes of reverse charges, archived ones too."""
    rows = session.execute(
        sa.text("select code from ledger.tax_code where reverse_account_id is not null")
    )
    return frozenset(rows.scalars())


def dimension_names() -> dict[int, str]:
    """What the first and second dimension mean, where they are named."""
    rows = session.execute(sa.text("select slot, name from ledger.dimension order by slot"))
    return {row.slot: row.name for row in rows}


def dimension_values() -> list[ValueRow]:
    """All values, by slot, living ones first."""
    rows = session.execute(
        sa.text(
            "select id, slot, code, name, archived_at is not null as archived"
            " from ledger.dimension_value order by slot, archived_at is not null, code"
        )
    )
    return [ValueRow(**row) for row in rows.mappings()]
