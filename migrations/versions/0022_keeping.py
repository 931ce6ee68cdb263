"""How long papers are kept: retention rules, holds, disposals, scrubs."""

from __future__ import annotations

from migrations import sql

revision = "0022_keeping"
down_revision = "0021_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("keeping")
