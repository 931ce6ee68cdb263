"""Who decides on what (approval policies, delegation) and what people are told."""

from __future__ import annotations

from migrations import sql

revision = "0025_notices"
down_revision = "0024_client_requests"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("notices")
