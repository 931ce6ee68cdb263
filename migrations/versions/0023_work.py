"""Tasks with their templates and repeats, and the time written down on them."""

from __future__ import annotations

from migrations import sql

revision = "0023_work"
down_revision = "0022_keeping"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("work")
