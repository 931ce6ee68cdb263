"""What machines and people read in papers: fields, supplier templates, proposals."""

from __future__ import annotations

from migrations import sql

revision = "0020_reading"
down_revision = "0019_document_store"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("reading")
