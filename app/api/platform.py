"""Operations that belong to no package above: the jobs of the caller."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.operations import SIGNED_IN, Api
from app.api.schema import Out
from app.kernel import jobs

api = Api("platform")


class JobOut(Out):
    """A piece of work in the background and how far it is."""

    id: UUID
    kind: str
    title: str | None
    state: str
    done: int
    total: int | None
    stage: str | None
    href: str | None = Field(validation_alias="result_link")
    error: str | None = Field(validation_alias="error_code")
    made_at: datetime
    finished_at: datetime | None


@api.get("/jobs/<uuid:job_id>", needs=SIGNED_IN, response=JobOut, summary="A job")
def job(job_id: UUID) -> Any:
    """How far a job is; `href` leads to its result once it is done."""
    return jobs.one(job_id)
