"""What follows an approval: a hold ends, or the papers of a list are emptied one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app

from app.documents.keeping import commands
from app.kernel import approvals, events, jobs, storage_sweep, usage
from app.kernel.db import session
from app.kernel.jobs_catalog import job
from app.kernel.jobs_progress import Progress
from app.kernel.settings import Settings
from app.kernel.storage_bucket import Version, bucket
from app.kernel.usage import Evidence

JOB = "documents.dispose"
METER = "document_destroyed"
_RELEASE = sa.text("select app.release_hold(:hold, :approval)")
_DISPOSE = sa.text("select app.dispose(:disposal, :approval, :document)")
_FINISH = sa.text("select app.finish_disposal(:disposal, :approval, :days)")
_DESTROYED = sa.text(
    "select count(*) from app.disposal_item where tenant_id = (select guard.tenant_id())"
    " and disposal_id = :disposal and state = 'disposed'"
)
_CLEARED = sa.text("select app.disposal_cleared(:disposal, :approval, :document, :locked, :until)")
_LEFT = sa.text("select document_id, shas from app.disposal_left(:disposal, :approval)")


@events.on(approvals.ApprovalDecided)
def follow(happened: approvals.ApprovalDecided) -> None:
    """Carries out what a second person approved; refusals need nothing."""
    if happened.state != "approved" or happened.subject_id is None:
        return
    if happened.kind in commands.RELEASE.values():
        values = {"hold": happened.subject_id, "approval": happened.approval_id}
        session.execute(_RELEASE, values)
    elif happened.kind == commands.DISPOSE:
        args = {"disposal": str(happened.subject_id), "approval": str(happened.approval_id)}
        jobs.enqueue(JOB, args, key=f"dispose:{happened.subject_id}", line="member")


@job(JOB, queue="bulk", retries=5, lease=30, steps=True)
def dispose(args: dict[str, Any], progress: Progress) -> None:
    """Empties each listed paper in a step of its own, then deletes its bytes from the bucket.

    Each paper is asked anew: whether the approval stands, no hold came, and it is still due. What
    was emptied keeps its hashes until its bytes are gone, so that an attempt that was broken off
    is gone on with; what a lock of the bucket holds is noted for the certificate.
    """
    values = {"disposal": UUID(args["disposal"]), "approval": UUID(args["approval"])}
    left = _left(progress, values)
    for place, one in enumerate(left, start=1):
        with progress.step(done=place, total=len(left)):
            session.execute(_DISPOSE, {**values, "document": one.document_id})
    for one in _left(progress, values):
        found = _locks(storage_sweep.forget(progress, one.shas))
        with progress.step(done=len(left), total=len(left)):
            session.execute(_CLEARED, {**values, "document": one.document_id, **found})
    settings: Settings = current_app.extensions["settings"]
    with progress.step():
        done = session.execute(_FINISH, {**values, "days": settings.backup_days}).scalar_one()
        if done:
            _meter(values["disposal"])


def _left(progress: Progress, values: dict[str, UUID]) -> Sequence[Any]:
    with progress.step():
        return session.execute(_LEFT, values).all()


def _locks(versions: Sequence[Version]) -> dict[str, Any]:
    """How many there are, and until when the last of them is locked, where the bucket says so."""
    ends = [bucket().retained_until(one.key, one.version) for one in versions]
    until = max((end for end in ends if end is not None), default=None)
    return {"locked": len(versions), "until": until}


def _meter(disposal: UUID) -> None:
    usage.record(
        METER,
        session.execute(_DESTROYED, {"disposal": disposal}).scalar_one(),
        key=f"{METER}:{disposal}",
        evidence=Evidence("disposal", disposal),
        line="member",
        unit="document",
    )
