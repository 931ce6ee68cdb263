"""Report packs: several reports published as one, with their notes."""

from __future__ import annotations

from migrations import sql

revision = "0018_report_packs"
down_revision = "0017_moving_in"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("report_packs")
