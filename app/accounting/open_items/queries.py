"""What is asked of open items: those of a contact or control account, their age, what settled them.

Every question may name a day: residuals of that day come from the days of the allocations.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting.open_items.values import (
    CONTROLS,
    Aged,
    AgedRow,
    Allocation,
    ItemKey,
    OpenItem,
    OpenItemPage,
)
from app.accounting.queries import book
from app.kernel.db import session
from app.kernel.errors import NotFound

# What was settled after the day asked for was open on it; "later" is empty when no day is asked.
_LATER = """
later as materialized (
  select m.entry_id, m.no, sum(m.amount)::bigint as amount, sum(m.base)::bigint as base
  from (select a.debit_entry_id as entry_id, a.debit_no as no, a.amount, a.base
        from ledger.allocation a where a.allocated_on > :on
        union all
        select a.credit_entry_id, a.credit_no, -a.amount, -a.base
        from ledger.allocation a where a.allocated_on > :on) m
  group by 1, 2)"""
# Two halves, so that the first is read from the index of what is open.
_ITEM = f"""{_LATER},
item as (
  select i.*, i.residual + coalesce(l.amount, 0) as left_amount,
    i.residual_base + coalesce(l.base, 0) as left_base
  from ledger.open_item i left join later l on l.entry_id = i.entry_id and l.no = i.no
  where (i.residual <> 0 or i.residual_base <> 0) and i.booked_on <= :on {{narrow}}
  union all
  select i.*, i.residual + l.amount, i.residual_base + l.base
  from later l join ledger.open_item i on i.entry_id = l.entry_id and i.no = l.no
  where i.residual = 0 and i.residual_base = 0 and i.booked_on <= :on {{narrow}})"""
_COLUMNS = """
select i.entry_id, i.no, i.account_id, coalesce(c.merged_into_id, c.id) as counterparty_id,
  coalesce(m.name, c.name) as counterparty, i.control, i.booked_on, i.due_on, i.reference,
  i.currency, i.amount, i.base, {left}, e.journal, e.fiscal_year, e.number"""
_JOINS = """
join ledger.counterparty c on c.tenant_id = i.tenant_id and c.id = i.counterparty_id
left join ledger.counterparty m on m.tenant_id = c.tenant_id and m.id = c.merged_into_id
join ledger.entry e on e.tenant_id = i.tenant_id and e.id = i.entry_id"""
_OPEN = (
    f"with {_ITEM}"
    + _COLUMNS.format(left="i.left_amount as residual, i.left_base as residual_base")
    + f" from item i {_JOINS} where (i.left_amount <> 0 or i.left_base <> 0) {{after}}"
    " order by i.due_on, i.entry_id, i.no limit :limit"
)
_BY_KEY = (
    _COLUMNS.format(left="i.residual, i.residual_base")
    + f" from unnest(:entries, :nos) k(entry_id, no)"
    f" join ledger.open_item i on i.entry_id = k.entry_id and i.no = k.no {_JOINS}"
)
_KEYS = (
    sa.bindparam("entries", type_=ARRAY(sa.Uuid())),
    sa.bindparam("nos", type_=ARRAY(sa.Integer())),
)
FAR = dt.date(2200, 12, 31)


def _narrow(counterparty_id: UUID | None, control: str | None, account_id: UUID | None) -> str:
    parts = []
    if counterparty_id:
        parts.append(
            "i.counterparty_id in (select x.id from ledger.counterparty x"
            " where x.id = :who or x.merged_into_id = :who)"
        )
    if control:
        parts.append("i.control = :control")
    if account_id:
        parts.append("i.account_id = :account")
    return "".join(f" and {part}" for part in parts)


def _among(
    counterparty_ids: Sequence[UUID] | None,
    due: tuple[dt.date | None, dt.date | None],
    wanted: dict[str, Any],
) -> str:
    """What keeps items of several contacts and of due days; the values go into `wanted`."""
    text = ""
    if counterparty_ids is not None:
        text += " and coalesce(c.merged_into_id, c.id) = any(cast(:contacts as uuid[]))"
        wanted["contacts"] = list(counterparty_ids)
    for name, mark, day in (("due_from", ">=", due[0]), ("due_to", "<=", due[1])):
        if day is not None:
            text += f" and i.due_on {mark} :{name}"
            wanted[name] = day
    return text


def page(
    *,
    counterparty_id: UUID | None = None,
    control: str | None = None,
    account_id: UUID | None = None,
    on: dt.date | None = None,
    after: tuple[dt.date, UUID, int] | None = None,
    limit: int = 50,
    counterparty_ids: Sequence[UUID] | None = None,
    due: tuple[dt.date | None, dt.date | None] = (None, None),
) -> OpenItemPage:
    """Open items, longest due first, as they stood on a day (none: now, whatever is booked).

    `counterparty_ids` keeps those of several contacts, `due` those due between two days.
    """
    wanted: dict[str, Any] = {"on": on or FAR, "limit": limit + 1}
    wanted |= {"who": counterparty_id} if counterparty_id else {}
    wanted |= {"control": control} if control else {}
    wanted |= {"account": account_id} if account_id else {}
    past = _among(counterparty_ids, due, wanted)
    if after is not None:
        past += " and (i.due_on, i.entry_id, i.no) > (:day, :entry, :no)"
        wanted |= {"day": after[0], "entry": after[1], "no": after[2]}
    text = _OPEN.format(narrow=_narrow(counterparty_id, control, account_id), after=past)
    rows = tuple(OpenItem(**row) for row in session.execute(sa.text(text), wanted).mappings())
    shown = rows[:limit]
    end = shown[-1] if len(rows) > limit else None
    return OpenItemPage(shown, (end.due_on, end.entry_id, end.no) if end else None)


def open_items(
    *,
    counterparty_id: UUID | None = None,
    control: str | None = None,
    on: dt.date | None = None,
    limit: int = 2000,
) -> tuple[OpenItem, ...]:
    """Open items, longest due first, at most `limit`."""
    return page(counterparty_id=counterparty_id, control=control, on=on, limit=limit).rows


def items(keys: Sequence[ItemKey]) -> dict[ItemKey, OpenItem]:
    """Items by their keys, settled ones too, as they stand now; unknown keys are left out."""
    if not keys:
        return {}
    rows = session.execute(
        sa.text(_BY_KEY).bindparams(*_KEYS),
        {"entries": [key[0] for key in keys], "nos": [key[1] for key in keys]},
    ).mappings()
    found = (OpenItem(**row) for row in rows)
    return {one.key: one for one in found}


def item(entry_id: UUID, no: int) -> OpenItem:
    """One item; raises NotFound (item-unknown)."""
    found = items([(entry_id, no)]).get((entry_id, no))
    if found is None:
        raise NotFound("item-unknown", no=1)
    return found


_ALLOCATIONS = """
select a.id, a.no, a.debit_entry_id, a.debit_no,
  d.journal || ' ' || d.fiscal_year || '/' || d.number as debit_label,
  a.credit_entry_id, a.credit_no,
  c.journal || ' ' || c.fiscal_year || '/' || c.number as credit_label, a.allocated_on as "on",
  a.currency, a.amount, a.base, a.difference_entry_id, a.made_by, a.made_at,
  (select r.allocated_on from ledger.allocation r where r.tenant_id = a.tenant_id
    and r.releases_id = a.id and r.no = a.no) as released_on,
  coalesce(d.reverses_id = c.id or c.reverses_id = d.id, false) as of_reversal
