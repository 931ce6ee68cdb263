"""What reconciling keeps about each bank line."""

from __future__ import annotations

from migrations import sql

revision = "0014_reconcile"
down_revision = "0013_suggest"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("reconcile")
