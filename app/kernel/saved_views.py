"""Saved views: a person's own filters of a list, under a name."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.kernel import db
from app.kernel.errors import Conflict, NotFound

MOST_VIEWS = 50


@dataclass(frozen=True, slots=True)
class SavedView:
    """A named query string of one list."""

    id: UUID
    list: str
    name: str
    query: str


def save(list_name: str, name: str, query: str) -> UUID:
    """Keeps a view; the same name on the same list is replaced. Raises Conflict beyond 50."""
    if len(of(list_name)) >= MOST_VIEWS:
        raise Conflict("too-many-saved-views", most=MOST_VIEWS)
    made: UUID = db.session.execute(
        sa.text(
            "insert into app.saved_view (tenant_id, owner_id, list, name, query)"
            " values ((select guard.tenant_id()), (select guard.user_id()), :list, :name, :query)"
            " on conflict (tenant_id, owner_id, list, name) do update set query = excluded.query"
            " returning id"
        ),
        {"list": list_name, "name": name, "query": query},
    ).scalar_one()
    return made


def of(list_name: str) -> list[SavedView]:
    """The acting person's views of a list, by name."""
    rows = db.session.execute(
        sa.text(
            "select id, list, name, query from app.saved_view where list = :list order by name"
        ),
        {"list": list_name},
    ).mappings()
    return [SavedView(**row) for row in rows]


def one(view_id: UUID) -> SavedView:
    """A view of the acting person; raises NotFound."""
    row = (
        db.session.execute(
            sa.text("select id, list, name, query from app.saved_view where id = :id"),
            {"id": view_id},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound
    return SavedView(**row)


def remove(view_id: UUID) -> None:
    """Forgets a view; raises NotFound when it is not the person's own."""
    gone = db.session.execute(
        sa.text("delete from app.saved_view where id = :id returning 1"), {"id": view_id}
    ).scalar()
    if not gone:
        raise NotFound
