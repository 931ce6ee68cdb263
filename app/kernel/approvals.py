"""Approvals: somebody asks, others decide, on exactly the content that was shown.

All rows are written by doors in the database, which take maker, decider, side, right and freshness
from the signed context and work out from the policies who has to decide; pages show and ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import db, events, jobs, paging, registry, scope, undo, usage
from app.kernel.approval_models import (
    ApprovalAsked,
    ApprovalDecided,
    ApprovalKind,
    ApprovalView,
    Asked,
    Decision,
    DecisionView,
    Step,
)
from app.kernel.errors import Conflict, NotFound
from app.kernel.paging import Page

__all__ = [
    "ApprovalAsked",
    "ApprovalDecided",
    "ApprovalKind",
    "ApprovalView",
    "Asked",
    "Decision",
    "DecisionView",
    "Step",
]
_REQUEST = sa.text(
    "select app.request_approval(:kind, :type, :subject, :line, :title, :content, :sha, :expires,"
    " :maker, :amount, :currency)"
).bindparams(sa.bindparam("content", type_=JSONB))
_CHANGE = sa.text(
    "select app.change_approval(:id, :title, :content, :sha, :amount, :currency)"
).bindparams(sa.bindparam("content", type_=JSONB))
_ALONE = sa.text("select app.ask_alone(:kind, :type, :subject)")
_DECIDE = sa.text("select app.decide_approval(:id, :decision, :sha, :reason, :for_person)")
_SELECT = (
    "select a.tenant_id, a.id, a.kind, a.line, a.subject_type, a.subject_id, a.title, a.content,"
    " a.content_sha, a.state, a.requested_by, a.requested_at, a.expires_at, a.decided_at,"
    " a.amount_minor, a.currency, a.round, a.fresh, a.second_factor, a.carried_at, a.failed_code,"
    " a.failed_params, k.marks,"
    " a.content_sha = encode(sha256(convert_to(a.content::text, 'UTF8')), 'hex') as bound"
    " from app.approval a join app.approval_kind k on k.kind = a.kind"
)
_MINE = sa.text("select id, voices from app.approvals_mine(cast(:ids as uuid[]))")
_WAITING = sa.text(
    "select id, requested_at from app.approvals_mine(null, cast(:at as timestamptz),"
    " cast(:last as uuid), :most)"
)
_STEPS = sa.text("""
select s.no, s.side, s.needed, s.people, s.after_no, s.policy_title, s.policy_of,
  (select count(*) from app.approval_decision d where d.tenant_id = s.tenant_id
     and d.approval_id = s.approval_id and d.round = s.round and d.voided_at is null
     and d.decision = 'approve' and s.no = any (d.steps)) as given,
  array(select x.person_id from app.approval_deciders(:id) x where x.no = s.no) as may
from app.approval_step s where s.approval_id = :id and s.round = :round order by s.no
""")
CARRY_OUT = "approval.carry-out"
UNDO = "approval.decision"
METER = "approval_asked"


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
    amount_minor: int | None = None,
    currency: str | None = None,
) -> UUID:
    """Asks for an approval of `content`, what the decider will see.

    `content_sha` (hex) ties it to something kept elsewhere, such as a draft entry; without it the
    database hashes the content. `requested_by` is for system jobs only, which carry a person's
    wish over from another client. `amount_minor` (of `currency`) is what policies compare. Raises
    Forbidden on a line that the maker may not write.
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
            "amount": amount_minor,
            "currency": currency,
        },
    ).scalar_one()
    usage.record(
        METER,
        1,
        key=f"approval:{made}",
        evidence=usage.Evidence("approval", made, title[:300]),
        line=line,
    )
    _tell(made)
    return made


