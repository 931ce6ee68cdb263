"""What is known of lists: heads, things, what was given, links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from app.kernel import paging
from app.kernel.day_mail import DayMailItem
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.tasks.client_requests import secrets
from app.tasks.client_requests.models import Act, Link, RequestItem, RequestList

_HERE = "tenant_id = (select guard.tenant_id())"
_LIST = (
    "select l.id, l.line, l.title, l.message, l.due_on, l.to_person, l.state, l.made_by, l.made_at,"
    " l.sent_at, l.closed_at, l.version, i.items, i.given, i.accepted{more} from app.request_list l"
    " cross join lateral (select count(*) filter (where i.state <> 'dropped')::int as items,"
    " count(*) filter (where i.state = 'given')::int as given,"
    " count(*) filter (where i.state = 'accepted')::int as accepted from app.request_item i"
    " where i.tenant_id = l.tenant_id and i.list_id = l.id) i"
)
_ITEM = (
    "select i.id, i.list_id, i.line, i.position, i.kind, i.title, i.hint, i.state, i.reason,"
    " i.given_at, i.version from app.request_item i"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """What became of a file that came by a link; `code` says why it was refused or held back."""

    id: UUID
    name: str
    state: str
    code: str
    document_id: UUID | None


def one(list_id: UUID) -> RequestList:
    """One list; raises NotFound."""
    statement = sa.text(f"{_LIST.format(more='')} where l.{_HERE} and l.id = :id")
    row = session.execute(statement, {"id": list_id}).mappings().first()
    if row is None:
        raise NotFound
    return RequestList(**row)


def lists(
    *, states: Sequence[str], after: str | None = None, limit: int = 100
) -> paging.Page[RequestList]:
    """Lists of the client in these states, the newest first; raises Invalid `bad-cursor`."""
    before = paging.keys(after, UUID)
    statement = sa.text(
        f"{_LIST.format(more='')} where l.{_HERE} and l.state = any(:states)"
        " and (cast(:before as uuid) is null or l.id < :before) order by l.id desc limit :limit"
    )
    values = {"states": list(states), "before": before and before[0], "limit": limit + 1}
    found = [RequestList(**row) for row in session.execute(statement, values).mappings()]
    return paging.page(found, limit=limit, key=lambda row: [row.id])


def waiting_for_client(person_id: UUID | None) -> list[RequestList]:
    """Open lists on which a person of the client still is to give something, due ones first."""
    statement = sa.text(
        f"{_LIST.format(more='')} where l.{_HERE} and l.state = 'open'"
        " and (l.to_person is null or l.to_person = :person) and i.items > i.given + i.accepted"
        " order by l.due_on nulls last, l.id limit 100"
    )
    rows = session.execute(statement, {"person": person_id}).mappings()
    return [RequestList(**row) for row in rows]


def at_portal(person_id: UUID | None) -> list[RequestList]:
    """Every list that was sent to a person of the client or to all of them, the newest first."""
    statement = sa.text(
        f"{_LIST.format(more='')} where l.{_HERE} and l.state in ('open', 'done')"
        " and (l.to_person is null or l.to_person = :person) order by l.id desc limit 100"
    )
    rows = session.execute(statement, {"person": person_id}).mappings()
    return [RequestList(**row) for row in rows]


def for_staff(*, after: str | None, limit: int) -> paging.Page[tuple[UUID, RequestList]]:
    """Open lists of every client reached on which something was given, or which are late."""
    day, last = paging.keys(after, date.fromisoformat, UUID) or (None, None)
    statement = sa.text(
        f"select * from ({_LIST.format(more=', l.tenant_id')} where l.state = 'open'"
        " and (i.given > 0 or l.due_on < current_date)) l"
        " where cast(:day as date) is null"
        " or (coalesce(l.due_on, 'infinity'::date), l.id) > (:day, :last)"
        " order by coalesce(l.due_on, 'infinity'::date), l.id limit :limit"
    )
    values = {"day": day, "last": last, "limit": limit + 1}
    found = []
    for row in session.execute(statement, values).mappings():
        head = {name: row[name] for name in RequestList.__slots__}
        found.append((row["tenant_id"], RequestList(**head)))
    return paging.page(found, limit=limit, key=lambda one: (one[1].due_on or date.max, one[1].id))


def items(list_id: UUID) -> list[RequestItem]:
    """The things of a list in their order, without those that were dropped."""
    statement = sa.text(
        f"{_ITEM} where i.{_HERE} and i.list_id = :id and i.state <> 'dropped' order by i.position"
    )
    return [RequestItem(**row) for row in session.execute(statement, {"id": list_id}).mappings()]


def item(item_id: UUID) -> RequestItem:
    """One thing; raises NotFound."""
    statement = sa.text(f"{_ITEM} where i.{_HERE} and i.id = :id")
    row = session.execute(statement, {"id": item_id}).mappings().first()
    if row is None:
        raise NotFound
    return RequestItem(**row)


def items_by_id(ids: Sequence[UUID]) -> list[RequestItem]:
    """Those of these things that the reader sees."""
    statement = sa.text(f"{_ITEM} where i.{_HERE} and i.id = any(cast(:ids as uuid[]))")
    rows = session.execute(statement, {"ids": list(ids)}).mappings()
    return [RequestItem(**row) for row in rows]


def acts(list_id: UUID) -> dict[UUID, list[Act]]:
    """What happened to each thing of a list, the first first."""
    found: dict[UUID, list[Act]] = {}
    for row in session.execute(_ACTS, {"list": list_id}).mappings():
        found.setdefault(row["item_id"], []).append(Act(**row))
    return found


def uploads(ids: Sequence[UUID]) -> dict[UUID, Upload]:
    """What became of files that came by links."""
    if not ids:
        return {}
    rows = session.execute(_UPLOADS, {"ids": list(ids)}).mappings()
    return {row["id"]: Upload(**row) for row in rows}


def links(list_id: UUID) -> list[Link]:
    """The living links of a list, the newest first."""
    return [Link(**row) for row in session.execute(_LINKS, {"list": list_id}).mappings()]


def link(link_id: UUID) -> Link:
    """One link; raises NotFound."""
    row = session.execute(_LINK, {"id": link_id}).mappings().first()
    if row is None:
        raise NotFound
    return Link(**row)


def link_lives(link_id: UUID) -> bool:
    """Whether a link still opens anything: it dies with the access of whoever made it."""
    return bool(session.execute(_LIVES, {"id": link_id}).scalar())


def day_items() -> list[DayMailItem]:
    """The lists of the day's mail: what is still to be given, in the words of the lists."""
    return [
        DayMailItem(
            type="request_list",
            id=row.id,
            line=row.line,
            text=f"{row.title}: {row.missing}",
            asked_at=row.asked_at,
            path=secrets.path(row.link) if row.link else f"/portal/<client>/requests/{row.id}",
            to_person=row.to_person,
            reminded_at=row.reminded_at,
            opens=row.link is not None,
        )
        for row in session.execute(_FOR_MAIL)
    ]


