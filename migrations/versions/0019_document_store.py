"""Papers come in (in parts, quarantined, by mail), are shared, and their keys destroyed."""

from __future__ import annotations

from migrations import sql

revision = "0019_document_store"
down_revision = "0018_report_packs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs the folder's SQL in the order of its names."""
    sql.run_folder("document_store")
