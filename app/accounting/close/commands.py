"""What is done with a month: hand in, send back, close, reopen, explain, tick, plan."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa

from app.accounting import commands
from app.accounting.close import checks as close_checks
from app.accounting.close import queries as close_queries
from app.accounting.close.values import Month, Plan, Result
from app.kernel import approvals, notices, scope, undo, usage, words
from app.kernel.db import session
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.notices import Told
from app.tasks import notes

METER = "month_closed"
APPROVAL = "period.close"
SUBJECT = "month"
UNDO_HAND_IN = "close-hand-in"
UNDO_STEP = "close-step"
LEAST_REASON = 10
_EXPLAIN = sa.text("""
insert into app.close_explanation as e
  (tenant_id, period_id, account_id, month_minor, usual_minor, text, in_pack, made_by)
values ((select guard.tenant_id()), :period, :account, :month, :usual, :text, :in_pack,
  (select guard.user_id()))
on conflict (tenant_id, period_id, account_id) do update set
  month_minor = excluded.month_minor, usual_minor = excluded.usual_minor, text = excluded.text,
  in_pack = excluded.in_pack
""")
_TICK = sa.text("""
insert into app.close_step_done as d (tenant_id, step_id, period_id, done, note, done_by)
values ((select guard.tenant_id()), :step, :period, :done, :note, (select guard.user_id()))
on conflict (tenant_id, step_id, period_id) do update set
  done = excluded.done, note = excluded.note
""")
_PLAN = sa.text("""
insert into app.close_plan as p
  (tenant_id, due_days, owner_id, change_percent, change_minor)
values ((select guard.tenant_id()), :days, :owner, :percent, :minor)
on conflict (tenant_id) do update set due_days = excluded.due_days, owner_id = excluded.owner_id,
  change_percent = excluded.change_percent, change_minor = excluded.change_minor,
  version = p.version + 1