from ledger.allocation a
join ledger.entry d on d.tenant_id = a.tenant_id and d.id = a.debit_entry_id
join ledger.entry c on c.tenant_id = a.tenant_id and c.id = a.credit_entry_id
where a.releases_id is null and {where}
order by a.id desc, a.no limit :limit"""
_OF_CONTACT = """(a.debit_entry_id, a.debit_no) in (
  select i.entry_id, i.no from ledger.open_item i where i.counterparty_id in (
    select x.id from ledger.counterparty x where x.id = :who or x.merged_into_id = :who))"""
_OF_ITEM = (
    "((a.debit_entry_id, a.debit_no) = (:entry, :no)"
    " or (a.credit_entry_id, a.credit_no) = (:entry, :no))"
)
_AT_ENTRY = "(a.debit_entry_id = :entry or a.credit_entry_id = :entry)"


def _allocations(where: str, values: dict[str, Any]) -> tuple[Allocation, ...]:
    rows = session.execute(sa.text(_ALLOCATIONS.format(where=where)), values)
    return tuple(
        Allocation(
            id=r.id,
            no=r.no,
            debit=(r.debit_entry_id, r.debit_no),
            debit_label=r.debit_label,
            credit=(r.credit_entry_id, r.credit_no),
            credit_label=r.credit_label,
            on=r.on,
            currency=r.currency,
            amount=r.amount,
            base=r.base,
            difference_entry_id=r.difference_entry_id,
            made_by=r.made_by,
            made_at=r.made_at,
            released_on=r.released_on,
            of_reversal=r.of_reversal,
        )
        for r in rows
    )


def allocations(*, counterparty_id: UUID, limit: int = 100) -> tuple[Allocation, ...]:
    """What settled a contact's items, newest first, released ones too."""
    return _allocations(_OF_CONTACT, {"who": counterparty_id, "limit": limit})


def allocations_of(entry_id: UUID, no: int) -> tuple[Allocation, ...]:
    """What settled one item, newest first, released ones too."""
    return _allocations(_OF_ITEM, {"entry": entry_id, "no": no, "limit": 500})


def allocations_at(entry_id: UUID) -> tuple[Allocation, ...]:
    """What settled the items of one entry, newest first, released ones too, at most 500."""
    return _allocations(_AT_ENTRY, {"entry": entry_id, "limit": 500})


