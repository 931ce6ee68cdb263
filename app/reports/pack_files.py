"""The typeset file of a published pack: made once by a job, kept as long as the pack is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.kernel import jobs, storage
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.jobs_queries import JobView
from app.kernel.storage import StoredObject

JOB = "reports.pack-file"
KIND = "report.pack"
_KEPT = sa.text("select stored_object_id from app.published_pack_file where publication_id = :id")
# ';' follows ':' in the order of the keys
_ORDERED = sa.text(
    "select id from app.job where kind = :kind and key >= :first and key < :end order by id desc"
)
_KEEP = sa.text(
    "insert into app.published_pack_file (tenant_id, publication_id, line, stored_object_id)"
    " values ((select guard.tenant_id()), :id, :line, :stored) on conflict do nothing"
)


@dataclass(frozen=True, slots=True)
class PackFile:
    """How far the file of a published pack is: there (`stored_id`), or the job that makes it."""

    stored_id: UUID | None
    job: JobView | None

    @property
    def runs(self) -> bool:
        """Whether it is being made now."""
        return self.stored_id is None and self.job is not None and not self.job.ended


def kept(publication_id: UUID) -> UUID | None:
    """The stored file; None where it was not made yet."""
    found: UUID | None = session.execute(_KEPT, {"id": publication_id}).scalar_one_or_none()
    return found


def head(publication_id: UUID) -> StoredObject:
    """The head of the stored file; raises NotFound `pack-file-not-made`."""
    stored = kept(publication_id)
    if stored is None:
        raise NotFound("pack-file-not-made")
    return storage.info(stored)


def state(publication_id: UUID) -> PackFile:
    """The file, else the newest job that was to make it."""
    stored = kept(publication_id)
    ordered = [] if stored else _ordered(publication_id)
    return PackFile(stored, jobs.one(ordered[0]) if ordered else None)


def order(publication_id: UUID, *, line: str) -> UUID:
    """Asks for the file of a published pack; returns its job, the one that runs already if any."""
    ordered = _ordered(publication_id)
    if ordered and not jobs.one(ordered[0]).ended:
        return ordered[0]
    # named after the job it follows, not their number: ended jobs are cleared away after a while
    key = f"{_prefix(publication_id)}:{ordered[0] if ordered else 0}"
    return jobs.enqueue(JOB, {"publication": str(publication_id)}, key=key, line=line)


def keep(publication_id: UUID, stored_id: UUID, *, line: str) -> None:
    """Names the stored file; the first one stays."""
    session.execute(_KEEP, {"id": publication_id, "line": line, "stored": stored_id})


def _prefix(publication_id: UUID) -> str:
    return f"{JOB}:{publication_id}"


def _ordered(publication_id: UUID) -> list[UUID]:
    prefix = _prefix(publication_id)
    values = {"kind": JOB, "first": f"{prefix}:", "end": f"{prefix};"}
    return list(session.execute(_ORDERED, values).scalars())
