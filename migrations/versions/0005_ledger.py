"""The ledger: currencies, books, chart, entries, balances, their doors and reports."""

from alembic import op

from app.kernel import money
from migrations import sql

revision = "0005_ledger"
down_revision = "0004_identity"
branch_labels = None
depends_on = None

FILES = (
    "01_roles",
    "02_currency",
    "03_books",
    "04_accounts",
    "05_entries",
    "06_isolation",
    "07_integrity",
    "08_post",
    "09_post_many",
    "10_reverse",
    "11_periods",
    "12_chart",
    "13_reads",
    "14_owners",
    "15_approved",
)


def upgrade() -> None:
    """Make the schema's tables, triggers, doors and reports, and seed the currencies."""
    for name in FILES:
        sql.run(f"ledger/{name}.sql")
    rows = ", ".join(f"('{code}', {digits})" for code, digits in sorted(money.CURRENCIES.items()))
    op.execute(f"insert into app.currency (code, exponent) values {rows}")
