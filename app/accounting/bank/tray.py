"""The provider's tray: statement files whose client nobody could tell, until somebody says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting.bank import words as bank_words
from app.kernel import paging, reads, scope, storage
from app.kernel.db import session
from app.kernel.errors import Conflict, NotFound

LINE = "intake"


def waiting(tray_id: UUID) -> sa.Row[Any]:
    """Locks a file that waits; raises NotFound, and Conflict (`tray-done`) where it waits no more.

    In the provider's own firm.
    """
    row = session.execute(_TRAY_ROW, {"id": tray_id}).one_or_none()
    if row is None:
        raise NotFound
    if row.state != "waiting":
        raise Conflict("tray-done")
    return row


@dataclass(frozen=True, slots=True)
class Claim:
    """A file somebody is about to copy into a client, and whom a claim that broke off was for."""

    name: str
    sha256: str
    stored_object_id: UUID
    broken_tenant_id: UUID | None


def claim(tray_id: UUID, *, tenant: UUID, over: UUID | None = None) -> Claim:
    """Says that the acting person copies a file into a client now: one person, one client.

    A claim older than ten minutes was broken off. One for another client is answered and left
    as it is, since the copy may be there; `over` names that client once somebody looked. Raises
    as `waiting` does, and Conflict (`tray-claimed`) while somebody else's claim holds.
    """
    row = waiting(tray_id)
    values = {"id": tray_id, "tenant": tenant}
    _demand_unclaimed(row, tenant=tenant, by=scope.current().person_id)
    broken = row.claimed_tenant_id if row.claimed_tenant_id != tenant else None
    if broken is None or broken == over:
        session.execute(_CLAIM, values)
        broken = None
    return Claim(row.name, row.sha256, row.stored_object_id, broken)


def give_up(tray_id: UUID, *, tenant: UUID) -> None:
    """Lets go of the acting person's own claim, as when the client's books refused the file."""
    session.execute(_GIVE_UP, {"id": tray_id, "tenant": tenant})


def _demand_unclaimed(row: sa.Row[Any], *, tenant: UUID | None, by: UUID | None) -> None:
    """Refuses a file under a living claim, other than the same person's for the same client."""
    if row.claimed and (row.claimed_tenant_id, row.claimed_by) != (tenant, by):
        raise Conflict("tray-claimed")


def discard(tray_id: UUID) -> None:
    """Put a file of the tray aside; the file stays and can be taken back.

    Raises as `waiting` does, and Conflict (`tray-claimed`) while somebody copies it.
    """
    _demand_unclaimed(waiting(tray_id), tenant=None, by=None)
    session.execute(_DISCARD, {"id": tray_id})


def take_back(tray_id: UUID) -> None:
    """Put a file that was set aside into the tray again."""
    if session.execute(_BACK, {"id": tray_id}).one_or_none() is None:
        raise NotFound


def mark_given(tray_id: UUID, *, tenant: UUID, file: UUID) -> None:
    """Marks a file that waits as copied into a client; raises as `waiting` does."""
    waiting(tray_id)
    session.execute(_ASSIGNED, {"id": tray_id, "tenant": tenant, "file": file})


@dataclass(frozen=True, slots=True)
class TrayFile:
    """A file nobody could place: what it says of itself and why it lies here."""

    id: UUID
    name: str
    format: str | None
    numbers: list[dict[str, Any]]
    error: dict[str, Any] | None
    reason: str
    state: str
    size: int
    stored_object_id: UUID
    dropped_by: UUID
    dropped_at: Any
    given_tenant_id: UUID | None
    given_file_id: UUID | None


def files(*, limit: int = 200) -> list[TrayFile]:
    """What waits in the tray, newest first."""
    found = session.execute(_TRAY, {"at": None, "id": None, "limit": limit})
    return [_tray_file(row) for row in found]


def page(*, after: str | None = None, limit: int = 100) -> paging.Page[TrayFile]:
    """What waits in the tray, newest first, a page at a time by keyset."""
    limit = paging.clamp(limit)
    at, last = paging.keys(after, paging.moment, UUID) or (None, None)
    values = {"at": at, "id": last, "limit": limit + 1}
    found = [_tray_file(row) for row in session.execute(_TRAY, values)]
    return paging.page(found, limit=limit, key=lambda one: (one.dropped_at, one.id))


def file(tray_id: UUID) -> TrayFile:
    """One file of the tray; raises NotFound."""
    row = session.execute(_TRAY_ONE, {"id": tray_id}).one_or_none()
    if row is None:
        raise NotFound
    return _tray_file(row)


def _tray_file(row: sa.Row[Any]) -> TrayFile:
    found = dict(row._mapping)
    found["error"] = bank_words.shown(row.error) if row.error else None
    return TrayFile(**found)


def raw(tray_id: UUID) -> tuple[TrayFile, Iterator[bytes]]:
    """A file as it was dropped, to be saved; who took it and when is written down.

    In the provider's own firm. Raises NotFound.
    """
    found = file(tray_id)
    look = reads.Look("statement_tray", LINE, found.id, exported=True, rows=1)
    pieces = storage.open(found.stored_object_id)
    reads.leave(look)
    return found, pieces


_TENANT = "tenant_id = (select guard.tenant_id())"
_TRAY_ROW = sa.text(
    "select id, state, name, sha256, stored_object_id, claimed_tenant_id, claimed_by,"
    " coalesce(claimed_at > now() - interval '10 minutes', false) as claimed"
    " from app.statement_tray"
    f" where {_TENANT} and id = :id for update"
)
_ASSIGNED = sa.text(
    "update app.statement_tray set state = 'assigned', given_tenant_id = :tenant,"
    " given_file_id = :file, done_by = (select guard.user_id()), done_at = now(),"
    " claimed_tenant_id = null, claimed_by = null, claimed_at = null"
    f" where {_TENANT} and id = :id"
)
_CLAIM = sa.text(
    "update app.statement_tray set claimed_tenant_id = :tenant, claimed_at = now(),"
    f" claimed_by = (select guard.user_id()) where {_TENANT} and id = :id"
)
_GIVE_UP = sa.text(
    "update app.statement_tray set claimed_tenant_id = null, claimed_by = null, claimed_at = null"
    f" where {_TENANT} and id = :id and state = 'waiting' and claimed_tenant_id = :tenant"
    " and claimed_by = (select guard.user_id())"
)
_DISCARD = sa.text(
    "update app.statement_tray set state = 'discarded', done_by = (select guard.user_id()),"
    f" done_at = now() where {_TENANT} and id = :id"
)
_BACK = sa.text(
    "update app.statement_tray set state = 'waiting', done_by = null, done_at = null"
    f" where {_TENANT} and id = :id and state = 'discarded' returning id"
)
_TRAY_COLUMNS = (
    "select id, name, format, numbers, error, reason, state, size, stored_object_id, dropped_by,"
    " dropped_at, given_tenant_id, given_file_id from app.statement_tray"
)
_TRAY = sa.text(
    f"{_TRAY_COLUMNS} where state = 'waiting' and (cast(:at as timestamptz) is null"
    " or (dropped_at, id) < (cast(:at as timestamptz), cast(:id as uuid)))"
    " order by dropped_at desc, id desc limit :limit"
)
_TRAY_ONE = sa.text(f"{_TRAY_COLUMNS} where id = :id")
