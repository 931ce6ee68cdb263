"""Bank rules as screens and API read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.kernel.db import session
from app.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class BankRule:
    """A rule with what it is called on screen; `booked` counts the lines it booked."""

    id: UUID
    name: str
    position: int
    bank_account_id: UUID | None
    bank_account: str | None
    direction: str
    amount_from_minor: int | None
    amount_to_minor: int | None
    currency: str | None
    party_pattern: str | None
    text_pattern: str | None
    account_id: UUID
    account: str
    tax_code: str | None
    dim1_id: UUID | None
    dim2_id: UUID | None
    counterparty_id: UUID | None
    memo: str | None
    needs_document: bool
    archived_at: datetime | None
    version: int
    booked: int


def rules(*, archived: bool = False) -> list[BankRule]:
    """The rules in their order; of two that fit a line the first one wins."""
    where = "is not null" if archived else "is null"
    rows = session.execute(
        sa.text(f"{_RULE} and r.archived_at {where} order by r.position, r.id limit 1000")
    )
    return [BankRule(**row._mapping) for row in rows]


def rule(rule_id: UUID) -> BankRule:
    """One rule; raises NotFound."""
    row = session.execute(sa.text(f"{_RULE} and r.id = :id"), {"id": rule_id}).one_or_none()
    if row is None:
        raise NotFound
    return BankRule(**row._mapping)


_RULE = (
    "select r.id, r.name, r.position, r.bank_account_id, b.name as bank_account, r.direction,"
    " r.amount_from_minor, r.amount_to_minor, r.currency, r.party_pattern, r.text_pattern,"
    " r.account_id, a.code || ' ' || a.name as account, r.tax_code, r.dim1_id, r.dim2_id,"
    " r.counterparty_id, r.memo, r.needs_document, r.archived_at, r.version,"
    " (select count(*) from app.bank_transaction t where t.tenant_id = r.tenant_id"
    "   and t.rule_id = r.id) as booked"
    " from app.bank_rule r join ledger.account a on a.tenant_id = r.tenant_id"
    " and a.id = r.account_id left join app.bank_account b on b.tenant_id = r.tenant_id"
    " and b.id = r.bank_account_id where r.tenant_id = (select guard.tenant_id())"
)
