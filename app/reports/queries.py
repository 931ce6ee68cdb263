"""What has been published: the portal's list, one report, and whether the books moved since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel import clock, paging, people
from app.kernel.day_mail import DayMailItem
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.paging import Page
from app.reports import stored
from app.reports.document import Report
from app.reports.models import PublishedReport


@dataclass(frozen=True, slots=True)
class Published:
    """A published report's head."""

    id: UUID
    line: str
    key: str
    title: str
    first_on: date
    last_on: date
    currency: str
    books_version: int
    note: str
    published_by: UUID
    publisher: str
    published_at: datetime
    withdrawn_at: datetime | None
    pack_id: UUID | None
    superseded: bool


@dataclass(frozen=True, slots=True)
class PublishedWhole:
    """A published report with its figures as they stood."""

    head: Published
    report: Report


_NEWER = sa.orm.aliased(PublishedReport)
_SUPERSEDED = (
    sa.exists()
    .where(
        _NEWER.tenant_id == PublishedReport.tenant_id,
        _NEWER.key == PublishedReport.key,
        _NEWER.first_on == PublishedReport.first_on,
        _NEWER.last_on == PublishedReport.last_on,
        _NEWER.published_at > PublishedReport.published_at,
        _NEWER.withdrawn_at.is_(None),
    )
    .label("superseded")
)
_HEAD = (
    PublishedReport.id,
    PublishedReport.line,
    PublishedReport.key,
    PublishedReport.title,
    PublishedReport.first_on,
    PublishedReport.last_on,
    PublishedReport.currency,
    PublishedReport.books_version,
    PublishedReport.note,
    PublishedReport.published_by,
    PublishedReport.published_at,
    PublishedReport.withdrawn_at,
    PublishedReport.pack_id,
    _SUPERSEDED,
)


def _heads(rows: Sequence[Any]) -> list[Published]:
    names = people.names([row.published_by for row in rows])
    return [
        Published(
            **{key: value for key, value in row._mapping.items() if key != "content"},
            publisher=names.get(row.published_by, ""),
        )
        for row in rows
    ]


def published_reports(
    *, current_only: bool = False, alone: bool = False, limit: int = 100
) -> list[Published]:
    """The client's published reports, newest first.

    `current_only` leaves out what was replaced or withdrawn, `alone` what stands in a pack.
    """
    statement = sa.select(*_HEAD).order_by(
        PublishedReport.published_at.desc(), PublishedReport.id.desc()
    )
    if current_only:
        statement = statement.where(PublishedReport.withdrawn_at.is_(None), sa.not_(_SUPERSEDED))
    if alone:
        statement = statement.where(PublishedReport.pack_id.is_(None))
    return _heads(session.execute(statement.limit(limit)).all())


def published_page(after: str | None, *, limit: int) -> Page[Published]:
    """All published reports, the newest first, a page at a time; raises Invalid `bad-cursor`."""
    newest_first = (PublishedReport.published_at, PublishedReport.id)
    statement = sa.select(*_HEAD).order_by(*(one.desc() for one in newest_first))
    if place := paging.keys(after, paging.moment, UUID):
        statement = statement.where(sa.tuple_(*newest_first) < place)
    found = _heads(session.execute(statement.limit(limit + 1)).all())
    return paging.page(found, limit=limit, key=lambda one: (one.published_at, one.id))


def reports_of_pack(publication_id: UUID) -> tuple[PublishedWhole, ...]:
    """The reports of a published pack in their order."""
    rows = session.execute(
        sa.select(*_HEAD, PublishedReport.content)
        .where(PublishedReport.pack_id == publication_id)
        .order_by(PublishedReport.position)
    ).all()
    heads = _heads(rows)
    return tuple(
        PublishedWhole(head, stored.from_json(row.content))
        for head, row in zip(heads, rows, strict=True)
    )


def published_report(report_id: UUID, *, at_portal: bool = False) -> PublishedWhole:
    """One published report; at the portal a withdrawn one is unknown. Raises NotFound."""
    statement = sa.select(*_HEAD, PublishedReport.content).where(PublishedReport.id == report_id)
    if at_portal:
        statement = statement.where(PublishedReport.withdrawn_at.is_(None))
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return PublishedWhole(_heads([row])[0], stored.from_json(row.content))


