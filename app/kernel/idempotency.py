"""Idempotency keys: the same request again gets the same answer and does nothing twice."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from app.kernel import db
from app.kernel.errors import Conflict

KEEP_HOURS = 24
_OWN = "tenant_id = (select guard.tenant_id()) and owner_id = (select guard.user_id())"


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer that was given the first time."""

    status: int
    media_type: str
    body: bytes


def begin(key: str, *, request_hash: str, line: str) -> Stored | None:
    """Takes a key in the request's transaction; answers what was stored for it, or None.

    A second request with the same key waits until the first has ended. Raises Conflict
    `idempotency-key-reused` when the key came with another request, and
    `idempotency-key-in-use` when its first request never gave an answer.
    """
    _forget_old(key)
    taken = db.session.execute(
        sa.text(
            "insert into app.idempotency_key (tenant_id, owner_id, key, line, request_sha)"
            " values (guard.tenant_id(), guard.user_id(), :key, :line, :sha)"
            " on conflict do nothing returning 1"
        ),
        {"key": key, "line": line, "sha": request_hash},
    ).scalar()
    if taken:
        return None
    row = db.session.execute(
        sa.text(
            "select request_sha, status, media_type, body from app.idempotency_key"
            f" where {_OWN} and key = :key"
        ),
        {"key": key},
    ).first()
    if row is None or row.request_sha != request_hash:
        raise Conflict("idempotency-key-reused")
    if row.status is None:
        raise Conflict("idempotency-key-in-use")
    return Stored(row.status, row.media_type or "", bytes(row.body or b""))


def keep(key: str, *, status: int, body: bytes, media_type: str) -> None:
    """Stores the answer with the work itself: both are there, or neither."""
    db.session.execute(
        sa.text(
            "update app.idempotency_key set status = :status, body = :body, media_type = :type"
            f" where {_OWN} and key = :key"
        ),
        {"key": key, "status": status, "body": body, "type": media_type},
    )


def _forget_old(key: str) -> None:
    db.session.execute(
        sa.text(
            f"delete from app.idempotency_key where {_OWN} and key = :key"
            " and made_at < now() - make_interval(hours => :hours)"
        ),
        {"key": key, "hours": KEEP_HOURS},
    )
