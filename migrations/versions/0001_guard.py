"""The guard: who may do what for which client, decided in the database."""

from migrations import sql

revision = "0001_guard"
down_revision = None
branch_labels = None
depends_on = None

FILES = (
    "01_schemas",
    "02_tables",
    "03_claims",
    "04_generators",
    "05_doors",
    "06_jobs",
    "07_grants",
)


def upgrade() -> None:
    """Make the schema ``guard`` and the empty schemas ``app`` and ``ledger``."""
    for name in FILES:
        sql.run(f"guard/{name}.sql")
