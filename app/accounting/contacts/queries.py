"""What is asked of contacts: the list with what is open, one contact with its items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import paging
from app.kernel.db import session
from app.kernel.errors import NotFound

KINDS = ("customer", "supplier", "employee", "authority", "other")


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact in the list; amounts are open now, in minor units of `currency`, the base's;
    debit positive.
    """

    id: UUID
    name: str
    kind: str
    archived: bool
    receivable: int
    payable: int
    currency: str
    items: int
    oldest_due: dt.date | None


@dataclass(frozen=True, slots=True)
class Alias:
    """What else a contact is known as: kind is iban, name or token.

    `learnt_from` is the bank line whose acceptance taught it, booked by the bank on `learnt_on`.
    """

    id: UUID
    kind: str
    value: str
    learnt_from: UUID | None = None
    learnt_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact; `merged_into_id` is who it turned out to be."""

    id: UUID
    name: str
    kind: str
    account_id: UUID | None
    terms_days: int
    archived: bool
    merged_into_id: UUID | None
    version: int
    changed_by: UUID | None
    changed_at: dt.datetime | None
    account: str | None
    aliases: tuple[Alias, ...]


_OPEN = """
  select coalesce(sum(i.residual_base) filter (where i.control = 'receivable'), 0)::bigint
      as receivable,
    coalesce(sum(i.residual_base) filter (where i.control = 'payable'), 0)::bigint as payable,
    count(*)::integer as items, min(i.due_on) as oldest_due
  from ledger.open_item i
  where i.tenant_id = c.tenant_id and i.control in ('receivable', 'payable')
    and i.counterparty_id in (select c.id union all select m.id from ledger.counterparty m
      where m.tenant_id = c.tenant_id and m.merged_into_id = c.id)
    and (i.residual <> 0 or i.residual_base <> 0)"""
_ROWS = f"""
select c.id, c.name, c.kind, c.archived_at is not null as archived, o.receivable, o.payable,
  b.base_currency as currency, o.items, o.oldest_due
from ledger.counterparty c join ledger.book b on b.tenant_id = c.tenant_id
  cross join lateral ({_OPEN}) o
where c.merged_into_id is null and {{where}}
order by lower(c.name), c.id limit :limit"""
_PARTS = {
    "kind": "c.kind = :kind",
    "text": "(strpos(lower(c.name), lower(:text)) > 0 or exists (select from"
    " ledger.living_alias x where x.tenant_id = c.tenant_id and x.counterparty_id = c.id"
    " and strpos(lower(x.value), lower(:text)) > 0))",
}
_STATES = {
    "living": "c.archived_at is null",
    "archived": "c.archived_at is not null",
    "open": "o.items > 0",
    "all": "true",
}


def contacts(
    *,
    state: str = "living",
    kind: str | None = None,
    text: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> paging.Page[ContactRow]:
    """Contacts by name; state is living, open (something is open), archived or all."""
    values: dict[str, Any] = {"limit": limit + 1}
    values |= {name: value for name, value in (("kind", kind), ("text", text)) if value}
    parts = [_STATES[state], *(_PARTS[name] for name in values if name in _PARTS)]
    cursor = paging.keys(after, str, UUID)
    if cursor:
        parts.append("(lower(c.name), c.id) > (:name, :id)")
        values |= {"name": cursor[0], "id": cursor[1]}
    found = session.execute(sa.text(_ROWS.format(where=" and ".join(parts))), values).mappings()
    rows = [ContactRow(**row) for row in found]
    return paging.page(rows, limit=limit, key=lambda one: (one.name.lower(), one.id))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("counterparty-unknown") from None


_ONE = sa.text(
    "select c.id, c.name, c.kind, c.account_id, c.terms_days,"
    " c.archived_at is not null as archived, c.merged_into_id, c.version, c.changed_by,"
    " c.changed_at, a.code || ' ' || a.name as account from ledger.counterparty c"
    " left join ledger.account a on a.tenant_id = c.tenant_id and a.id = c.account_id"
    " where c.id = :id"
)
_ALIASES = sa.text(
    "select a.id, a.kind, a.value, a.learnt_from, t.booked_on as learnt_on"
    " from ledger.living_alias a left join app.bank_transaction t"
    " on t.tenant_id = a.tenant_id and t.id = a.learnt_from"
    " where a.tenant_id = (select guard.tenant_id()) and a.counterparty_id = :id"
    " order by a.kind, lower(a.value)"
)


def contact(contact_id: UUID) -> Contact:
    """One contact; raises NotFound (counterparty-unknown)."""
    row = session.execute(_ONE, {"id": contact_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("counterparty-unknown")
    aliases = session.execute(_ALIASES, {"id": contact_id}).mappings()
    return Contact(**row, aliases=tuple(Alias(**one) for one in aliases))


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A posting on a control account of a contact: a claim or a payment, settled or not."""

    entry_id: UUID
    no: int
    booked_on: dt.date
    due_on: dt.date
    label: str
    reference: str
    control: str
    currency: str
    amount: int
    residual: int


_HISTORY = sa.text(
    "select i.entry_id, i.no, i.booked_on, i.due_on,"
    " e.journal || ' ' || e.fiscal_year || '/' || e.number as label, i.reference, i.control,"
    " i.currency, i.amount, i.residual from ledger.open_item i"
    " join ledger.entry e on e.tenant_id = i.tenant_id and e.id = i.entry_id"
    " where i.counterparty_id in (select x.id from ledger.counterparty x"
    "   where x.id = :id or x.merged_into_id = :id)"
    " order by i.booked_on desc, i.entry_id desc, i.no limit :limit"
)


def history(contact_id: UUID, *, limit: int = 50) -> Sequence[HistoryRow]:
    """Claims and payments of a contact, newest first, settled ones too."""
    rows = session.execute(_HISTORY, {"id": contact_id, "limit": limit}).mappings()
    return [HistoryRow(**row) for row in rows]
