"""Ciphertext that no head answers for: what a rolled-back upload left in the bucket is collected.

Such a piece can be opened by nobody and costs room only. What is younger than a day stays, since
its transaction may still be open. A head that is gone, as that of a file kept for a time, answers
for nothing any more. A version is deleted by its number: when the same content is uploaded again
meanwhile, its new version stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
import structlog

from app.kernel import clock, db
from app.kernel.jobs_progress import Progress
from app.kernel.schedules import schedule
from app.kernel.storage_bucket import Version, bucket

log = structlog.get_logger("storage")
AGE = timedelta(days=1)
BATCH = 1_000
_KNOWN = sa.text(
    "select distinct sha256 from app.stored_object"
    " where tenant_id = (select guard.tenant_id()) and sha256 = any(cast(:shas as text[]))"
    " and state <> 'gone'"
)


@schedule("storage.sweep", every="daily 03:20", tenants="clients", queue="bulk", steps=True)
def sweep_client(_args: dict[str, Any], progress: Progress) -> None:
    """Compares one client's part of the bucket with its heads and deletes what has none."""
    _sweep(progress)


@schedule("storage.sweep-provider", every="daily 03:40", queue="bulk", steps=True)
def sweep_provider(_args: dict[str, Any], progress: Progress) -> None:
    """The same for the provider's own tenant."""
    _sweep(progress)


def _sweep(progress: Progress) -> None:
    prefix, before, gone = f"t/{progress.ticket.tenant_id}/", clock.now() - AGE, 0
    old = iter(old_versions(prefix, before))
    while batch := list(islice(old, BATCH)):
        with progress.step(stage="Comparing"):
            orphans = without_head(batch)
        gone += len(orphans) - len(delete(orphans))
    if gone:
        log.info("orphans deleted", tenant=str(progress.ticket.tenant_id), versions=gone)


def old_versions(prefix: str, before: datetime) -> Iterator[Version]:
    """The versions below a prefix that were written before an instant."""
    return (one for one in bucket().versions(prefix) if one.written_at < before)


def without_head(versions: Iterable[Version]) -> list[Version]:
    """Those of them whose content no living head of the open client names."""
    found = list(versions)
    shas = [one.key.rpartition("/")[2] for one in found]
    known = set(db.session.execute(_KNOWN, {"shas": shas}).scalars())
    return [one for one, sha in zip(found, shas, strict=True) if sha not in known]


def delete(versions: Iterable[Version]) -> list[Version]:
    """Removes versions for good; those that a lock holds, which stay for a later night."""
    return [one for one in versions if not bucket().delete_version(one.key, one.version)]


def forget(progress: Progress, shas: Iterable[str]) -> list[Version]:
    """Deletes at once what the bucket holds of contents that no living head names any more.

    Returns the versions that a lock of the bucket holds. For contents of the job's client that were
    given up on purpose; versions younger than a day are left to the sweep, since an upload that
    brings the same content may still be open.
    """
    prefix, before = f"t/{progress.ticket.tenant_id}/", clock.now() - AGE
    found = [one for sha in set(shas) for one in old_versions(f"{prefix}{sha[:2]}/{sha}", before)]
    if not found:
        return []
    with progress.step():
        orphans = without_head(found)
    return delete(orphans)
