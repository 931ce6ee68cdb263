"""Bulk re-coding and its way back."""

from __future__ import annotations

from migrations import sql

revision = "0015_recode"
down_revision = "0014_reconcile"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("recode")
