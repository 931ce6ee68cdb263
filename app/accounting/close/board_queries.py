"""The close board's rows: every client's month from kept figures, in one statement."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import paging
from app.kernel.db import session
from app.kernel.registry import CloseMonth
from app.web.context import hue_of

SORTS = {"name": "m.folded", "left": "m.blocking", "due": "m.due_on"}
_READERS: dict[str, Callable[[str], Any]] = {"name": str, "left": int, "due": date.fromisoformat}
# Each table's policy looks at every grant of the person, so both tables are read once a page: for
# the rows and, on every row the same, for the sums of the whole month.
_BOARD = """
with board as materialized (
  select c.slug, c.name, c.hue, lower(c.name) as folded, m.*
  from app.close_month m join app.client c on c.tenant_id = m.tenant_id
  where m.starts = :month and c.state in ('active', 'suspended') and not c.is_provider)
"""
_VIEWS = {
    "all": "",
    "open": " and m.state = 'open'",
    "review": " and m.state = 'in_review'",
    "closed": " and m.state = 'closed'",
    "late": " and m.state <> 'closed' and m.due_on < :today",
    "mine": " and m.owner_id = :me",
}
_SUMS = """
select jsonb_build_object('all', count(*), 'closed', count(*) filter (where state = 'closed'),
  'open', count(*) filter (where state = 'open'),
  'review', count(*) filter (where state = 'in_review'),
  'late', count(*) filter (where state <> 'closed' and due_on < :today),
  'mine', count(*) filter (where owner_id = :me),
  'left', coalesce(sum(blocking) filter (where state <> 'closed'), 0),
  'owners', coalesce(jsonb_agg(distinct owner_id) filter (where owner_id is not null), '[]'))
from board
"""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One client's month; figures by check, as they were counted."""

    tenant_id: UUID
    slug: str
    name: str
    colour: int
    period_id: int
    starts: date
    ends: date
    state: str
    due_on: date
    owner_id: UUID | None
    figures: Mapping[str, int]
    blocking: int
    counted_at: datetime | None

    @property
    def key(self) -> str:
        """What a ticked row sends: client and period."""
        return f"{self.tenant_id}_{self.period_id}"

    @property
    def span(self) -> CloseMonth:
        """The month as checks know it."""
        return CloseMonth(self.period_id, self.starts, self.ends)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: the month, a view, and what the reader filters by."""

    month: date
    today: date
    me: UUID
    view: str = "all"
    text: str = ""
    owner: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """All clients of a month together."""

    all: int
    closed: int
    open: int
    review: int
    late: int
    mine: int
    left: int
    owners: tuple[UUID, ...]


def _where(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    text = _VIEWS[wanted.view]
    values: dict[str, Any] = {"month": wanted.month, "today": wanted.today, "me": wanted.me}
    if wanted.text:
        plain = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        text += " and (m.name ilike :q or m.slug ilike :q)"
        values["q"] = f"%{plain}%"
    if wanted.owner == "nobody":
        text += " and m.owner_id is null"
    elif wanted.owner:
        text += " and m.owner_id = :owner"
        values["owner"] = UUID(wanted.owner)
    if wanted.step:
        text += " and (m.figures ->> :step)::bigint > 0"
        values["step"] = wanted.step
    return text, values


def read(
    wanted: Wanted, *, sort: str = "name", descending: bool = False, after: str | None, limit: int
) -> tuple[paging.Page[BoardRow], Sums]:
    """A page of the board, by keyset over the sort column and the client's name, and the sums of
    all the month's clients: one statement."""
    where, values = _where(wanted)
    column, way = SORTS[sort], "desc" if descending else "asc"
    cursor = paging.keys(after, _READERS[sort], str, UUID)
    if cursor is not None:
        sign = "<" if descending else ">"
        where += f" and ({column}, m.folded, m.tenant_id) {sign} (:a, :b, :c)"
        values |= {"a": cursor[0], "b": cursor[1], "c": cursor[2]}
    found = session.execute(
        sa.text(
            f"{_BOARD} select m.*, s.sums from (select ({_SUMS}) as sums) s left join"
            f" (select * from board m where true{where} order by {column} {way}, m.folded {way},"
            f" m.tenant_id {way} limit :limit) m on true"
            f" order by {column} {way}, m.folded {way}, m.tenant_id {way}"
        ),
        {**values, "limit": limit + 1},
    ).all()
    keys = {"name": "folded", "left": "blocking", "due": "due_on"}
    cut = paging.page(
        [row for row in found if row.tenant_id is not None],
        limit=limit,
        key=lambda row: (getattr(row, keys[sort]), row.folded, row.tenant_id),
    )
    return paging.Page([_row(row) for row in cut.rows], cut.next), _sums(found[0].sums)


def _sums(told: Mapping[str, Any]) -> Sums:
    return Sums(**{**told, "owners": tuple(UUID(one) for one in told["owners"])})


def _row(row: Any) -> BoardRow:
    figures = row.figures if isinstance(row.figures, dict) else json.loads(row.figures)
    return BoardRow(
        tenant_id=row.tenant_id,
        slug=row.slug,
        name=row.name,
        colour=row.hue or hue_of(row.tenant_id),
        period_id=row.period_id,
        starts=row.starts,
        ends=row.ends,
        state=row.state,
        due_on=row.due_on,
        owner_id=row.owner_id,
        figures=figures,
        blocking=row.blocking,
        counted_at=row.counted_at,
    )
