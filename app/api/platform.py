"""Operations that belong to no package above: the jobs of the caller."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app.api.operations import SIGNED_IN, Api
from app.api.schema import Out
from app.kernel import jobs
from app.kernel.errors import NotFound

api = Api("platform")


class JobOut(Out):
    """A piece of work in the background and how far it is."""

    id: UUID
    kind: str
    title: str | None = None
    state: str
    done: int | None = None
    total: int | None = None
    stage: str | None = None
    href: str | None = None
    error: str | None = None
    made_at: datetime | None = None


@api.get("/jobs/<uuid:job_id>", needs=SIGNED_IN, response=JobOut, summary="A job")
def job(job_id: UUID) -> Any:
    """How far a job is; `href` leads to its result once it is done."""
    found = jobs.one(job_id)
    if found is None:
        raise NotFound()
    return found
