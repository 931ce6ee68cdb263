"""The kernel's services: jobs, audit, reads, approvals, mail, usage, storage and small tables."""

from migrations import sql

revision = "0002_kernel"
down_revision = "0001_guard"
branch_labels = None
depends_on = None

FILES = (
    "00_roles",
    "01_job_tables",
    "02_job_doors",
    "03_dispatch_doors",
    "04_audit",
    "05_reads",
    "06_approvals",
    "07_mail",
    "08_usage",
    "09_storage",
    "10_small_tables",
    "11_approval_rules",
    "12_approval_doors",
)


def upgrade() -> None:
    """Make the tables in the schema ``app`` and the doors that write them."""
    for name in FILES:
        sql.run(f"kernel/{name}.sql")
