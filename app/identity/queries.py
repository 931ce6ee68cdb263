"""What people, their sessions and their grants look like; every read goes through a guard door."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from app.identity import credentials
from app.kernel import paging, scope
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.paging import Page
from app.kernel.words import _

T = TypeVar("T")

_WAYS = {"password": _("Password"), "totp": _("Authenticator app"), "passkey": _("Passkeys")}


@dataclass(frozen=True, slots=True)
class Profile:
    """Name and address of the signed-in person, and their absence."""

    name: str
    email: str
    side: str
    away_until: date | None
    covered_by: UUID | None


@dataclass(frozen=True, slots=True)
class OwnCredential:
    """One of the person's ways in; `recovery_left` counts unused recovery codes."""

    id: UUID
    kind: str
    name: str
    made_at: datetime
    used_at: datetime | None
    recovery_left: int = 0
    handle: str = ""


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A living session of the person, or one of their API tokens."""

    id: UUID
    kind: str
    tenant_id: UUID | None
    slug: str | None
    lines: tuple[str, ...] | None
    permissions: tuple[str, ...] | None
    device: str
    address: str
    name: str
    opened_at: datetime | None
    idle_until: datetime | None
    expires_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class OwnAccess:
    """One grant of the signed-in person: client, lines, end."""

    tenant_id: UUID
    slug: str
    id: UUID
    role: str
    lines: tuple[str, ...]
    classes: tuple[str, ...]
    may_write: bool
    basis: str
    valid_from: datetime
    valid_to: datetime | None
    living: bool


@dataclass(frozen=True, slots=True)
class AccessRow:
    """Who may see what of a client; `living` is what the database says at this moment."""

    tenant_id: UUID
    slug: str
    id: UUID
    user_id: UUID
    name: str
    email: str
    side: str
    role: str
    lines: tuple[str, ...]
    classes: tuple[str, ...]
    may_write: bool
    basis: str
    valid_from: datetime
    valid_to: datetime | None
    living: bool
    away_until: date | None
    covered_by: str | None
    end_reason: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person with a membership here; `factors` are the kinds of ways in they have set."""

    id: UUID
    name: str
    email: str
    side: str
    left_at: datetime | None
    roles: tuple[str, ...]
    clients: int
    invited_until: datetime | None
    last_seen: datetime | None
    factors: tuple[str, ...]
    away_until: date | None
    covered_by: str | None

    @property
    def state(self) -> str:
        """left, away, invited (no way in yet), lapsed (invitation ran out) or active."""
        if self.left_at is not None:
            return "left"
        if not self.factors:
            return "invited" if self.invited_until is not None else "lapsed"
        return "away" if self.away_until is not None else "active"

    @property
    def ways(self) -> list[str]:
        """The ways in they have set, in words."""
        return [str(_WAYS.get(kind, kind)) for kind in self.factors]


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A wish for access that the client's owner decides."""

    tenant_id: UUID
    slug: str
    id: UUID
    user_id: UUID
    name: str
    email: str
    side: str
    role: str
    lines: tuple[str, ...]
    classes: tuple[str, ...]
    may_write: bool
    valid_from: datetime | None
    valid_to: datetime | None
    reason: str
    requested_by: UUID
    requested_by_name: str
    state: str
    answer: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class GuardEvent:
    """One line of the guard's own log: sign-ins, grants, ends."""

    id: UUID
    at: datetime
    actor: UUID | None
    actor_name: str
    act: str
    detail: dict[str, Any]


def _as(kind: type[T], row: sa.Row[Any], **more: Any) -> T:
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in row._mapping.items()
    }
    return kind(**(values | more))


def _rows(kind: type[T], statement: str, **values: Any) -> list[T]:
    return [_as(kind, row) for row in session.execute(sa.text(statement), values)]


def profile() -> Profile:
    """The signed-in person."""
    return _rows(Profile, "select * from guard.my_profile()")[0]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a person wants to see the product; empty means: as the browser says."""

    locale: str = ""
    mail_locale: str = ""
    time_zone: str = ""
    theme: str = "auto"
    density: str = "default"
    keys_on: bool = True


def settings() -> Settings:
    """The signed-in person's settings."""
    found = _rows(Settings, "select * from guard.my_settings()")
    return found[0] if found else Settings()


def time_zones() -> frozenset[str]:
    """The names of all time zones of the IANA database."""
    return frozenset(zoneinfo.available_timezones())


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the same side whom the person shares a firm with."""

    id: UUID
    name: str
    side: str


def colleagues(*, everybody: bool = False) -> list[Colleague]:
    """People of the person's own side in their firms; `everybody` means of both sides."""
    found = _rows(Colleague, "select id, name, side from guard.people() order by 2, 1")
    if everybody:
        return found
    own = profile().side
    return [one for one in found if one.side == own]


def client_slugs() -> list[str]:
    """The clients a grant may name."""
    found = session.execute(sa.text("select slug from guard.tenant_slugs()")).scalars()
    return list(found)


