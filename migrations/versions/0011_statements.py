"""What taking statements in needs beyond the lines: mappings, the tray, gaps."""

from __future__ import annotations

from migrations import sql

revision = "0011_statements"
down_revision = "0010_requests"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("statements")