def ask_once(
    kind: str,
    *,
    subject_type: str,
    subject_id: UUID | None,
    line: str,
    title: str,
    content: dict[str, Any],
    content_sha: str,
    amount_minor: int | None = None,
    currency: str | None = None,
) -> Asked:
    """Asks as `request`, unless this very thing waits or was granted already.

    One's own open request takes the new content. Whoever asks about the same thing at the same
    moment comes after. Raises Conflict (approval-waits-already) where somebody else's waits.
    """
    told: dict[str, Any] = {
        "title": title,
        "content": content,
        "content_sha": content_sha,
        "amount_minor": amount_minor,
        "currency": currency,
    }
    db.session.execute(_ALONE, {"kind": kind, "type": subject_type, "subject": subject_id})
    known = open_of(kind, subject_type, subject_id)
    if known is not None and known.content_sha == content_sha:
        return Asked(known.id, granted=known.state == "approved")
    if known is not None and known.state == "pending":
        if known.requested_by != scope.current().person_id:
            raise Conflict("approval-waits-already")
        change(known.id, **told)
        return Asked(known.id)
    made = request(kind, subject_type=subject_type, subject_id=subject_id, line=line, **told)
    return Asked(made)


def change(
    approval_id: UUID,
    *,
    title: str,
    content: dict[str, Any],
    content_sha: str | None = None,
    amount_minor: int | None = None,
    currency: str | None = None,
) -> int:
    """Puts other content into one's own open request and answers its round.

    What was decided on the old content is void, and who has to decide is worked out anew. Raises
    NotFound for another's request, Conflict (approval-not-pending).
    """
    turn: int = db.session.execute(
        _CHANGE,
        {
            "id": approval_id,
            "title": title[:300],
            "content": content,
            "sha": content_sha,
            "amount": amount_minor,
            "currency": currency,
        },
    ).scalar_one()
    _tell(approval_id)
    return turn


def _tell(approval_id: UUID, *, known: Iterable[UUID] = ()) -> None:
    found = one(approval_id)
    events.emit(
        ApprovalAsked(
            found.id,
            found.kind,
            found.subject_type,
            found.subject_id,
            found.requested_by,
            found.round,
            tuple(known),
        )
    )


def needed(kind: str, *, amount_minor: int | None = None, currency: str | None = None) -> bool:
    """Whether a policy wants an approval before this is done here; the doors ask the same."""
    found: bool = db.session.execute(
        sa.text("select app.approval_needed(:kind, :amount, :currency)"),
        {"kind": kind, "amount": amount_minor, "currency": currency},
    ).scalar_one()
    return found


def open_of(kind: str, subject_type: str, subject_id: UUID | None) -> ApprovalView | None:
    """The newest approval of this thing that waits or was granted and not carried out yet."""
    row = db.session.execute(
        sa.text(
            f"{_SELECT} where a.tenant_id = (select guard.tenant_id()) and a.kind = :kind"
            " and a.subject_type = :type and a.subject_id is not distinct from :id"
            " and a.state in ('pending', 'approved') and a.carried_at is null"
            " and (a.state = 'approved' or a.expires_at is null or a.expires_at > now())"
            " order by a.id desc limit 1"
        ),
        {"kind": kind, "type": subject_type, "id": subject_id},
    ).mappings()
    found = row.first()
    return ApprovalView(**found) if found is not None else None


def decide(
    approval_id: UUID,
    decision: Decision,
    *,
    content_sha: str,
    reason: str = "",
    for_person: UUID | None = None,
) -> str:
    """Decides as the acting person and returns the state: pending, approved or refused.

    `for_person` delegated their decisions to the acting person. Raises NotFound, Forbidden (right,
    side, delegation-over), FreshSignInNeeded, and Conflict: approval-own-request,
    approval-not-pending, approval-content-changed, approval-not-your-turn,
    approval-decided-already.
    """
    if decision == "approve" and content_of(one(approval_id)) is None:
        raise Conflict("approval-content-changed")
    known = deciders(approval_id)
    values = {"id": approval_id, "decision": decision, "sha": content_sha, "reason": reason}
    state = str(db.session.execute(_DECIDE, {**values, "for_person": for_person}).scalar_one())
    if state == "pending":
        _tell(approval_id, known=known)
        return state
    found = one(approval_id)
    events.emit(ApprovalDecided(found.id, found.kind, found.subject_type, found.subject_id, state))
    if state == "approved":
        order_carrying_out(found)
    return state


