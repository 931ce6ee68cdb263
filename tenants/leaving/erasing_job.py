"""An approved erasure is carried out by a job, where the worker has the restoring role."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app

from app.kernel import approvals, events, jobs
from app.kernel.errors import Unavailable
from app.kernel.jobs import job
from app.kernel.jobs_progress import Progress
from app.kernel.settings import Settings
from tenants.leaving import erasing

JOB = "client.erase"


@events.on(approvals.ApprovalDecided)
def follow(decided: approvals.ApprovalDecided) -> None:
    """Orders the job; its arguments name the approval only, since words about the client go too."""
    if decided.kind == erasing.KIND and decided.state == "approved":
        args = {"approval": str(decided.approval_id)}
        jobs.enqueue(JOB, args, key=f"erase:{decided.approval_id}", line="member")


@job(JOB, queue="bulk", retries=3, lease=120, steps=True)
def carry_out(args: dict[str, Any], progress: Progress) -> None:
    """Erases the client, or what an attempt that was broken off has left.

    Raises Unavailable without DATABASE_RESTORE_URL: then the operator carries it out.
    """
    settings: Settings = current_app.extensions["settings"]
    approval = UUID(args["approval"])
    with progress.step():
        if erasing.is_done(approval):
            return
        request = erasing.approved(approval_id=approval)
    if not settings.database_restore_url:
        raise Unavailable("no-restoring-address")
    operator = jobs.system_user("platform")
    erasing.erase(request, provider=progress.ticket.tenant_id, operator=operator)
