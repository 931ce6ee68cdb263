"""What is known of readings: one with its fields, those that wait for a person, a paper's text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents.readings import acceptance
from app.documents.readings.models import ReadField, ReadingView, WaitingPaper
from app.kernel import paging
from app.kernel.db import session
from app.kernel.errors import NotFound

MOST_COUNTED = 1_000


def current(document_id: UUID, no: int = 1) -> ReadingView | None:
    """The reading that counts of a paper; None while it was not read or is out of reach.

    `no` says which of the invoices that the file holds, from 1.
    """
    return _read("d.id = :id and r.no = :no and r.is_current", {"id": document_id, "no": no})


def standing(document_id: UUID) -> dict[UUID, int]:
    """Every reading that counts of a paper, one for each invoice it holds, with its version."""
    rows = session.execute(sa.text(_STANDING), {"id": document_id})
    return {row.id: row.version for row in rows}


def one(reading_id: UUID) -> ReadingView:
    """A reading by its id; raises NotFound, also for one that was replaced."""
    found = _read("r.id = :id and r.is_current", {"id": reading_id})
    if found is None:
        raise NotFound
    return found


def _read(where: str, keys: dict[str, Any]) -> ReadingView | None:
    row = session.execute(sa.text(f"{_ONE} and {where}"), keys).mappings().first()
    if row is None:
        return None
    fields = session.execute(_FIELDS, {"reading": row["id"]}).mappings()
    found = {one["field"]: _field(one) for one in fields}
    return ReadingView(**row, fields=found)


def _field(row: sa.RowMapping) -> ReadField:
    place = row["place"]
    return ReadField(**{**row, "place": tuple(place) if place else None})


def waiting(*, after: str | None = None, limit: int = 50) -> paging.Page[WaitingPaper]:
    """The papers to look at, the oldest first; raises Invalid `bad-cursor`.

    In a scope over several clients those of all of them.
    """
    (last,) = paging.keys(after, UUID) or (None,)
    rows = session.execute(
        sa.text(_WAITING), {"after": last, "limit": limit + 1, "sure": acceptance.ACCEPTED}
    ).mappings()
    return paging.page(
        [WaitingPaper(**row) for row in rows], limit=limit, key=lambda row: [row.reading_id]
    )


def waiting_count() -> int:
    """How many papers wait, counted to a thousand."""
    found: int = session.execute(sa.text(_COUNT), {"most": MOST_COUNTED}).scalar_one()
    return found


def next_waiting(after: UUID | None = None) -> tuple[UUID, int] | None:
    """The paper, and which invoice of it, that comes after a reading in the worklist, else the
    first; None when none is."""
    found = session.execute(sa.text(_NEXT), {"after": after}).first()
    return (found.id, found.no) if found else None


def states(document_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The state of the reading of each paper that was read; of several what waits comes first."""
    rows = session.execute(sa.text(_STATES), {"ids": list(document_ids)})
    return {row.document_id: row.state for row in rows}


def same_number(found: ReadingView) -> tuple[UUID, int] | None:
    """Another invoice of the same supplier and number, perhaps the same: its paper and place."""
    values = found.values
    if not {"invoice_number", "seller_name"} <= values.keys():
        return None
    told: dict[str, Any] = {
        "id": found.id,
        "number": values["invoice_number"].text,
        "seller": values["seller_name"].text,
    }
    row = session.execute(sa.text(_SAME), told).first()
    return (row.document_id, row.no) if row else None


_TENANT = "r.tenant_id = (select guard.tenant_id())"
_ONE = (
    "select r.id, r.document_id, r.version_id, r.line, d.name, d.class as document_class, r.state,"
    " r.code, r.kind, r.method, r.pages, r.pages_read, r.no, r.further, r.lines, r.faults,"
    " r.is_current, r.made_at, r.decided_by, r.decided_at, r.version from app.document_reading r"
    " join app.document d on d.tenant_id = r.tenant_id and d.id = r.document_id"
    f" where {_TENANT} and d.removed_at is null"
)
_FIELDS = sa.text(
    "select distinct on (f.field) f.field, f.value, f.minor, f.on_day, f.confidence, f.method,"
    " f.page, f.place, f.said_by, f.said_at, t.learnt_by, t.learnt_at from app.document_field f"
    " left join app.reading_template t on t.tenant_id = f.tenant_id and t.id = f.template_id"
    " where f.tenant_id = (select guard.tenant_id()) and f.reading_id = :reading"
    " order by f.field, f.no desc"
)
NEWEST = (
    "not exists (select from app.document_field n where n.tenant_id = f.tenant_id"
    " and n.reading_id = f.reading_id and n.field = f.field and n.no > f.no)"
)
"""Whether a row `f` of app.document_field is the one that counts."""
_TO_CHECK = (
    " from app.document_reading r join app.document d"
    " on d.tenant_id = r.tenant_id and d.id = r.document_id"
    " where r.is_current and r.state = 'to_check' and d.removed_at is null"
)
_WAITING = f"""
select w.*, x.seller, x.number, x.total, x.currency, x.doubtful from (
  select r.tenant_id, r.id as reading_id, d.id as document_id, r.no, d.name, d.added_at{_TO_CHECK}
    and (cast(:after as uuid) is null or r.id > :after)
  order by r.id limit :limit) w
cross join lateral (
  select max(f.value) filter (where f.field = 'seller_name') as seller,
    max(f.value) filter (where f.field = 'invoice_number') as number,
    coalesce(max(f.minor) filter (where f.field = 'payable_minor'),
      max(f.minor) filter (where f.field = 'total_minor')) as total,
    max(f.value) filter (where f.field = 'currency') as currency,
    count(*) filter (where f.method <> 'person' and f.confidence < :sure)::int as doubtful
  from app.document_field f where f.tenant_id = w.tenant_id and f.reading_id = w.reading_id
    and {NEWEST}) x
order by w.reading_id"""
_COUNT = f"select count(*)::int from (select 1{_TO_CHECK} limit :most) some_of_them"
_NEXT = (
    f"select d.id, r.no{_TO_CHECK} and {_TENANT}"
    " order by cast(:after as uuid) is not null and r.id <= :after, r.id limit 1"
)
_STANDING = (
    f"select r.id, r.version from app.document_reading r where {_TENANT}"
    " and r.is_current and r.document_id = :id"
)
_STATES = (
    "select distinct on (r.document_id) r.document_id, r.state from app.document_reading r"
    f" where {_TENANT} and r.is_current and r.document_id = any(cast(:ids as uuid[]))"
    " order by r.document_id, r.state = 'to_check' desc, r.no"
)
_SAME = f"""
select r.document_id, r.no from app.document_field f
join app.document_reading r on r.tenant_id = f.tenant_id and r.id = f.reading_id
join app.document d on d.tenant_id = r.tenant_id and d.id = r.document_id
where f.tenant_id = (select guard.tenant_id()) and f.field = 'invoice_number'
  and left(f.value, 100) = left(:number, 100) and r.is_current and r.id <> :id
  and d.removed_at is null
  and {NEWEST} and exists (select from app.document_field s where s.tenant_id = f.tenant_id
    and s.reading_id = f.reading_id and s.field = 'seller_name' and lower(s.value) = lower(:seller))
order by r.id limit 1"""