def order_carrying_out(found: ApprovalView) -> None:
    """Has a job do what was approved; nothing where its kind is carried out by people."""
    if kind(found.kind).carry_out is not None:
        decided = len(decisions(found.id))
        key = f"approved:{found.id}:{decided}"
        jobs.enqueue(CARRY_OUT, {"approval": str(found.id)}, key=key, line=found.line)


def kinds() -> list[ApprovalKind]:
    """What can be put up for approval in this installation."""
    return registry.current().all(ApprovalKind)


def kind(name: str) -> ApprovalKind:
    """One kind; a kind that nobody declared is called by its name."""
    return next((one for one in kinds() if one.kind == name), ApprovalKind(name, name))


def content_of(found: ApprovalView) -> dict[str, Any] | None:
    """What is read of an approval; None of an open one whose hash covers something else.

    Of a decided one that cannot be drawn any more it is what was written then.
    """
    declared = kind(found.kind)
    own = found.bound and not declared.names_subject
    if declared.shown is None or own:
        return found.content
    drawn = declared.shown(found)
    return drawn if drawn is not None or found.state == "pending" else found.content


def take_back(approval_id: UUID) -> None:
    """Takes one's own decision back: the approval waits again.

    Raises NotFound without one, Conflict (undo-not-possible) once it was carried out.
    """
    db.session.execute(sa.text("select app.take_back_decision(:id)"), {"id": approval_id})


@undo.handler(UNDO)
def _undo_decision(args: dict[str, Any]) -> None:
    take_back(UUID(args["approval"]))


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


def steps(found: ApprovalView) -> list[Step]:
    """Who has to decide, part by part, and how far it is."""
    rows = db.session.execute(_STEPS, {"id": found.id, "round": found.round}).mappings()
    return [Step(**row) for row in rows]


def deciders(approval_id: UUID) -> set[UUID]:
    """The people whose decision one approval waits for now; as a job, of all lines."""
    rows = db.session.execute(
        sa.text("select distinct person_id from app.approval_deciders(:id)"), {"id": approval_id}
    )
    return {row.person_id for row in rows}


def decisions(approval_id: UUID) -> list[DecisionView]:
    """Who decided what on one approval, in order; those that do not count any more too."""
    rows = db.session.execute(
        sa.text(
            "select person_id, for_person, decision, side, reason, at, round, voided_at"
            " from app.approval_decision where approval_id = :id order by at"
        ),
        {"id": approval_id},
    ).mappings()
    return [DecisionView(**row) for row in rows]


def mine(ids: Sequence[UUID]) -> dict[UUID, list[UUID | None]]:
    """Which of these wait for the acting person: None as themselves, else for whom."""
    rows = db.session.execute(_MINE, {"ids": list(ids)}) if ids else ()
    return {row.id: list(row.voices) for row in rows}


def waiting(*, limit: int = 100) -> list[ApprovalView]:
    """What waits for the acting person's decision in this client, the oldest first."""
    return list(waiting_page(None, limit=limit).rows)


def waiting_page(after: str | None, *, limit: int) -> Page[ApprovalView]:
    """A page of `waiting`; raises Invalid `bad-cursor`."""
    at, last = paging.keys(after, paging.moment, UUID) or (None, None)
    rows = db.session.execute(_WAITING, {"at": at, "last": last, "most": limit + 1}).all()
    yours = paging.page(rows, limit=limit, key=lambda row: (row.requested_at, row.id))
    found = db.session.execute(
        sa.text(f"{_SELECT} where a.id = any(cast(:ids as uuid[])) order by a.requested_at, a.id"),
        {"ids": [row.id for row in yours.rows]},
    ).mappings()
    return Page([ApprovalView(**row) for row in found], yours.next)


def recent(*, limit: int = 50) -> list[ApprovalView]:
    """All approvals the reader's lines show, the newest first."""
    rows = db.session.execute(
        sa.text(f"{_SELECT} order by a.id desc limit :limit"), {"limit": limit}
    ).mappings()
    return [ApprovalView(**row) for row in rows]