def act(allocation_id: UUID) -> tuple[Allocation, ...]:
    """The pairs of one act of settling; raises NotFound (allocation-unknown)."""
    found = _allocations("a.id = :id", {"id": allocation_id, "limit": 1001})
    if not found:
        raise NotFound("allocation-unknown")
    return found


# What is open now is summed from its index alone; what was settled after the day is added to it.
# An item that is open now and was settled on the day (its settlement was taken back since) is left
# out of both halves; where there is none, which is nearly always, no item is compared with them.
# Sums are of all that is due on a day or later: each item meets half as many of them as of spans.
# What was settled later is looked up one by one: joined, all that is open would be hashed for it.
_AGED = """
with {later},
touched as materialized (
  select i.entry_id, i.no, i.counterparty_id, i.due_on,
    case when o.now then l.base else i.residual_base + l.base end as base,
    case when o.now then 0 else 1 end as items, o.now as open_now,
    i.residual + l.amount <> 0 or i.residual_base + l.base <> 0 as open_then
  from later l
  cross join lateral (select * from ledger.open_item i
    where i.entry_id = l.entry_id and i.no = l.no offset 0) i
  cross join lateral (select i.residual <> 0 or i.residual_base <> 0 as now) o
  where i.control = :control and i.booked_on <= :on),
x as (
  select i.counterparty_id, sum(i.residual_base)::bigint as total, count(*) as items,
    min(i.due_on) as oldest, {sums_of_i}
  from ledger.open_item i
  where i.control = :control and (i.residual <> 0 or i.residual_base <> 0) and i.booked_on <= :on
    and (not (select exists (select from touched t where t.open_now and not t.open_then))
      or (i.entry_id, i.no) not in
        (select t.entry_id, t.no from touched t where t.open_now and not t.open_then))
  group by 1
  union all
  select t.counterparty_id, sum(t.base)::bigint, sum(t.items), min(t.due_on), {sums_of_t}
  from touched t where t.open_then group by 1)
select coalesce(c.merged_into_id, c.id) as counterparty_id,
  min(coalesce(m.name, c.name)) as name, sum(x.total)::bigint as total,
  sum(x.items)::bigint as items, min(x.oldest) as oldest, {outer}
from x
join ledger.counterparty c on c.id = x.counterparty_id
left join ledger.counterparty m on m.tenant_id = c.tenant_id and m.id = c.merged_into_id
group by 1 order by lower(min(coalesce(m.name, c.name))), 1"""
# Due later, due on the day or later, and so on: what lies between two of them is a span.
_SINCE = ("> :on", ">= :on", ">= :on - 30", ">= :on - 60", ">= :on - 90")


def _sums(item: str, base: str) -> str:
    return ", ".join(
        f"(sum({item}.{base}) filter (where {item}.due_on {since}))::bigint as s{n}"
        for n, since in enumerate(_SINCE)
    )


_ADDED = [f"coalesce(sum(x.s{n}), 0)" for n in range(len(_SINCE))]
_SPANS = [
    f"({more} - {less})::bigint"
    for more, less in zip([*_ADDED, "sum(x.total)"], ["0", *_ADDED], strict=True)
]
_AGED_STATEMENT = sa.text(
    _AGED.format(
        later=_LATER,
        sums_of_i=_sums("i", "residual_base"),
        sums_of_t=_sums("t", "base"),
        outer=", ".join(_SPANS),
    )
).bindparams(sa.bindparam("on", type_=sa.Date()))
_BALANCE = sa.text(
    "select coalesce(sum(t.base_debit - t.base_credit), 0)::bigint"
    " from ledger.turnover(null, :on) t join ledger.account a on a.id = t.account_id"
    " where a.control = :control"
)


def control_balance(*, control: str, on: dt.date) -> int:
    """What the control accounts of a kind say at the end of a day, in base currency."""
    found: int = session.execute(_BALANCE, {"control": control, "on": on}).scalar_one()
    return found


def aged(*, control: str, on: dt.date) -> Aged:
    """Open items of the receivable or payable accounts by contact and days over due on a day.

    Raises NotFound (control-unknown). Amounts are debit positive, in base currency.
    """
    if control not in CONTROLS:
        raise NotFound("control-unknown")
    rows = tuple(
        AgedRow(contact, name, tuple(buckets), total, items, oldest)
        for contact, name, total, items, oldest, *buckets in session.execute(
            _AGED_STATEMENT, {"control": control, "on": on}
        )
    )
    totals = tuple(map(sum, zip(*(row.buckets for row in rows), strict=True))) or (0,) * len(_SPANS)
    return Aged(
        control=control,
        on=on,
        currency=book().base_currency,
        rows=rows,
        totals=totals,
        total=sum(totals),
        account_balance=control_balance(control=control, on=on),
    )
