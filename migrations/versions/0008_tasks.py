"""Approval pages need no tables of their own: the kernel keeps approvals."""

from __future__ import annotations

revision = "0008_tasks"
down_revision = "0007_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Requests, questions and reminders come with the bookkeeping month."""
