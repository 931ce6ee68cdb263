"""People: settings, sessions in words, passkey counters, absences, requests for access."""

from migrations import sql

revision = "0004_identity"
down_revision = "0003_tenants"
branch_labels = None
depends_on = None

_FILES = (
    "01_tables.sql",
    "02_sign_in.sql",
    "03_access.sql",
    "04_operator.sql",
    "05_token_scopes.sql",
)


def upgrade() -> None:
    """Tables and doors, in the order they lean on each other."""
    for name in _FILES:
        sql.run(f"identity/{name}")
