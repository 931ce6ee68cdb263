"""Lists of what a client is to send, and the links that open just one list."""

from __future__ import annotations

from migrations import sql

revision = "0024_client_requests"
down_revision = "0023_work"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("client_requests")
