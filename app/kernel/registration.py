"""What the kernel itself contributes: the permissions of its doors and its mailing jobs."""

from __future__ import annotations

from app.kernel.registry import Permission, Registry
from app.kernel.words import _

JOBS = ("app.kernel.mail_sending", "app.kernel.approvals")


def register(registry: Registry) -> None:
    """Permissions that the doors of jobs and approvals ask for."""
    work = _("Work")
    registry.add(Permission("job.cancel", _("Stop other people's jobs"), work))
    registry.add(Permission("job.replay", _("Run failed jobs again"), work))
    registry.add(Permission("approve.access.grant", _("Approve access"), _("Access")))