where p.version = :version returning tenant_id
""")


def hand_in(*, period_id: int, note: str = "") -> None:
    """Puts a month in review; what is left is counted and shown to the reviewer, not refused.

    Raises NotFound (period-unknown) and Conflict (not-open).
    """
    _expect(period_id, "open", "not-open")
    commands.review_period(period_id=period_id, reason=note)
    notes.put_right(SUBJECT, subject_key(period_id))
    close_checks.count(period_id)


def take_back(*, period_id: int) -> None:
    """Takes one's own hand-in back; raises Conflict (not-in-review), Forbidden for others'."""
    _expect(period_id, "in_review", "not-in-review")
    commands.reopen_period(period_id=period_id, reason=words.gettext("Taken back"))


@undo.handler(UNDO_HAND_IN)
def _undo_hand_in(args: dict[str, Any]) -> None:
    take_back(period_id=int(args["period_id"]))


def send_back(*, period_id: int, reason: str) -> None:
    """Gives a month in review back to whoever handed it in; raises Invalid (reason-needed).

    The reason stands on their desk as a note that was sent back, until the month is handed in
    again; who may not write notes leaves it with the month only.
    """
    if not reason.strip():
        raise Invalid.of("reason", "reason-needed")
    month = _expect(period_id, "in_review", "not-in-review")
    commands.reopen_period(period_id=period_id, reason=reason.strip())
    if scope.current().rights.may("request.ask"):
        notes.write(
            line="accounting",
            subject_type=SUBJECT,
            subject_key=subject_key(period_id),
            text=reason,
            audience="sent_back",
            to_person=month.handed_in_by,
        )
    close_checks.count(period_id)


def subject_key(period_id: int) -> str:
    """The key that notes of a month stand under: months of all clients share their numbers."""
    return f"{scope.current().tenant_id}:{period_id}"


def close(*, period_id: int, override: str = "") -> list[Result]:
    """Closes a month in review as a second person and meters it; answers its checks.

    The door locks the books first, so nobody posts between the count and the close. Raises
    Conflict (close-blocked with the list, not-in-review, own-review), Forbidden for an override
    without accounting.close_override, and Invalid for one of fewer than ten letters.
    """
    commands.close_period(period_id=period_id)
    month = close_queries.month(period_id)
    found = close_checks.count(period_id)
    red = [one for one in found if one.red]
    if red:
        _close_over(period_id, red, override.strip())
    usage.record(
        METER,
        1,
        key=f"month-closed:{period_id}",
        evidence=usage.Evidence("month", title=f"{month.starts:%Y-%m}"),
        line="accounting",
        unit="month",
    )
    _tell("month.closed", period_id)
    return found


def ask_close(*, period_id: int) -> UUID | None:
    """Asks for the approval that a policy wants before a month is closed; None where it may be.

    What is decided on is the month's entries as they stand: one more, and it is asked anew. Raises
    NotFound, Conflict (not-in-review, approval-waits-already).
    """
    close_queries.month(period_id)
    if not approvals.needed(APPROVAL):
        return None
    month = _expect(period_id, "in_review", "not-in-review")
    sha: str = session.execute(
        sa.text("select ledger.period_sha(:period)"), {"period": period_id}
    ).scalar_one()
    asked = approvals.ask_once(
        APPROVAL,
        subject_type=SUBJECT,
        subject_id=uuid5(NAMESPACE_URL, subject_key(period_id)),
        line="accounting",
        title=words.gettext("Close %(month)s", month=words.format_month(month.starts)),
        content=_asked(month),
        content_sha=sha,
    )
    return None if asked.granted else asked.id


def shown(found: approvals.ApprovalView) -> dict[str, Any] | None:
    """What the decider of a close reads: the month as it stands, while it is what was asked about.

    Entries and what is left are counted anew; whoever asked says neither.
    """
    try:
        period_id = int(str(found.content.get("_period")))
        month = close_queries.month(period_id)
    except (ValueError, NotFound):
        return None
    sha = session.execute(
        sa.text("select ledger.period_sha(:period)"), {"period": period_id}
    ).scalar_one_or_none()
    if sha != found.content_sha or found.subject_id != uuid5(NAMESPACE_URL, subject_key(period_id)):
        return None
    return _asked(month)


def _asked(month: Month) -> dict[str, Any]:
    left = [one for one in close_checks.results(month.period_id) if one.red]
    return {
        "month": f"{month.starts:%Y-%m}",
        "entries": words.format_number(close_queries.entry_count(month.period_id)),
        "open": told(left),
        "_period": month.period_id,
    }


def _close_over(period_id: int, red: Sequence[Result], reason: str) -> None:
    if not reason:
        raise Conflict("close-blocked", checks=told(red))
    if not scope.current().rights.may("accounting.close_override"):
        raise Forbidden("permission-missing", permission="accounting.close_override")
    if len(reason) < LEAST_REASON:
        raise Invalid.of("override", "text-too-short", least=LEAST_REASON)
    session.execute(
        sa.text(
            "insert into app.close_override (tenant_id, period_id, checks, reason, made_by)"
            " values ((select guard.tenant_id()), :period, cast(:checks as jsonb), :reason,"
            " (select guard.user_id()))"
        ),
        {
            "period": period_id,
            "checks": json.dumps({one.check.key: one.n for one in red}),
            "reason": reason,
        },
    )


def told(red: Sequence[Result]) -> str:
    """The checks that keep a month open, in words."""
    return "; ".join(f"{one.check.title}: {one.n}" for one in red)


def reopen(*, period_id: int, reason: str) -> None:
    """Opens a closed month again; the reason is kept. Raises Invalid (reason-needed)."""
    if not reason.strip():
        raise Invalid.of("reason", "reason-needed")
    _expect(period_id, "closed", "not-closed")
    commands.reopen_period(period_id=period_id, reason=reason.strip())
    close_checks.count(period_id)
    _tell("month.reopened", period_id)


def _tell(kind: str, period_id: int) -> None:
    """Tells whoever closes months here, and has not done this themselves."""
    notices.tell(
        [
            Told(
                kind,
                SUBJECT,
                subject_key(period_id),
                "accounting",
                permission="accounting.close",
                side="provider",
            )
        ]
    )


def _expect(period_id: int, state: str, code: str) -> Month:
    found = close_queries.month(period_id)
    if found.state != state:
        raise Conflict(code)
    return found


def explain(*, period_id: int, account_id: UUID, text: str, in_pack: bool = False) -> None:
    """Says why an account moved; said again it replaces the earlier words.

    The figure explained is kept with it: a later entry makes the change unexplained again. Raises
    NotFound (change-unknown) where the account did not move unusually.
    """
    month = close_queries.month(period_id)
    change = next(
        (one for one in close_queries.changes(month) if one.account_id == account_id), None
    )
    if change is None:
        raise NotFound("change-unknown")
    session.execute(
        _EXPLAIN,
        {
            "period": period_id,
            "account": account_id,
            "month": change.month_minor,
            "usual": change.usual_minor,
            "text": text.strip(),
            "in_pack": in_pack,
        },
    )
    close_checks.count(period_id)


def unexplain(*, period_id: int, account_id: UUID) -> None:
    """Takes an explanation away; raises NotFound."""
    gone = session.execute(
        sa.text(
            "delete from app.close_explanation where period_id = :period and account_id = :account"
            " returning account_id"
        ),
        {"period": period_id, "account": account_id},
    ).first()
    if gone is None:
        raise NotFound("change-unknown")
    close_checks.count(period_id)


def add_step(*, period_id: int, title: str, only_once: bool = False) -> UUID:
    """Adds a step to the client's list from this month on, or to this month only."""
    month = close_queries.month(period_id)
    made: UUID = session.execute(
        sa.text(
            "insert into app.close_step (tenant_id, title, first_starts, only_once, made_by)"
            " values ((select guard.tenant_id()), :title, :starts, :once,"
            " (select guard.user_id())) returning id"
        ),
        {"title": title.strip(), "starts": month.starts, "once": only_once},
    ).scalar_one()
    close_checks.count(period_id)
    return made


