"""Stored objects: bytes in the bucket under the client's own key, their heads in the database."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
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
    with _spooled(data, most) as (plain, size, sha):
        if not _with_heads([sha]):
            _store(plain, sha)
    about = {"line": line, "kind": kind, "name": _name(name), "type": media_type, "state": state}
    return _heads([(size, sha)], about)[0]


def put_all(
    contents: Sequence[bytes], *, kind: str, name: str, media_type: str, line: str
) -> list[UUID]:
    """Stores several contents of one kind under one name, as `put` does, their heads at once."""
    found = [(len(one), hashlib.sha256(one).hexdigest()) for one in contents]
    known = _with_heads([sha for _size, sha in found])
    for content, (_size, sha) in zip(contents, found, strict=True):
        if sha not in known:
            _store(io.BytesIO(content), sha)
    about = {"line": line, "kind": kind, "name": _name(name), "type": media_type, "state": "clean"}
    return _heads(found, about)


_HEADS = sa.text(
    "with sent as (select guard.tenant_id() tenant, uuidv7() id, c.* from"
    " unnest(cast(:sizes as bigint[]), cast(:shas as text[])) with ordinality c(size, sha, place)),"
    " kept as (insert into app.stored_object (tenant_id, id, line, kind, name, media_type, size,"
    " sha256, state) select tenant, id, :line, :kind, :name, :type, size, sha, :state from sent"
    " order by place returning id)"
    " select s.id from sent s join kept k on k.id = s.id order by s.place"
)


def _heads(found: Sequence[tuple[int, str]], about: dict[str, str]) -> list[UUID]:
    values = {"sizes": [size for size, _sha in found], "shas": [sha for _size, sha in found]}
    return list(db.session.execute(_HEADS, about | values).scalars())


def _name(name: str) -> str:
    if not name.strip() or len(name) > 255 or "\0" in name:
        raise Invalid.of("name", "file-name-invalid")
    return name


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
    return open_content(_readable(object_id).sha256)


def open_content(sha: str) -> Iterator[bytes]:
    """The plain pieces of a content of the client by its hash, for who was shown its head."""
    keys = sealing.client_keys()

    def key(number: int) -> bytes:
        if number not in keys:  # sealed anew since: a rotation is at work
            keys.update(sealing.client_keys())
        if number not in keys:
            raise Unavailable("no-client-key")
        return keys[number]

    return storage_chunks.opened(bucket().get(_key(sha)), key=key, label=_label(sha))


def keep_content(data: bytes) -> str:
    """Seals and stores bytes without a head; returns their hash. A door writes the head."""
    sha = hashlib.sha256(data).hexdigest()
    if not _with_heads([sha]):
        _store(io.BytesIO(data), sha)
    return sha


Reader = Callable[[], Iterator[bytes]]


def reader(sha: str) -> Reader:
    """What reads the content of a hash from the bucket, also after the transaction.

    Reading raises Unavailable, `object-missing` or `object-damaged` where it is the file's fault.
    """
    keys, place, label = sealing.client_keys(), _key(sha), _label(sha)

    def key(number: int) -> bytes:
        if number not in keys:
            raise Unavailable("no-client-key")
        return keys[number]

    return lambda: storage_chunks.opened(bucket().get(place), key=key, label=label)


def opener() -> Callable[[str], Iterator[bytes]]:
    """Opens contents of this client by their hash, also after the transaction has ended.

    For an export, which reads the heads at one moment and the bytes for hours afterwards.
    """
    keys, tenant = sealing.client_keys(), _tenant()

    def key(number: int) -> bytes:
        if number not in keys:
            raise Unavailable("no-client-key")
        return keys[number]

    def opened(sha: str) -> Iterator[bytes]:
        sealed = bucket().get(f"t/{tenant}/{sha[:2]}/{sha}")
        return storage_chunks.opened(sealed, key=key, label=f"{tenant}|{sha}")

    return opened


def bring_back(plain: IO[bytes], sha: str) -> None:
    """Seals a content that an export holds under this client's key; its head follows.

    A content whose head never comes is swept away like any other. The caller has proved the hash.
    """
    _store(plain, sha)


def versions_of(tenant_id: UUID) -> int:
    """How many versions the bucket holds of a client."""
    return sum(1 for _version in bucket().versions(f"t/{tenant_id}/"))


def erase_client(tenant_id: UUID) -> tuple[int, int]:
    """Removes everything of a client from the bucket; how many versions went and how many stayed.

    What a lock of the bucket holds stays until it ends, unreadable: its key is gone.
    """
    return bucket().delete_all(f"t/{tenant_id}/")


def erase_content(tenant_id: UUID, sha: str) -> int:
    """Removes one content of a client, whose heads are gone, with all its versions.

    How many versions a lock of the bucket holds: the nightly sweep takes them when it has ended.
    """
    _gone, locked = bucket().delete_all(f"t/{tenant_id}/{sha[:2]}/{sha}")
    return locked


def read(object_id: UUID) -> bytes:
    """The whole plain content of an object."""
    return b"".join(open(object_id))


def set_state(object_id: UUID, state: str) -> None:
    """Moves an object from quarantine to clean or refused, in a job only.

    Raises Conflict for any other state, NotFound for what is not held back (any more).
    """
    done = db.session.execute(
        sa.text("select app.settle_held_object(:id, :state)"), {"id": object_id, "state": state}
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
    number, client_key = sealing.newest_key()
    sealed = storage_chunks.sealed(plain, number=number, key=client_key, label=_label(sha))
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as body:
        for piece in sealed:
            body.write(piece)
        body.seek(0, os.SEEK_SET)
        if not bucket().put_if_absent(key, body):
            bucket().replace(key, body)


def _with_heads(shas: Sequence[str]) -> set[str]:
    """Those of them whose content a head of this client answers for already."""
    found = db.session.execute(
        sa.text(
            "select distinct sha256 from app.stored_object"
            " where sha256 = any(cast(:shas as text[])) and state <> 'gone'"
        ),
        {"shas": list(shas)},
    )
    return set(found.scalars())


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
