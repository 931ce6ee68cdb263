"""Does what was approved, as a job of the system; what is refused ends, and people are told why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from app.kernel import approvals, db, events
from app.kernel.approval_models import ApprovalFailed, ApprovalView
from app.kernel.database_errors import from_database
from app.kernel.errors import Conflict, DomainError, Forbidden, Invalid, Locked, NotFound
from app.kernel.jobs_catalog import job
from app.kernel.jobs_progress import Progress

FINAL = (Conflict, Forbidden, Invalid, Locked, NotFound)
"""Refusals that trying again would only repeat."""
_FAIL = sa.text("select app.fail_approval(:id, :code, :params)").bindparams(
    sa.bindparam("params", type_=JSONB)
)


@job(approvals.CARRY_OUT, retries=5)
def carry_out(args: dict[str, Any], _progress: Progress) -> None:
    """Does what was approved, once; a decision taken back meanwhile leaves nothing to do.

    What is refused is not tried again: the approval ends, and who asked and who approved are told.
    """
    found = approvals.one(UUID(args["approval"]))
    act = approvals.kind(found.kind).carry_out
    if act is None or found.state != "approved" or found.carried_at is not None:
        return
    refusal = _refusal(act, found)
    if refusal is not None:
        _fail(found, refusal)


def _refusal(act: Callable[[ApprovalView], None], found: ApprovalView) -> DomainError | None:
    """Why it cannot be done, and then nothing of it stays; None where it was done.

    Raises what may go better another time.
    """
    try:
        with db.session.begin_nested():
            act(found)
    except (DomainError, DBAPIError) as fault:
        refusal = fault if isinstance(fault, DomainError) else from_database(fault)
        if not isinstance(refusal, FINAL):
            raise
        return refusal
    return None


def _fail(found: ApprovalView, refusal: DomainError) -> None:
    """Ends the approval by the first thing that is wrong."""
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    told = next((problem for many in fields.values() for problem in many), refusal)
    values = {"id": found.id, "code": told.code, "params": told.params}
    if db.session.execute(_FAIL, values).scalar_one():
        approved = {one.person_id for one in approvals.decisions(found.id) if not one.voided_at}
        events.emit(ApprovalFailed(found.id, (found.requested_by, *sorted(approved))))
