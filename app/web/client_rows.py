"""The reader's clients and their figures, each in one statement whatever their number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import jobs_queries
from app.kernel.db import session
from app.web import context
from app.web.context import Pin, hue_of

_REACHED = sa.text("""
select c.tenant_id, c.slug, c.name, c.hue, c.is_provider,
       p.tenant_id is not null as pinned, f.n
  from app.client c
  left join app.pinned_client p on p.tenant_id = c.tenant_id and p.owner_id = :person
  left join (select tenant_id, sum(n)::bigint n from app.client_figure
              where right(name, 8) <> '_waiting' group by tenant_id) f
    on f.tenant_id = c.tenant_id
 where c.state in ('active', 'suspended')
 order by p.position nulls last, lower(c.name), c.tenant_id
""")

# Each table's policy costs its own look at every grant of the person, so figures are read once: for
# the rows and, on the first row only, for the sums of the navigation.
_DESK = sa.text("""
with figure as materialized (select tenant_id, line || '/' || name as key, n, oldest, state
                               from app.client_figure)
select c.tenant_id, c.slug, c.name, c.hue, c.state, c.country, c.currency as base_currency,
       coalesce(f.figures, '{}') figures,
       case when row_number() over (order by lower(c.name), c.tenant_id) = 1 then
         (select jsonb_object_agg(s.key, s.n)
            from (select key, sum(n)::bigint n from figure group by key) s) end sums
  from app.client c
  left join (select tenant_id,
                    jsonb_object_agg(key, jsonb_build_array(n, oldest, state)) figures
               from figure group by tenant_id) f on f.tenant_id = c.tenant_id
 where c.state in ('active', 'suspended') and not c.is_provider
   and (cast(:q as text) is null or c.name ilike :q or c.slug ilike :q)
 order by lower(c.name), c.tenant_id
 limit :most
""")

WAITS = "_waiting"
"""Figures of this ending wait for the client, not for us."""

_SUMS = sa.text(f"""
select coalesce((select jsonb_object_agg(f.key, f.n) from (
  select line || '/' || name as key, sum(n)::bigint n from app.client_figure group by 1) f), '{{}}')
  as sums, {jobs_queries.ANY_OF_MINE} as has_jobs
""")

_PIN = sa.text("""
insert into app.pinned_client (tenant_id, owner_id) values (:tenant, :person)
on conflict (tenant_id, owner_id) do nothing
""")
_UNPIN = sa.text("delete from app.pinned_client where tenant_id = :tenant and owner_id = :person")

MOST_CLIENTS = 1_000


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of one line for one client: how many, since when the oldest waits, its state."""

    n: int
    oldest: datetime | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class DeskClient:
    """A row of the desk; figures by `line/name`, as the reader's lines let them see."""

    tenant_id: UUID
    slug: str
    name: str
    colour: int
    state: str
    country: str
    currency: str
    figures: Mapping[str, Figure]

    @property
    def id(self) -> UUID:
        """The key of the row."""
        return self.tenant_id

    @property
    def left(self) -> int:
        """Everything that is left to do for us; what waits for the client does not count."""
        return sum(one.n for key, one in self.figures.items() if not key.endswith(WAITS))

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest thing waits."""
        waits = [
            one.oldest
            for key, one in self.figures.items()
            if one.oldest and one.n and not key.endswith(WAITS)
        ]
        return min(waits, default=None)


def reached(person_id: UUID) -> tuple[Pin, ...]:
    """Every client the person reaches, pinned ones first."""
    rows = session.execute(_REACHED, {"person": person_id})
    return tuple(
        Pin(
            tenant_id=row.tenant_id,
            slug=row.slug,
            name=row.name,
            hue=row.hue or hue_of(row.tenant_id),
            count=row.n or None,
            pinned=row.pinned,
            is_provider=row.is_provider,
        )
        for row in rows
    )


def desk(*, search: str | None = None) -> list[DeskClient]:
    """The clients of the desk with their figures: one statement."""
    pattern = f"%{_plain(search)}%" if search else None
    rows = session.execute(_DESK, {"q": pattern, "most": MOST_CLIENTS}).all()
    if rows:
        context.place().sums = rows[0].sums or {}
    return [_desk_client(row) for row in rows]


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _desk_client(row: Any) -> DeskClient:
    return DeskClient(
        tenant_id=row.tenant_id,
        slug=row.slug,
        name=row.name,
        colour=row.hue or hue_of(row.tenant_id),
        state=row.state,
        country=row.country,
        currency=row.base_currency,
        figures={key: _figure(value) for key, value in row.figures.items()},
    )


def _figure(value: list[Any]) -> Figure:
    n, oldest, state = value
    return Figure(n, datetime.fromisoformat(oldest) if oldest else None, state)


def sums() -> Mapping[str, int]:
    """What is left in this scope, by `line/name`: the counts of the navigation.

    The same statement says whether the page's tray has anything to show.
    """
    place = context.place()
    if place.sums is None:
        found = session.execute(_SUMS).one()
        place.sums, place.has_jobs = found.sums, found.has_jobs
    return place.sums


def pin(tenant_id: UUID, person_id: UUID) -> None:
    """Keeps a client at hand; once is enough."""
    session.execute(_PIN, {"tenant": tenant_id, "person": person_id})


def unpin(tenant_id: UUID, person_id: UUID) -> None:
    """Lets a client go from the sidebar."""
    session.execute(_UNPIN, {"tenant": tenant_id, "person": person_id})
