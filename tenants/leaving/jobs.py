"""Exports made by the worker: ordered on screen or over the API, kept sealed for some days."""

from __future__ import annotations

import re
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import clock, jobs, reads, storage, usage
from app.kernel import scope as scopes
from app.kernel.db import session
from app.kernel.errors import Forbidden, NotFound
from app.kernel.jobs import JobView, Progress, job
from app.kernel.schedules import schedule
from app.kernel.storage import StoredObject
from app.kernel.usage import Evidence
from tenants.leaving import exporting

JOB = "client.export"
KIND = "client.export"
PERMISSION = "client.export"
METER = "client_export"
KEPT = timedelta(days=7)
NO_ID = UUID(int=0)
MOST_BYTES = 5 * 1024**3  # what one request to a bucket may carry; beyond it the command line
MEDIA_TYPE = "application/zip"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEPT = sa.text(
    "select id, line, kind, name, media_type, size, sha256, state, made_by, made_at"
    " from app.stored_object where kind = :kind and state = 'clean' and made_at > :since"
    " and (cast(:before as uuid) is null or id < :before)"
    " and (cast(:id as uuid) is null or id = :id) order by id desc limit :limit"
)
_EXPIRE = sa.text("select app.expire_exports(:before)")


def order(*, name: str, link: str, title: str) -> UUID:
    """Orders an export of the open client; `link` is where it is fetched, with NO_ID for its id.

    Raises Forbidden without `client.export`.
    """
    _demand()
    return jobs.enqueue(JOB, {"name": name, "link": link}, line="member", title=title)


def kept(
    *, before: UUID | None = None, limit: int = 20, stored_id: UUID | None = None
) -> list[StoredObject]:
    """The exports that can still be fetched, the newest first, `limit` and one more.

    `before` is an id for the next page, `stored_id` asks for that one.
    """
    _demand()
    asked = {"before": before, "id": stored_id, "limit": limit + 1}
    found = session.execute(_KEPT, {"kind": KIND, "since": clock.now() - KEPT, **asked})
    return [StoredObject(**row) for row in found.mappings()]


def running() -> JobView | None:
    """The newest export that is being made, or has failed."""
    found = jobs.recent(kind=JOB, limit=1)
    return found[0] if found and found[0].state != "done" else None


def fetched(stored_id: UUID) -> StoredObject:
    """An export to hand out; its taking is noted. Raises NotFound, also after a week."""
    _demand()
    found = kept(stored_id=stored_id)
    if not found:
        raise NotFound
    reads.leave(reads.Look("client_export", "member", stored_id, exported=True, rows=0))
    return found[0]


def _demand() -> None:
    if scopes.current().mode != "j" and not scopes.current().rights.may(PERMISSION):
        raise Forbidden("forbidden")


@job(JOB, queue="bulk", lease=60, retries=3, steps=True)
def make(args: dict[str, Any], progress: Progress) -> None:
    """Writes the whole client to a file of this machine, then seals it into the bucket.

    It holds one moment; an attempt that was cut off leaves nothing and the next begins anew.
    """
    link = _earlier(progress)
    if link is not None:
        return  # an earlier attempt kept it and died before it said so
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "export.zip"
        exporting.write(path, progress.scope, progress.at)
        with progress.step(done=1, total=1, stage="Done"), path.open("rb") as file:
            stored = storage.put(
                file,
                kind=KIND,
                name=args["name"],
                media_type=MEDIA_TYPE,
                line="member",
                most=MOST_BYTES,
            )
            usage.record(
                METER,
                1,
                key=f"client_export:{progress.key}",
                evidence=Evidence("stored_object", stored, args["name"]),
                line="member",
                unit="export",
            )
            progress.link(args["link"].replace(str(NO_ID), str(stored)))


def _earlier(progress: Progress) -> str | None:
    """Where an earlier attempt of this job left its file, if it is there."""
    with progress.step(stage="Records"):
        link = jobs.one(progress.ticket.job_id).result_link
        if link is None:
            return None
        return link if kept(stored_id=UUID(_ID.findall(link)[-1])) else None


@schedule("client.expire-exports", every="daily 02:50", tenants="clients", queue="bulk")
def expire(_args: dict[str, Any], _progress: Progress) -> None:
    """Exports older than a week are gone; the sweep then takes their bytes."""
    session.execute(_EXPIRE, {"before": clock.now() - KEPT})
