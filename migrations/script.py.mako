"""${message}"""

from migrations import sql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and doors of this subject."""
    ${upgrades if upgrades else 'sql.run("subject/01_name.sql")'}
