"""Approvals: somebody asks, somebody else decides, on exactly the content that was shown.

Both rows are written by doors in the database, which take maker, decider, side, right and
freshness from the signed context; the page of app.tasks shows and asks, nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import db, events, paging
from app.kernel import scope as scopes
from app.kernel.errors import NotFound
from app.kernel.paging import Page

_REQUEST = sa.text(
    "select app.request_approval(:kind, :type, :subject, :line, :title, :content, :sha, :expires,"
    " :maker)"
).bindparams(sa.bindparam("content", type_=JSONB))
_DECIDE = sa.text("select app.decide_approval(:id, :decision, :sha, :reason)")
_SELECT = (
    "select a.tenant_id, a.id, a.kind, a.line, a.subject_type, a.subject_id, a.title, a.content,"
    " a.content_sha, a.state, a.requested_by, a.requested_at, a.expires_at, a.decided_at,"
    " k.side, k.needed, k.fresh from app.approval a join app.approval_kind k on k.kind = a.kind"
)
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


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """One approval with the content that is decided on, and who may decide."""

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
    side: str
    needed: int
    fresh: bool

    def mine_to_decide(self) -> bool:
        """Whether the acting person may decide it; the door checks again."""
        scope = scopes.current()
        return (
            self.state == "pending"
            and scope.person_id != self.requested_by
            and self.side in ("any", scope.rights.side)
            and scope.rights.may(f"approve.{self.kind}")
        )


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What one person decided, and when."""

    person_id: UUID
    decision: str
    side: str
    reason: str
    at: datetime


def request(
    kind: str,
    *,
    subject_type: str,
    subject_id: UUID | None = None,
    line: str,
    title: str,
    content: dict[str, Any],
    content_sha: str | None = None,
    expires_at: datetime | None = None,
    requested_by: UUID | None = None,
) -> UUID:
    """Asks for an approval of `content`, what the decider will see.

    `content_sha` (hex) ties it to something kept elsewhere, such as a draft entry; without it the
    database hashes the content. `requested_by` is for system jobs only, which carry a person's
    wish over from another client. Raises Forbidden on a line that the maker may not write.
    """
    made: UUID = db.session.execute(
        _REQUEST,
        {
            "kind": kind,
            "type": subject_type,
            "subject": subject_id,
            "line": line,
            "title": title[:300],
            "content": content,
            "sha": content_sha,
            "expires": expires_at,
            "maker": requested_by,
        },
    ).scalar_one()
    return made


def decide(approval_id: UUID, decision: Decision, *, content_sha: str, reason: str = "") -> str:
    """Decides as the acting person and returns the state: pending, approved or refused.

    Raises NotFound, Forbidden (right or side), FreshSignInNeeded, and Conflict with the codes
    approval-own-request, approval-not-pending, approval-content-changed, approval-decided-already.
    """
    state = str(
        db.session.execute(
            _DECIDE,
            {"id": approval_id, "decision": decision, "sha": content_sha, "reason": reason},
        ).scalar_one()
    )
    if state != "pending":
        found = one(approval_id)
        events.emit(
            ApprovalDecided(found.id, found.kind, found.subject_type, found.subject_id, state)
        )
    return state


def withdraw(approval_id: UUID) -> None:
    """Takes one's own open request back; raises NotFound for any other."""
    db.session.execute(sa.text("select app.withdraw_approval(:id)"), {"id": approval_id})


def one(approval_id: UUID) -> ApprovalView:
    """One approval with its content; raises NotFound."""
    row = db.session.execute(sa.text(f"{_SELECT} where a.id = :id"), {"id": approval_id}).mappings()
    found = row.first()
    if found is None:
        raise NotFound
    return ApprovalView(**found)


def decisions(approval_id: UUID) -> list[DecisionView]:
    """Who decided what on one approval, in order."""
    rows = db.session.execute(
        sa.text(
            "select person_id, decision, side, reason, at from app.approval_decision"
            " where approval_id = :id order by at"
        ),
        {"id": approval_id},
    ).mappings()
    return [DecisionView(**row) for row in rows]


def waiting(*, limit: int = 100) -> list[ApprovalView]:
    """What waits for the acting person's decision in this client, the oldest first."""
    return list(waiting_page(None, limit=limit).rows)


def waiting_page(after: str | None, *, limit: int) -> Page[ApprovalView]:
    """A page of `waiting`, shorter where somebody else decides; raises Invalid `bad-cursor`."""
    at, last = paging.keys(after, paging.moment, UUID) or (None, None)
    rows = db.session.execute(
        sa.text(
            f"{_SELECT} where a.state = 'pending'"
            " and (a.expires_at is null or a.expires_at > now())"
            " and a.requested_by is distinct from (select guard.user_id())"
            " and not exists (select from app.approval_decision d where d.tenant_id = a.tenant_id"
            " and d.approval_id = a.id and d.person_id = (select guard.user_id()))"
            " and (cast(:at as timestamptz) is null or (a.requested_at, a.id) > (:at, :last))"
            " order by a.requested_at, a.id limit :limit"
        ),
        {"at": at, "last": last, "limit": limit + 1},
    ).mappings()
    pending = [ApprovalView(**row) for row in rows]
    found = paging.page(pending, limit=limit, key=lambda one: (one.requested_at, one.id))
    return replace(found, rows=[view for view in found.rows if view.mine_to_decide()])


def recent(
    *, state: str | None = None, before: UUID | None = None, limit: int = 50
) -> list[ApprovalView]:
    """All approvals the reader's lines show, the newest first."""
    rows = db.session.execute(
        sa.text(
            f"{_SELECT} where (cast(:state as text) is null or a.state = :state)"
            " and (cast(:before as uuid) is null or a.id < :before)"
            " order by a.id desc limit :limit"
        ),
        {"state": state, "before": before, "limit": limit},
    ).mappings()
    return [ApprovalView(**row) for row in rows]
