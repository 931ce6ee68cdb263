"""Where the bucket has object lock: what the law keeps is locked there too, until its time is over.

The database refuses a deletion in any case; the lock also refuses whoever holds the bucket's keys.
Only the law's rules lock: what somebody chose to keep longer can be ended, a lock cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
import structlog

from app.kernel import clock
from app.kernel.db import session
from app.kernel.jobs_progress import Progress
from app.kernel.schedules import schedule
from app.kernel.storage_bucket import Version, bucket

log = structlog.get_logger("documents")
NIGHTS = 30
FRESH = timedelta(days=2)
BATCH = 50
ROLLING_DAYS = 400  # for what is kept until some years after an engagement that has not ended
_UNTIL = sa.text(
    "with mine as (select document_id, sha256 from app.document_version"
    " where tenant_id = (select guard.tenant_id()) and sha256 = any(cast(:shas as text[])))"
    " select m.sha256, max(k.kept_until) as until from mine m"
    " join app.papers_kept(array(select document_id from mine),"
    " current_date + cast(:rolling as integer)) k on k.document_id = m.document_id"
    " group by m.sha256"
)


@schedule("documents.lock", every="daily 02:40", tenants="clients", queue="bulk", steps=True)
def lock(_args: dict[str, Any], progress: Progress) -> None:
    """Locks this night's versions of papers under a legal rule; nothing where no lock is.

    Each night what was written in the last two days (new papers, objects under a renewed key) and
    a thirtieth of all the rest, so that a rule that has changed is followed within a month.
    """
    mode = bucket().lock_mode()
    if mode is None:
        return
    chosen = _of_tonight(f"t/{progress.ticket.tenant_id}/")
    done = refused = 0
    while batch := list(islice(chosen, BATCH)):
        with progress.step(stage="Locking"):
            rows = session.execute(_UNTIL, {"shas": _shas(batch), "rolling": ROLLING_DAYS})
            until = {row.sha256: row.until for row in rows}
        refused += sum(not kept for kept in _locked(batch, until, mode))
        done += len(batch)
        progress.at(done, done, "Locking")
    if refused:
        log.error("versions were not locked", versions=refused)


def _of_tonight(prefix: str) -> Iterator[Version]:
    today, young = clock.today().toordinal() % NIGHTS, clock.now() - FRESH
    for one in bucket().versions(prefix):
        place = int(_sha(one)[:8], 16) % NIGHTS
        if one.is_latest and (one.written_at > young or place == today):
            yield one


def _locked(batch: list[Version], until: Mapping[str, date], mode: str) -> Iterator[bool]:
    """Whether each version that the law keeps is locked as long."""
    for one in batch:
        day = until.get(_sha(one))
        if day is None or day < clock.today():
            continue
        wanted = datetime.combine(day + timedelta(days=1), time(), UTC)
        known = bucket().retained_until(one.key, one.version)
        yield (known is not None and known >= wanted) or bucket().retain(
            one.key, one.version, until=wanted, mode=mode
        )


def _sha(version: Version) -> str:
    return version.key.rpartition("/")[2]


def _shas(batch: list[Version]) -> list[str]:
    return [_sha(one) for one in batch]
