"""The guard: who may do what for which client, decided in the database."""

from migrations import sql

revision = "0001_guard"
down_revision = None
branch_labels = None
depends_on = None

FILES = (
    "01_schemas",
    "02_directory",
    "03_login",
    "04_rights",
    "05_record",
    "10_claims",
    "11_reach",
    "12_rights",
    "13_doors_ask",
    "20_generators",
    "30_need",
    "31_login",
    "32_principals",
    "33_people",
    "34_roles",
    "35_access",
    "36_clients",
    "37_first_people",
)


def upgrade() -> None:
    """Make the schema ``guard`` and the empty schemas ``app`` and ``ledger``."""
    for name in FILES:
        sql.run(f"guard/{name}.sql")
