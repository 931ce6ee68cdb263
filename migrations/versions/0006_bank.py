"""Bank accounts, statement files, bank lines and exchange rates."""

from __future__ import annotations

from migrations import sql

revision = "0006_bank"
down_revision = "0005_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the bank and the figure the desk shows."""
    sql.run("bank/01_tables.sql")
    sql.run("bank/02_figures.sql")
