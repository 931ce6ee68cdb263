"""Rules and what suggestions are found by."""

from __future__ import annotations

from migrations import sql

revision = "0013_suggest"
down_revision = "0012_open_items"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("suggest")
