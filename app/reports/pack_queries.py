"""Packs in the making and packs as they were published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import paging, people
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.paging import Page
from app.reports import queries
from app.reports.models import PublishedPack, ReportPack
from app.reports.queries import PublishedWhole


@dataclass(frozen=True, slots=True)
class PartHead:
    """One report of a draft."""

    key: str
    comparison: str
    share: bool
    words: str

    @property
    def asked(self) -> str:
        """What its builder is asked for."""
        return f"{self.comparison},share" if self.share else self.comparison


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack in the making."""

    id: UUID
    line: str
    title: str
    narrative: str
    first_on: date
    last_on: date
    parts: tuple[PartHead, ...]
    version: int


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """A published pack's head."""

    id: UUID
    line: str
    pack_id: UUID
    title: str
    narrative: str
    first_on: date
    last_on: date
    books_version: int
    content_sha: bytes
    published_by: UUID
    publisher: str
    published_at: datetime
    withdrawn_at: datetime | None
    superseded: bool


@dataclass(frozen=True, slots=True)
class PublishedPackWhole:
    """A published pack with its reports in their order, as they stood."""

    head: PublishedHead
    reports: tuple[PublishedWhole, ...]


def _pack(row: ReportPack) -> Pack:
    return Pack(
        id=row.id,
        line=row.line,
        title=row.title,
        narrative=row.narrative,
        first_on=row.first_on,
        last_on=row.last_on,
        parts=tuple(
            PartHead(one["key"], one["cmp"], one["share"], one["words"]) for one in row.parts
        ),
        version=row.version,
    )


def packs(*, limit: int = 50) -> list[Pack]:
    """The client's packs in the making, the latest month first."""
    statement = (
        sa.select(ReportPack)
        .where(ReportPack.removed_at.is_(None))
        .order_by(ReportPack.last_on.desc(), ReportPack.id.desc())
        .limit(limit)
    )
    return [_pack(row) for row in session.execute(statement).scalars()]


def packs_page(after: str | None, *, limit: int) -> Page[Pack]:
    """Packs in the making, the latest month first, a page at a time; raises Invalid."""
    latest_first = (ReportPack.last_on, ReportPack.id)
    statement = (
        sa.select(ReportPack)
        .where(ReportPack.removed_at.is_(None))
        .order_by(*(one.desc() for one in latest_first))
    )
    if place := paging.keys(after, date.fromisoformat, UUID):
        statement = statement.where(sa.tuple_(*latest_first) < place)
    rows = session.execute(statement.limit(limit + 1)).scalars()
    return paging.page(
        [_pack(row) for row in rows], limit=limit, key=lambda one: (one.last_on, one.id)
    )


def pack(pack_id: UUID) -> Pack:
    """One pack in the making; raises NotFound."""
    row = session.execute(
        sa.select(ReportPack)
        .where(ReportPack.id == pack_id, ReportPack.removed_at.is_(None))
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise NotFound
    return _pack(row)


_NEWER = sa.orm.aliased(PublishedPack)
_SUPERSEDED = (
    sa.exists()
    .where(
        _NEWER.tenant_id == PublishedPack.tenant_id,
        _NEWER.pack_id == PublishedPack.pack_id,
        _NEWER.published_at > PublishedPack.published_at,
        _NEWER.withdrawn_at.is_(None),
    )
    .label("superseded")
)


def _heads(rows: Sequence[Any]) -> list[PublishedHead]:
    names = people.names([row[0].published_by for row in rows])
    return [
        PublishedHead(
            **{
                name: getattr(one, name)
                for name in PublishedHead.__slots__
                if name not in ("publisher", "superseded")
            },
            publisher=names.get(one.published_by, ""),
            superseded=superseded,
        )
        for one, superseded in rows
    ]


def published_packs(
    *, current_only: bool = False, pack_id: UUID | None = None, limit: int = 100
) -> list[PublishedHead]:
    """Published packs, newest first; `current_only` leaves out what was replaced or withdrawn."""
    statement = sa.select(PublishedPack, _SUPERSEDED).order_by(
        PublishedPack.published_at.desc(), PublishedPack.id.desc()
    )
    if pack_id is not None:
        statement = statement.where(PublishedPack.pack_id == pack_id)
    if current_only:
        statement = statement.where(PublishedPack.withdrawn_at.is_(None), sa.not_(_SUPERSEDED))
    return _heads(session.execute(statement.limit(limit)).all())


def published_page(after: str | None, *, limit: int) -> Page[PublishedHead]:
    """All published packs, the newest first, a page at a time; raises Invalid `bad-cursor`."""
    newest_first = (PublishedPack.published_at, PublishedPack.id)
    statement = sa.select(PublishedPack, _SUPERSEDED).order_by(
        *(one.desc() for one in newest_first)
    )
    if place := paging.keys(after, paging.moment, UUID):
        statement = statement.where(sa.tuple_(*newest_first) < place)
    found = _heads(session.execute(statement.limit(limit + 1)).all())
    return paging.page(found, limit=limit, key=lambda one: (one.published_at, one.id))


def published_pack(publication_id: UUID, *, at_portal: bool = False) -> PublishedPackWhole:
    """One published pack; at the portal a withdrawn one is unknown. Raises NotFound."""
    statement = sa.select(PublishedPack, _SUPERSEDED).where(PublishedPack.id == publication_id)
    if at_portal:
        statement = statement.where(PublishedPack.withdrawn_at.is_(None))
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return PublishedPackWhole(_heads([row])[0], queries.reports_of_pack(publication_id))
