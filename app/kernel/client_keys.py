"""A client's data key: renewed while people work, or destroyed with a second person's approval.

A renewal adds a key, seals every object in the bucket anew and then ends the older keys. The
bucket is the truth: each object says under which key it stands, so that a renewal that was cut off
goes on where it was, and nothing is missed. Destroying the key erases every paper of the client at
once; what backups hold ages out with them, and the certificate says when.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from flask import current_app

from app.kernel import approvals, clock, db, events, jobs, sealing, storage_chunks
from app.kernel import scope as scopes
from app.kernel.approvals import ApprovalDecided
from app.kernel.errors import NotFound, Unavailable
from app.kernel.jobs_catalog import job
from app.kernel.jobs_progress import Progress
from app.kernel.settings import Settings
from app.kernel.storage_bucket import bucket

log = structlog.get_logger("storage")
JOB = "storage.renew-key"
APPROVAL = "client.key.destroy"
STEP = 20
SPOOL_BYTES = 4 * 1024 * 1024
VALID = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class KeyState:
    """The number of the newest key, since when, and how many there are (two: a renewal runs)."""

    no: int
    made_at: datetime
    keys: int


@dataclass(frozen=True, slots=True)
class Destruction:
    """The certificate of a destroyed key; `bytes` are of the plain contents that open no more."""

    id: UUID
    approval_id: UUID
    requested_by: UUID
    approved_by: UUID
    keys: int
    fingerprints: list[str]
    objects: int
    bytes: int
    backup_days: int
    at: datetime

    @property
    def aged_out_at(self) -> datetime:
        """When the last backup that held the wrapped key is gone."""
        return self.at + timedelta(days=self.backup_days)


def state() -> KeyState | None:
    """The key of the open client; None where it was destroyed and nothing came since."""
    row = db.session.execute(_STATE).mappings().first()
    return KeyState(**row) if row is not None else None


def order_renewal() -> UUID:
    """Asks for a renewal; raises Forbidden without `client.keys`, or a fresh sign-in."""
    key = f"renew:{clock.now():%Y%m%d%H%M}"
    return jobs.enqueue(JOB, {}, key=key, line="member")


def request_destruction(*, name: str) -> UUID:
    """Asks a second person to approve that the client's key is destroyed; returns the approval."""
    tenant = scopes.current().tenant_id
    content = {"client": name, "effect": "papers", "backup_days": _settings().backup_days}
    return approvals.request(
        APPROVAL,
        subject_type="client",
        subject_id=tenant,
        line="member",
        title=name,
        content=content,
        expires_at=clock.now() + VALID,
    )


def destructions() -> list[Destruction]:
    """The certificates of this client, the newest first."""
    return [Destruction(**row) for row in db.session.execute(_CERTIFICATES).mappings()]


def destruction(destruction_id: UUID) -> Destruction:
    """One certificate; raises NotFound."""
    for one in destructions():
        if one.id == destruction_id:
            return one
    raise NotFound


@events.on(ApprovalDecided)
def carry_out(decided: ApprovalDecided) -> None:
    """Destroys the key when the second person has approved it; the database asks again."""
    if decided.kind == APPROVAL and decided.state == "approved":
        values = {"approval": decided.approval_id, "days": _settings().backup_days}
        db.session.execute(_DESTROY, values)


@job(JOB, queue="bulk", retries=20, lease=60, steps=True)
def renew(_args: dict[str, Any], progress: Progress) -> None:
    """Seals every object of the client under a new key, then ends the older ones."""
    tenant = progress.ticket.tenant_id
    with progress.step(stage="Counting"):
        fresh = {"wrapped": sealing.fresh_client_key(tenant)}
        newest = int(db.session.execute(_BEGIN, fresh).scalar_one())
        keys = sealing.client_keys()
    if not newest:
        return
    prefix = f"t/{tenant}/"
    _seal_all(progress, tenant, newest, keys)
    left = [name for name in bucket().keys(prefix) if _stands_below(name, newest, keys)]
    with progress.step(stage="Ending the old key"):
        shas = [name.rpartition("/")[2] for name in left]
        if lost := db.session.execute(_NAMED, {"shas": shas}).scalar_one():
            log.error("objects that do not open", tenant=str(tenant), objects=lost)
            raise Unavailable("object-damaged")
    _drop_older(prefix)
    with progress.step(stage="Ending the old key"):
        db.session.execute(_FINISH, {"no": newest})


def _seal_all(progress: Progress, tenant: UUID, newest: int, keys: Mapping[int, bytes]) -> None:
    names = list(bucket().keys(f"t/{tenant}/"))
    for place, name in enumerate(names, start=1):
        if _stands_below(name, newest, keys):
            try:
                _seal_anew(name, tenant, newest, keys)
            except Unavailable:  # a rolled-back upload's, or damaged: asked again below
                log.warning("object does not open", tenant=str(tenant))
        if place % STEP == 0 or place == len(names):
            progress.at(place, len(names), "Sealing anew")


def _stands_below(name: str, newest: int, keys: Mapping[int, bytes]) -> bool:
    """Whether an object stands under an older key of ours; what no key of ours opens is no paper.

    A rolled-back first upload leaves ciphertext under a key that was rolled back with it.
    """
    try:
        number = storage_chunks.key_number(bucket().beginning(name, storage_chunks.HEAD_BYTES))
    except Unavailable as fault:
        if fault.code == "storage-unavailable":
            raise  # away is not gone: the old key must not end while it may be needed
        return False
    return number != newest and number in keys


def _seal_anew(name: str, tenant: UUID, newest: int, keys: Mapping[int, bytes]) -> None:
    label = f"{tenant}|{name.rpartition('/')[2]}"
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as plain:
        for piece in _opened(name, label, keys):
            plain.write(piece)
        plain.seek(0)
        sealed = storage_chunks.sealed(plain, number=newest, key=keys[newest], label=label)
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as body:
            for piece in sealed:
                body.write(piece)
            body.seek(0)
            bucket().replace(name, body)


def _opened(name: str, label: str, keys: Mapping[int, bytes]) -> Iterator[bytes]:
    return storage_chunks.opened(bucket().get(name), key=keys.__getitem__, label=label)


def _drop_older(prefix: str) -> None:
    """Removes what the bucket kept of objects before they were sealed anew.

    What a lock of the bucket holds stays until it ends; nobody opens it once its key is gone.
    """
    older = [one for one in bucket().versions(prefix) if not one.is_latest]
    if locked := sum(not bucket().delete_version(one.key, one.version) for one in older):
        log.warning("older versions are locked", prefix=prefix, versions=locked)


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


_STATE = sa.text("select no, made_at, keys from app.client_key_state()")
_BEGIN = sa.text("select app.begin_key_renewal(:wrapped)")
_FINISH = sa.text("select app.end_key_renewal(:no)")
_NAMED = sa.text(
    "select count(*) from app.stored_object where tenant_id = (select guard.tenant_id())"
    " and sha256 = any(cast(:shas as text[])) and state <> 'gone'"
)
_DESTROY = sa.text("select app.destroy_client_keys(:approval, :days)")
_CERTIFICATES = sa.text(
    "select id, approval_id, requested_by, approved_by, keys, fingerprints, objects, bytes,"
    " backup_days, at from app.key_destruction where tenant_id = (select guard.tenant_id())"
    " order by id desc limit 100"
)
