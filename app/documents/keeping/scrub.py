"""The nightly scrub: a slice of each client's files is read again and compared with its hash."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa
import structlog

from app.kernel import storage
from app.kernel.db import session
from app.kernel.errors import Unavailable
from app.kernel.jobs_progress import Progress
from app.kernel.schedules import schedule

log = structlog.get_logger("documents")
NIGHTS = 30
LEAST, MOST = 200, 5_000
MOST_BYTES = 2 * 1024**3
AT_ONCE = 20
# What is bad is looked at every night; then what was never read, then what was read longest ago.
_SLICE = sa.text(
    "select o.sha256, o.id, o.size from (select distinct on (sha256) sha256, id, size"
    " from app.stored_object where tenant_id = (select guard.tenant_id()) and state <> 'gone'"
    " order by sha256, id) o left join app.object_scrub s"
    " on s.tenant_id = (select guard.tenant_id()) and s.sha256 = o.sha256"
    " where s.checked_at is null or s.state <> 'ok' or s.checked_at < now() - interval '20 hours'"
    " order by (s.state <> 'ok') is true desc, s.checked_at nulls first, o.sha256 limit"
    " greatest(:least, least(:most, (select count(*) / :nights from app.stored_object"
    " where tenant_id = (select guard.tenant_id()) and state <> 'gone')))"
)
_NOTE = sa.text("select app.note_scrub(cast(:shas as text[]), cast(:states as text[]))")


@schedule("documents.scrub", every="daily 02:10", tenants="clients", queue="bulk", steps=True)
def scrub(_args: dict[str, Any], progress: Progress) -> None:
    """Reads the slice of this night; what is missing or damaged stands on the desk until it is not.

    A slice is a thirtieth of the client's files, at most two gigabytes.
    """
    values = {"least": LEAST, "most": MOST, "nights": NIGHTS}
    with progress.step():
        rows = [tuple(row) for row in session.execute(_SLICE, values)]
    slice_ = _bounded(rows)
    for start in range(0, len(slice_), AT_ONCE):
        part = slice_[start : start + AT_ONCE]
        with progress.step():
            opened = [(sha, storage.reader(sha)) for sha in part]
        states = [_state(sha, read) for sha, read in opened]
        with progress.step(done=start + len(part), total=len(slice_)):
            session.execute(_NOTE, {"shas": part, "states": states})
        for sha, state in zip(part, states, strict=True):
            if state != "ok":
                log.error("stored file", state=state, sha256=sha)


def _bounded(rows: list[tuple[Any, ...]]) -> list[str]:
    room = MOST_BYTES
    kept: list[str] = []
    for sha, _id, size in rows:
        room -= size
        if kept and room < 0:
            break
        kept.append(sha)
    return kept


def _state(sha: str, read: storage.Reader) -> str:
    """ok, missing or damaged; raises Unavailable while the store itself is away."""
    digest = hashlib.sha256()
    try:
        for piece in read():
            digest.update(piece)
    except Unavailable as error:
        if error.code == "object-missing":
            return "missing"
        if error.code == "object-damaged":
            return "damaged"
        raise
    return "ok" if digest.hexdigest() == sha else "damaged"
