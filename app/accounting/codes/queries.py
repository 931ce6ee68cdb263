"""Tax codes and dimensions with what is archived, for the screens that keep them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from app.kernel.db import session
from app.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class TaxRow:
    """A tax code; rate 0.2 is twenty percent, the account is where the tax is booked."""

    code: str
    name: str
    rate: Decimal
    account_id: UUID | None
    account: str | None
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
    " t.archived_at is not null as archived from ledger.tax_code t"
    " left join ledger.account a on a.tenant_id = t.tenant_id and a.id = t.account_id"
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
