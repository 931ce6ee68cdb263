"""Documents: heads, classes and links of the papers a client's books stand on."""

from __future__ import annotations

from migrations import sql

revision = "0009_documents"
down_revision = "0008_tasks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("documents")
