"""Whole-client export, import and erasure."""

from __future__ import annotations

from migrations import sql

revision = "0026_leaving"
down_revision = "0025_notices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("leaving")