def tick(*, period_id: int, step_id: UUID, done: bool = True, note: str | None = None) -> None:
    """Ticks a step of a month, or takes the tick back; raises NotFound (step-unknown)."""
    month = close_queries.month(period_id)
    if step_id not in {one.id for one in close_queries.steps(month)}:
        raise NotFound("step-unknown")
    session.execute(
        _TICK, {"step": step_id, "period": period_id, "done": done, "note": note or None}
    )
    close_checks.count(period_id)


def remove_step(*, period_id: int, step_id: UUID) -> None:
    """Takes a step out from this month on; the months before keep it."""
    _end_step(period_id, step_id, close_queries.month(period_id).starts)


def _end_step(period_id: int, step_id: UUID, before: date | None) -> None:
    changed = session.execute(
        sa.text(
            "update app.close_step set ends_before = greatest(:before, first_starts)"
            " where id = :step returning id"
        ).bindparams(sa.bindparam("before", type_=sa.Date())),
        {"step": step_id, "before": before},
    ).first()
    if changed is None:
        raise NotFound("step-unknown")
    close_checks.count(period_id)


@undo.handler(UNDO_STEP)
def _undo_step(args: dict[str, Any]) -> None:
    session.execute(
        sa.text("update app.close_step set ends_before = null where id = :step"),
        {"step": UUID(args["step_id"])},
    )
    close_checks.count(int(args["period_id"]))


def assign(*, period_id: int, owner_id: UUID | None, due_on: date | None, version: int) -> None:
    """Says whose a month is and by when; raises Conflict (changed-meanwhile)."""
    month = close_queries.month(period_id)
    changed = session.execute(
        sa.text(
            "update app.close_month set owner_id = :owner, due_on = coalesce(:due, due_on),"
            " version = version + 1 where period_id = :period and version = :version"
            " returning period_id"
        ).bindparams(sa.bindparam("owner", type_=sa.Uuid()), sa.bindparam("due", type_=sa.Date())),
        {"period": month.period_id, "owner": owner_id, "due": due_on, "version": version},
    ).first()
    if changed is None:
        raise Conflict("changed-meanwhile")


def keep_plan(plan: Plan) -> None:
    """Keeps how this client's months are closed, for those that begin from now on.

    The bounds of unusual changes hold at once. Raises Conflict (changed-meanwhile).
    """
    changed = session.execute(
        _PLAN,
        {
            "days": plan.due_days,
            "owner": plan.owner_id,
            "percent": plan.change_percent,
            "minor": plan.change_minor,
            "version": plan.version,
        },
    ).first()
    if changed is None:
        raise Conflict("changed-meanwhile")
