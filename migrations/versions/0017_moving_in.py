"""Taking a client in from another package: files and their mappings."""

from __future__ import annotations

from migrations import sql

revision = "0017_moving_in"
down_revision = "0016_close"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("moving_in")