_FOR_MAIL = sa.text(
    "select l.id, l.line, l.title, l.asked_at, l.to_person, l.reminded_at, m.missing, k.id as link"
    " from app.request_list l cross join lateral (select string_agg(i.title, ', '"
    " order by i.position) as missing from app.request_item i where i.tenant_id = l.tenant_id"
    " and i.list_id = l.id and i.state in ('waiting', 'sent_back')) m"
    " left join lateral (select k.id from app.request_link k where k.tenant_id = l.tenant_id"
    " and k.list_id = l.id and k.item_id is null and app.request_link_lives(k.id)"
    " and k.person_id is not distinct from l.to_person order by k.id desc limit 1) k on true"
    f" where l.{_HERE} and l.state = 'open' and m.missing is not null order by l.id limit 1000"
)
_LIVES = sa.text("select app.request_link_lives(:id)")
_ACTS = sa.text(
    "select a.id, a.item_id, a.act, a.text, a.confirmed, a.document_id, a.upload_id, a.by_person,"
    " coalesce(k.name, '') as by_name, a.at from app.request_act a"
    " join app.request_item i on i.tenant_id = a.tenant_id and i.id = a.item_id"
    " left join app.request_link k on k.tenant_id = a.tenant_id and k.id = a.by_link"
    f" where a.{_HERE} and i.list_id = :list order by a.id limit 2000"
)
_UPLOADS = sa.text("select * from app.request_uploads(cast(:ids as uuid[]))")
_LINK_COLUMNS = (
    "select id, list_id, item_id, person_id, address, name, expires_at from app.request_link"
)
_LINKS = sa.text(
    f"{_LINK_COLUMNS} where {_HERE} and list_id = :list and app.request_link_lives(id)"
    " order by id desc limit 200"
)
_LINK = sa.text(f"{_LINK_COLUMNS} where {_HERE} and id = :id")
