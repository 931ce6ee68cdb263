"""What the kernel itself contributes: the permissions of its doors and its mailing jobs."""

from __future__ import annotations

from app.kernel import sealing
from app.kernel.registry import NewClient, Permission, Registry
from app.kernel.words import _

JOBS = ("app.kernel.mail_sending", "app.kernel.approvals")


def _make_client_key(_client: NewClient) -> None:
    """The client's data key is there, committed, before anything is sealed under it."""
    sealing.client_key()


def register(registry: Registry) -> None:
    """Permissions that the doors of jobs and approvals ask for."""
    registry.on_client_created(_make_client_key, order=1)
    work = _("Work")
    registry.add(Permission("job.cancel", _("Stop other people's jobs"), work))
    registry.add(Permission("job.replay", _("Run failed jobs again"), work))
    registry.add(Permission("approve.access.grant", _("Approve access"), _("Access")))
