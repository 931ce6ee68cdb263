"""What a person was told: how many are unread, a page of them, in words, and how they want it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents import subjects
from app.kernel import notices, paging, people
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.jobs_catalog import system_user_name
from app.kernel.notices import NoticeKind, Wish
from app.kernel.paging import Page

MOST_SHOWN = 99
HOURS = (8, 13)
QUIET = (19, 7)
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice of the acting person; `count` says how often it happened at the same thing."""

    tenant_id: UUID
    id: UUID
    line: str
    kind: str
    subject_type: str
    subject_key: str
    actor_id: UUID | None
    count: int
    last_at: datetime
    read_at: datetime | None
    slug: str
    client: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice in the reader's words: what happened, to what, where it stands and who did it."""

    notice: Notice
    text: str
    title: str
    actor: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notices: unread ones only, of one kind, of one client."""

    unread: bool = False
    kind: str | None = None
    client: UUID | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """When a person wants the digest: whole hours of their own zone.

    On working days, or `every_day`; no mail between `quiet_from` and `quiet_to`, and none but of
    the account's safety before the day `paused_until`.
    """

    hours: tuple[int, ...] = HOURS
    every_day: bool = False
    quiet_from: int = QUIET[0]
    quiet_to: int = QUIET[1]
    paused_until: date | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """How a person is told of a kind."""

    kind: NoticeKind
    in_app: bool
    by_mail: Wish


def unread() -> int:
    """How many unread notices the acting person has over all clients, at most a hundred."""
    return int(session.execute(_COUNT).scalar_one())


def page(wanted: Wanted, *, after: str | None, limit: int) -> Page[Notice]:
    """The acting person's notices in the open scope, the newest first; raises Invalid.

    Shown is what is still theirs to read: a grant that ended takes its notices along.
    """
    at, last = paging.keys(after, paging.moment, UUID) or (None, None)
    parts = {
        "n.read_at is null": wanted.unread or None,
        "n.kind = :kind": wanted.kind,
        "n.tenant_id = :client": wanted.client,
        "(n.last_at, n.id) < (:at, :last)": at,
    }
    asked = "".join(f" and {part}" for part, value in parts.items() if value is not None)
    values: dict[str, Any] = {"kind": wanted.kind, "client": wanted.client, "limit": limit + 1}
    statement = sa.text(
        f"{_PAGE}{asked} order by n.last_at desc, n.id desc limit :limit) n{_NAMED}"
    )
    rows = session.execute(statement, {**values, "at": at, "last": last}).mappings()
    found = [Notice(**row) for row in rows]
    return paging.page(found, limit=limit, key=lambda one: (one.last_at.isoformat(), one.id))


def shown(found: Sequence[Notice]) -> list[Shown]:
    """Notices in words; a thing that is gone or out of reach has no title. One statement a kind."""
    known = notices.kinds()
    titles = _titles(found, known)
    actors = {one.actor_id for one in found if not system_user_name(one.actor_id)}
    names = people.names({one for one in actors if one is not None})
    return [
        Shown(
            one,
            known[one.kind].told(one.count),
            titles.get((one.subject_type, one.subject_key), ""),
            names.get(one.actor_id, "") if one.actor_id else "",
        )
        for one in found
        if one.kind in known
    ]


def _titles(found: Sequence[Notice], known: Mapping[str, NoticeKind]) -> dict[tuple[str, str], str]:
    pairs = {(one.subject_type, one.subject_key) for one in found}
    titles = {pair: str(one.title) for pair, one in subjects.describe(pairs).items()}
    for kind in {known[one.kind] for one in found if one.kind in known}:
        if kind.describe is None:
            continue
        keys = {one.subject_key for one in found if one.kind == kind.name}
        types = {one.subject_type for one in found if one.kind == kind.name}
        for key, title in kind.describe(sorted(keys)).items():
            titles |= {(subject_type, key): title for subject_type in types}
    return titles


def clients() -> list[tuple[UUID, str, str]]:
    """The clients of the open scope by name, for the filter: id, slug and name."""
    return [(row.tenant_id, row.slug, row.name) for row in session.execute(_CLIENTS)]


def client_of_mine(slug: str) -> UUID | None:
    """The client of this slug, from inside the person's home too; None for none of theirs."""
    found: UUID | None = session.execute(_OF_MINE, {"slug": slug}).scalar()
    return found


def subject(notice_id: UUID) -> tuple[str, str]:
    """Type and key of what one of the acting person's notices is about; raises NotFound."""
    row = session.execute(_SUBJECT, {"id": notice_id}).first()
    if row is None:
        raise NotFound
    return row.subject_type, row.subject_key


def choices(side: str) -> list[Choice]:
    """How the acting person is told of each kind that can reach their side.

    What they chose stays there while every mail is stopped (`stopped_all`).
    """
    made = {row.kind: row for row in session.execute(_CHOICES)}
    found = []
    for kind in notices.kinds().values():
        if side not in kind.sides:
            continue
        own = made.get(kind.name)
        wish: Wish = own.by_mail if own is not None else kind.mail
        found.append(Choice(kind, own.in_app if own is not None else True, wish))
    return found


def stopped_all() -> bool:
    """Whether the acting person stopped every mail that can be stopped."""
    return any(row.kind == EVERYTHING and row.by_mail == "off" for row in session.execute(_CHOICES))


def hours() -> Hours:
    """When the acting person wants the digest; what everybody has who chose nothing."""
    row = session.execute(_HOURS).mappings().first()
    if row is None:
        return Hours()
    return Hours(**{**row, "hours": tuple(row["hours"])})


_COUNT = sa.text("select app.count_my_notices()")
_PAGE = (
    "select n.tenant_id, n.id, n.line, n.kind, n.subject_type, n.subject_key, n.actor_id, n.count,"
    " n.last_at, n.read_at, c.slug, c.name as client from (select * from app.notice n"
    " where n.owner_id = (select guard.user_id()) and n.in_app"
)
_NAMED = " join app.client c on c.tenant_id = n.tenant_id order by n.last_at desc, n.id desc"
_CLIENTS = sa.text("select tenant_id, slug, name from app.client order by lower(name), slug")
_OF_MINE = sa.text("select app.notice_client(:slug) as tenant_id")
_SUBJECT = sa.text(
    "select subject_type, subject_key from app.notice where id = :id and in_app"
    " and owner_id = (select guard.user_id())"
)
_CHOICES = sa.text(
    "select distinct on (kind) kind, in_app, by_mail from app.notice_choice"
    " where owner_id = (select guard.user_id()) order by kind, changed_at desc"
)
_HOURS = sa.text(
    "select hours, every_day, quiet_from, quiet_to, paused_until from app.notice_hours"
    " where owner_id = (select guard.user_id()) order by changed_at desc limit 1"
)
