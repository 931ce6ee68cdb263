"""Open items of the control accounts and how payments settle them."""

from __future__ import annotations

from migrations import sql

revision = "0012_open_items"
down_revision = "0011_statements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("open_items")
