"""Approvals over the API: what waits for the caller, one with its content, and the decision."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.api import SIGNED_IN, Api, In, Out, Page, PageRequest
from app.kernel import approvals, reads

api = Api("tasks")


class ApprovalOut(Out):
    """An approval; `content` is what is decided on and `content_sha` names exactly that. State
    `failed`: it was approved and could not be carried out, by the refusal `failed_code`."""

    id: UUID
    kind: str
    line: str
    subject_type: str
    subject_id: UUID | None
    title: str
    content: dict[str, Any]
    content_sha: str
    state: str
    requested_by: UUID
    requested_at: datetime
    expires_at: datetime | None
    decided_at: datetime | None
    amount_minor: int | None
    currency: str | None
    round: int
    fresh: bool
    second_factor: bool
    carried_at: datetime | None
    failed_code: str | None
    failed_params: dict[str, Any]


class StepOut(Out):
    """Who has to decide: `needed` of `people`, or of whoever holds `approve.<kind>` on the side.

    `given` have approved; `may` still may; `after_no` is the step that has to be met before.
    """

    no: int
    side: str
    needed: int
    people: list[UUID]
    after_no: int | None
    policy_title: str
    given: int
    may: list[UUID]


class DecisionOut(Out):
    """A decision; one with `voided_at` does not count any more."""

    person_id: UUID
    for_person: UUID | None
    decision: str
    side: str
    reason: str
    at: datetime
    round: int
    voided_at: datetime | None


class SheetOut(ApprovalOut):
    """An approval with its steps and decisions; `mine_as` are those the caller may decide for,
    null for oneself.
    """

    steps: list[StepOut]
    decisions: list[DecisionOut]
    mine_as: list[UUID | None]


class DecisionIn(In):
    """The decision, on exactly the content whose hash the caller has read."""

    decision: Literal["approve", "refuse"]
    content_sha: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    reason: Annotated[str, Field(max_length=2_000)] = ""
    for_person: UUID | None = None


@api.get(
    "/clients/<client>/approvals",
    needs=SIGNED_IN,
    response=ApprovalOut,
    paged=True,
    summary="Approvals that wait for you",
)
def waiting(page: PageRequest) -> Page[dict[str, Any]]:
    """What the caller may decide, the oldest first."""
    found = approvals.waiting_page(page.after, limit=page.limit)
    return Page(items=[_out(one) for one in found.rows], next=found.next)


def _out(found: approvals.ApprovalView) -> dict[str, Any]:
    """An approval as it is answered, with what its decider reads: never words written beside it."""
    return {**asdict(found), "content": approvals.content_of(found) or {}}


@api.get(
    "/clients/<client>/approvals/<uuid:approval_id>",
    needs=SIGNED_IN,
    response=SheetOut,
    summary="An approval with its content",
)
def one(approval_id: UUID) -> object:
    """One approval on a line the caller reads."""
    found = approvals.one(approval_id)
    reads.leave(reads.Look("approval", found.line, approval_id))
    return {
        **_out(found),
        "steps": approvals.steps(found),
        "decisions": approvals.decisions(approval_id),
        "mine_as": approvals.mine([approval_id]).get(approval_id, []),
    }


@api.post(
    "/clients/<client>/approvals/<uuid:approval_id>/decision",
    needs=SIGNED_IN,
    request=DecisionIn,
    response=ApprovalOut,
    summary="Approve or refuse",
)
def decide(approval_id: UUID, body: DecisionIn) -> object:
    """Decides; 409 when the content is another one, or somebody has decided.

    A refusal says why. `for_person` delegated theirs to the caller. Only a person's own session
    decides; a token is refused with 403.
    """
    approvals.decide(
        approval_id,
        body.decision,
        content_sha=body.content_sha,
        reason=body.reason,
        for_person=body.for_person,
    )
    return _out(approvals.one(approval_id))


@api.post(
    "/clients/<client>/approvals/<uuid:approval_id>/take-back",
    needs=SIGNED_IN,
    response=ApprovalOut,
    summary="Take your decision back",
)
def take_back(approval_id: UUID) -> object:
    """The approval waits again; 409 once it was carried out."""
    approvals.take_back(approval_id)
    return _out(approvals.one(approval_id))


@api.post(
    "/clients/<client>/approvals/<uuid:approval_id>/withdraw",
    needs=SIGNED_IN,
    response=ApprovalOut,
    summary="Withdraw what you asked for",
)
def withdraw(approval_id: UUID) -> object:
    """While it waits; 404 for what somebody else asked."""
    approvals.withdraw(approval_id)
    return _out(approvals.one(approval_id))