_ROW_TITLES = sa.text(
    "select r.id, e.value ->> 'key' as key, e.value ->> 'title' as title"
    " from app.published_report r cross join lateral jsonb_array_elements(r.content -> 'rows') e"
    " where r.id = any(:ids)"
).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))


def row_titles(report_ids: Collection[UUID]) -> dict[tuple[UUID, str], str]:
    """The titles of the rows of published reports, by report and row key."""
    if not report_ids:
        return {}
    rows = session.execute(_ROW_TITLES, {"ids": list(report_ids)})
    return {(row.id, row.key): row.title for row in rows if row.key}


def last_published(key: str) -> PublishedWhole | None:
    """The newest living report of a kind, for the portal's home."""
    found = session.execute(
        sa.select(*_HEAD, PublishedReport.content)
        .where(PublishedReport.key == key, PublishedReport.withdrawn_at.is_(None))
        .order_by(PublishedReport.last_on.desc(), PublishedReport.published_at.desc())
        .limit(1)
    ).one_or_none()
    return PublishedWhole(_heads([found])[0], stored.from_json(found.content)) if found else None


def titles(keys: Sequence[str]) -> dict[str, str]:
    """Titles of published reports by their ids."""
    values = {"ids": [UUID(key) for key in keys]}
    return {str(row.id): row.title for row in session.execute(_TITLES, values)}


def day_items() -> list[DayMailItem]:
    """The news of the day's mail: packs and reports published in the last three days."""
    since = clock.now() - timedelta(days=3)
    return [
        DayMailItem(
            type=row.type,
            id=row.id,
            line=row.line,
            text=row.title,
            asked_at=row.published_at,
            path=f"/portal/<client>/{row.place}/{row.id}",
            permission="document.read",
            not_to=frozenset((row.published_by,)),
            once=True,
        )
        for row in session.execute(_NEWS, {"since": since})
    ]


@dataclass(frozen=True, slots=True)
class News:
    """A published report or pack (`type` says which) that the reader has not opened yet."""

    type: str
    id: UUID
    title: str
    last_on: date


def new_to_me() -> list[News]:
    """What was published to the client in the last month and not opened by the acting person yet,
    the newest first; what was replaced, withdrawn or published by themselves is not new to them.
    """
    rows = session.execute(_NEW_TO_ME, {"since": clock.now() - timedelta(days=31)})
    return [News(row.type, row.id, row.title, row.last_on) for row in rows]


_PUBLISHED = (
    "select 'published_pack' as type, 'packs' as place, p.id, p.line, p.title, p.last_on,"
    " p.published_at, p.published_by, exists (select from app.published_pack n"
    " where n.tenant_id = p.tenant_id and n.pack_id = p.pack_id and n.withdrawn_at is null"
    " and n.published_at > p.published_at) as superseded"
    " from app.published_pack p where p.tenant_id = (select guard.tenant_id())"
    " and p.withdrawn_at is null and p.published_at > :since"
    " union all select 'published_report', 'reports', r.id, r.line, r.title, r.last_on,"
    " r.published_at, r.published_by, exists (select from app.published_report n"
    " where n.tenant_id = r.tenant_id and n.key = r.key and n.first_on = r.first_on"
    " and n.last_on = r.last_on and n.withdrawn_at is null"
    " and n.published_at > r.published_at)"
    " from app.published_report r where r.tenant_id = (select guard.tenant_id())"
    " and r.withdrawn_at is null and r.pack_id is null and r.published_at > :since"
)
_NEWS = sa.text(
    "select type, place, id, line, published_at, published_by,"
    " title || case type when 'published_report' then ' ' || last_on else '' end as title"
    f" from ({_PUBLISHED}) n order by published_at limit 100"
)
_NEW_TO_ME = sa.text(
    f"select type, id, title, last_on from ({_PUBLISHED}) n where not superseded"
    " and published_by <> (select guard.user_id()) and not app.seen_by_me(type, id)"
    " order by published_at desc, id limit 20"
)


_TITLES = sa.text(
    "select id, title from app.published_report where id = any(:ids)"
    " union all select id, title from app.published_pack where id = any(:ids)"
)
