"""Alembic's environment: runs the revisions on the administrator's connection."""

from alembic import context
from sqlalchemy import Connection, create_engine

from app.kernel.settings import load_settings
from migrations import bootstrap


def run(connection: Connection) -> None:
    """Run the revisions, each in a transaction of its own."""
    context.configure(
        connection=connection,
        target_metadata=None,
        include_schemas=True,
        transaction_per_migration=True,
        version_table="alembic_version",
        version_table_schema="public",
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = create_engine(bootstrap.admin_url(load_settings()))
    with engine.connect() as own:
        run(own)
