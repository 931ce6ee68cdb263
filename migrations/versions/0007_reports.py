"""Published reports: what the client reads, as it stood."""

from __future__ import annotations

from migrations import sql

revision = "0007_reports"
down_revision = "0006_bank"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table of published reports and its doors."""
    sql.run("reports/00_roles.sql")
    sql.run("reports/01_published_report.sql")
