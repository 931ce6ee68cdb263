"""The close of a month: checks, explanations, sign-off."""

from __future__ import annotations

from migrations import sql

revision = "0016_close"
down_revision = "0015_recode"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("close")
