"""Operations that belong to no package above: the jobs of the caller, what was used."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api.operations import SIGNED_IN, Api
from app.api.results import Page, PageRequest
from app.api.schema import In, Out
from app.kernel import jobs, paging, usage

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


class EvidenceOut(Out):
    """The thing that proves a use."""

    type: str
    id: UUID | None
    title: str


class UsageOut(Out):
    """One use; `voided_at` is set when it was taken back."""

    id: UUID
    key: str
    meter: str
    quantity: Decimal
    unit: str
    at: datetime
    line: str
    evidence: EvidenceOut
    actor: UUID | None
    voided_at: datetime | None


class UsageQuery(In):
    """Which uses: a meter, a span of time, and whether those taken back are shown too."""

    meter: Annotated[str, Field(max_length=60)] | None = None
    since: datetime | None = None
    until: datetime | None = None
    voided: bool = False


@api.get(
    "/clients/<client>/usage",
    needs=SIGNED_IN,
    query=UsageQuery,
    response=UsageOut,
    paged=True,
    summary="What was used",
)
def used(query: UsageQuery, page: PageRequest) -> Page[usage.UsageEvent]:
    """Uses on the lines the caller reads, the newest first; whoever bills reads all of them."""
    before = paging.keys(page.after, UUID)
    found = usage.events(
        meter=query.meter,
        since=query.since,
        until=query.until,
        living=not query.voided,
        before=before[0] if before else None,
        limit=page.limit + 1,
    )
    kept = found[: page.limit]
    return Page(items=kept, next=paging.encode([kept[-1].id]) if len(found) > len(kept) else None)
