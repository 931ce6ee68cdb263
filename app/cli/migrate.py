"""`backoffice migrate`: revisions, roles and what the packages ship, as administrator."""

from __future__ import annotations

import click


@click.command()
def migrate() -> None:
    """Bring the database to the newest revision; a second run changes nothing.

    Needs DATABASE_ADMIN_URL. `backoffice doctor` prints the SQL for an administrator where
    the platform may not have that right itself.
    """
    from app.cli import install
    from app.factory import create_worker_app
    from app.kernel.settings import load_settings

    settings = load_settings()
    if not settings.database_admin_url:
        raise click.ClickException("DATABASE_ADMIN_URL is not set: migrations need it.")
    with create_worker_app(settings).app_context():
        install.prepare_database(settings)
    click.echo("The database is at the newest revision.")
