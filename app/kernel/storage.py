"""Stored objects: bytes in the bucket under the client's own key, their heads in the database."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, BinaryIO
from uuid import UUID

import sqlalchemy as sa

from app.kernel import db, sealing, storage_chunks
from app.kernel import scope as scopes
from app.kernel.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable
from app.kernel.storage_bucket import bucket

MOST_BYTES = 50 * 1024 * 1024
SPOOL_BYTES = 4 * 1024 * 1024
STATES = ("quarantine", "clean", "refused", "gone")
_SELECT = (
    "select id, line, kind, name, media_type, size, sha256, state, made_by, made_at"
    " from app.stored_object"
)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """The head of one stored object; `size` in bytes and `sha256` are of the plain content."""

    id: UUID
    line: str
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    state: str
    made_by: UUID | None
    made_at: datetime


def put(
    data: bytes | BinaryIO,
    *,
    kind: str,
    name: str,
    media_type: str,
    line: str,
    state: str = "clean",
    most: int = MOST_BYTES,
) -> UUID:
    """Seals and stores bytes, then writes the head in the caller's transaction.

    Raises TooLarge beyond `most` bytes, Unavailable while the bucket is away. A rolled-back
    transaction leaves ciphertext without a head behind, which nobody can open.
    """
    if not name.strip() or len(name) > 255 or "\0" in name:
        raise Invalid.of("name", "file-name-invalid")
    with _spooled(data, most) as (plain, size, sha):
        _store(plain, sha)
    made: UUID = db.session.execute(
        sa.text(
            "insert into app.stored_object (tenant_id, line, kind, name, media_type, size, sha256,"
            " state, made_by) values ((select guard.tenant_id()), :line, :kind, :name, :type,"
            " :size, :sha, :state, (select guard.user_id())) returning id"
        ),
        {
            "line": line,
            "kind": kind,
            "name": name,
            "type": media_type,
            "size": size,
            "sha": sha,
            "state": state,
        },
    ).scalar_one()
    return made


def info(object_id: UUID) -> StoredObject:
    """The head of one object; raises NotFound."""
    row = db.session.execute(
        sa.text(f"{_SELECT} where id = :id and state <> 'gone'"), {"id": object_id}
    ).mappings()
    found = row.first()
    if found is None:
        raise NotFound
    return StoredObject(**found)


def open(object_id: UUID) -> Iterator[bytes]:  # noqa: A001  # reads as storage.open
    """The plain content in pieces of at most one megabyte, each proved as it comes.

    Head and key are fetched at once, inside the transaction; the pieces may be read after it.
    """
    found = _readable(object_id)
    key, label = sealing.client_key(), _label(found.sha256)
    return storage_chunks.opened(bucket().get(_key(found.sha256)), key=key, label=label)


def read(object_id: UUID) -> bytes:
    """The whole plain content of an object."""
    return b"".join(open(object_id))


def read_range(object_id: UUID, start: int, length: int) -> bytes:
    """A part of the plain content; only the sealed pieces around it are fetched."""
    found = _readable(object_id)
    key, label = sealing.client_key(), _label(found.sha256)
    spans = storage_chunks.spans(found.size, start, length)
    prefix = bucket().range(_key(found.sha256), 0, storage_chunks.HEAD_BYTES)
    parts = [
        storage_chunks.open_piece(
            bucket().range(_key(found.sha256), span.at, span.length),
            key=key,
            label=label,
            prefix=prefix,
            span=span,
        )
        for span in spans
    ]
    return b"".join(parts)


def set_state(object_id: UUID, state: str) -> None:
    """Moves an object from quarantine to clean or refused; raises NotFound."""
    if state not in STATES:
        raise Conflict("object-state-unknown")
    done = db.session.execute(
        sa.text("update app.stored_object set state = :state where id = :id returning 1"),
        {"id": object_id, "state": state},
    ).scalar()
    if not done:
        raise NotFound


def _readable(object_id: UUID) -> StoredObject:
    found = info(object_id)
    if found.state != "clean":
        raise Conflict("object-not-clean", state=found.state)
    return found


def _tenant() -> UUID:
    tenant = scopes.current().tenant_id
    if tenant is None:
        raise Unavailable("no-client")
    return tenant


def _key(sha: str) -> str:
    return f"t/{_tenant()}/{sha[:2]}/{sha}"


def _label(sha: str) -> str:
    return f"{_tenant()}|{sha}"


def _store(plain: IO[bytes], sha: str) -> None:
    """Puts the sealed content; what a committed head answers for needs no second copy.

    The bucket alone is no witness: what a rolled-back upload left there may be cut short or
    sealed under a key that was rolled back with it. So it is written anew, as a new version.
    """
    key = _key(sha)
    if _has_head(sha):
        return
    sealed = storage_chunks.sealed(plain, key=sealing.client_key(), label=_label(sha))
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as body:
        for piece in sealed:
            body.write(piece)
        body.seek(0, os.SEEK_SET)
        if not bucket().put_if_absent(key, body):
            bucket().replace(key, body)


def _has_head(sha: str) -> bool:
    found = db.session.execute(
        sa.text(
            "select exists (select from app.stored_object where sha256 = :sha and state <> 'gone')"
        ),
        {"sha": sha},
    )
    return bool(found.scalar_one())


@contextmanager
def _spooled(data: bytes | BinaryIO, most: int) -> Iterator[tuple[IO[bytes], int, str]]:
    digest, size = hashlib.sha256(), 0
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        for piece in _pieces(data):
            size += len(piece)
            if size > most:
                raise TooLarge("file-too-large", most=most // 1024)
            digest.update(piece)
            spool.write(piece)
        spool.seek(0)
        yield spool, size, digest.hexdigest()


def _pieces(data: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(data, bytes):
        yield data
        return
    while piece := data.read(1024 * 1024):
        yield piece
