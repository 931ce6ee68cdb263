"""Questions to the client with their answers and reminders, and notes."""

from __future__ import annotations

from migrations import sql

revision = "0010_requests"
down_revision = "0009_documents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("requests")
