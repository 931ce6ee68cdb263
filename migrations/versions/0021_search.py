"""Full text of papers, found under the same guard as the papers."""

from __future__ import annotations

from migrations import sql

revision = "0021_search"
down_revision = "0020_reading"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("search")
