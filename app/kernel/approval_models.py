"""What an approval is made of, the events of its life, and the kinds that packages declare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from app.kernel import events, registry

Decision = Literal["approve", "refuse"]


@events.event("kernel.approval-decided")
@dataclass(frozen=True, slots=True)
class ApprovalDecided:
    """An approval reached its end: state is approved or refused."""

    approval_id: UUID
    kind: str
    subject_type: str
    subject_id: UUID | None
    state: str


@events.event("kernel.approval-failed")
@dataclass(frozen=True, slots=True)
class ApprovalFailed:
    """What was approved was not carried out and will not be; `people` asked for or approved it."""

    approval_id: UUID
    people: tuple[UUID, ...]


@events.event("kernel.approval-asked")
@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """Somebody's approval is needed: asked, asked anew with other content (`round` above 1), or a
    next step's turn has come; `deciders` says whose decision it waits for, `known` for whose it
    did before.
    """

    approval_id: UUID
    kind: str
    subject_type: str
    subject_id: UUID | None
    requested_by: UUID
    round: int
    known: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalKind:
    """A kind of approval as a package declares it: its name in `app.approval_kind` and in words.

    `policies` says whether owners of rules may write policies for it, `amounts` whether from an
    amount on. `carry_out` does what was approved, as a job of the system; what it raises as a
    refusal ends the approval, for both sides to read. Kinds without it are carried out by whoever
    asked, or by handlers of ApprovalDecided. `page` is where the thing itself stands, beside the
    decision. `shown` draws what the decider reads from what the hash covers, never from words that
    whoever asked wrote beside it; None where the hash covers something else: nobody approves that.
    Content whose hash is its own is shown as it is, unless it `names_subject`: no hash covers whom
    the words are about, so `shown` says whether they name the subject that is acted on.
    """

    kind: str
    title: registry.Text
    policies: bool = True
    amounts: bool = False
    carry_out: Callable[[ApprovalView], None] | None = None
    page: Callable[[ApprovalView], str | None] | None = None
    shown: Callable[[ApprovalView], dict[str, Any] | None] | None = None
    names_subject: bool = False
    order: int = 100


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """One approval with the content that is decided on; `Step` says who decides.

    State `failed` was approved and could not be carried out: `failed_code` says why, as a refusal.
    """

    tenant_id: UUID
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
    marks: bool
    bound: bool
    """Whether the hash is that of the content itself, rather than of something kept elsewhere."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The approval that something has; `granted` where exactly this was approved already."""

    id: UUID
    granted: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One part of who has to decide: `needed` of `people`, or of whoever holds the permission.

    `given` have approved so far, `may` are people who still may; `after_no` is the step that
    comes first; `policy_title` is empty where the kind itself asks.
    """

    no: int
    side: str
    needed: int
    people: list[UUID]
    after_no: int | None
    policy_title: str
    policy_of: str
    given: int
    may: list[UUID]

    @property
    def met(self) -> bool:
        """Whether enough have approved."""
        return self.given >= self.needed


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What one person decided, when, and for whom; `voided_at` where it does not count any more:
    taken back, or (an earlier `round`) on content that was changed after it.
    """

    person_id: UUID
    for_person: UUID | None
    decision: str
    side: str
    reason: str
    at: datetime
    round: int
    voided_at: datetime | None
