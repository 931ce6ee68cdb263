"""Client firms: the directory, the provider's settings, figures of the desk, pinned clients."""

from migrations import sql

revision = "0003_tenants"
down_revision = "0002_kernel"
branch_labels = None
depends_on = None

FILES = ("01_roles", "02_tables", "03_mirror", "04_figures", "05_directory", "06_operator")


def upgrade() -> None:
    """Make the tables of the client directory and the doors around them."""
    for name in FILES:
        sql.run(f"tenants/{name}.sql")