def tenant_of(slug: str) -> UUID | None:
    """The client of a slug, for staff who give or ask for access in the provider's tenant."""
    found: UUID | None = session.execute(
        sa.text("select guard.tenant_named(:slug)"), {"slug": slug}
    ).scalar_one_or_none()
    return found


def own_credentials() -> list[OwnCredential]:
    """The person's ways in, oldest first."""
    person_id = scope.current().person_id
    assert person_id is not None
    found = []
    for row in session.execute(sa.text("select * from guard.my_credentials()")):
        left, handle = 0, ""
        if row.kind == "totp":
            left = len(credentials.open_totp(row.secret, person_id=person_id).recovery)
        elif row.kind == "passkey":
            handle = credentials.opened("passkey", row.secret, person_id=person_id).decode()
        found.append(
            OwnCredential(row.id, row.kind, row.name, row.made_at, row.used_at, left, handle)
        )
    return found


def own_sessions(kind: str = "person") -> list[OwnSession]:
    """The person's living sessions (`person`) or API tokens (`token`), newest first."""
    found = _rows(OwnSession, "select * from guard.my_sessions()")
    return [one for one in found if one.kind == kind]


def own_access() -> list[OwnAccess]:
    """The person's grants, also those that ended in the last 90 days."""
    return _rows(OwnAccess, "select * from guard.my_access()")


def access(*, ended: bool = False) -> list[AccessRow]:
    """Who may see what here; from the provider's tenant, of every client."""
    return _rows(AccessRow, "select * from guard.access_rows(:ended)", ended=ended)


def access_page(*, words: str, state: str, after: str | None, limit: int) -> Page[AccessRow]:
    """A page of `access` by name: `living`, `ending` (within 31 days) or `all` (ended too)."""
    name, last = paging.keys(after, str, UUID) or (None, None)
    found = _rows(
        AccessRow,
        "select * from guard.access_rows(:state = 'all') r where (:state <> 'ending'"
        " or r.valid_to < now() + interval '31 days') and (strpos(lower(r.name), :words) > 0"
        " or strpos(lower(r.email), :words) > 0 or strpos(r.slug, :words) > 0)"
        " and (cast(:name as text) is null or (r.name, r.id) > (:name, cast(:id as uuid)))"
        " order by r.name, r.id limit :most",
        state=state,
        words=words.lower(),
        name=name,
        id=last,
        most=limit + 1,
    )
    return paging.page(found, limit=limit, key=lambda row: (row.name, row.id))


def access_of(ids: list[UUID]) -> list[AccessRow]:
    """These living grants; raises NotFound unless all are known here."""
    found = [row for row in access() if row.id in set(ids)]
    if len(found) != len(set(ids)):
        raise NotFound
    return found


def people() -> list[PersonRow]:
    """People with a membership here; from the provider's tenant everybody."""
    return _rows(PersonRow, "select * from guard.person_rows()")


def people_page(*, words: str, state: str, after: str | None, limit: int) -> Page[PersonRow]:
    """A page of `people` by name: `here`, `invited` (and not come yet) or `left`."""
    name, last = paging.keys(after, str, UUID) or (None, None)
    found = _rows(
        PersonRow,
        "select * from guard.person_rows() r where case :state when 'left' then r.left_at is not"
        " null when 'invited' then r.left_at is null and r.factors = '{}'"
        " else r.left_at is null end and (strpos(lower(r.name), :words) > 0"
        " or strpos(lower(r.email), :words) > 0) and (cast(:name as text) is null"
        " or (r.name, r.id) > (:name, cast(:id as uuid))) order by r.name, r.id limit :most",
        state=state,
        words=words.lower(),
        name=name,
        id=last,
        most=limit + 1,
    )
    return paging.page(found, limit=limit, key=lambda row: (row.name, row.id))


def person(person_id: UUID) -> PersonRow:
    """One of `people`; raises NotFound."""
    for found in people():
        if found.id == person_id:
            return found
    raise NotFound


def requests(*, open_only: bool = True) -> list[AccessRequest]:
    """Wishes for access to this client; from the provider's tenant to all."""
    return _rows(AccessRequest, "select * from guard.access_requests(:open)", open=open_only)


def roles() -> dict[str, frozenset[str]]:
    """Every role with its permissions as the database holds them."""
    found: dict[str, frozenset[str]] = {}
    for row in session.execute(sa.text("select * from guard.roles()")):
        found[row.role] = frozenset(row.permissions or ())
    return found


def guard_events(
    *,
    person_id: UUID | None = None,
    act: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: UUID | None = None,
    limit: int = 100,
) -> list[GuardEvent]:
    """The guard's log of this client, newest first."""
    return _rows(
        GuardEvent,
        "select * from guard.guard_events(:person, :act, :since, :until, :before, :limit)",
        person=person_id,
        act=act,
        since=since,
        until=until,
        before=before,
        limit=limit,
    )
