"""What must run as administrator outside a revision: roles, database rights, key, then revisions."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection, create_engine, make_url

from app.kernel.settings import Settings
from migrations.sql import FOLDER

ROOT = Path(__file__).parent
LOGIN_ROLES = ("app_rw", "app_worker", "app_restore")


def driver_url(url: str) -> str:
    """The same address with the driver named that the product uses (psycopg 3)."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def migrate(settings: Settings) -> None:
    """Bring one database from any state to the newest revision; running it again changes nothing.

    Runs as the administrator of ``settings.database_admin_url``.
    """
    engine = create_engine(driver_url(settings.database_admin_url))
    try:
        with engine.begin() as connection:
            prepare(connection, settings)
        with engine.connect() as connection:
            config = Config()
            config.set_main_option("script_location", str(ROOT))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        with engine.begin() as connection:
            store_key(connection, settings)
    finally:
        engine.dispose()


def prepare(connection: Connection, settings: Settings) -> None:
    """Make roles and passwords (of the whole cluster) and take rights of this database away."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    raw.execute((FOLDER / "guard" / "00_roles.sql").read_text(encoding="utf-8"))
    for role, password in passwords(settings):
        raw.execute(
            sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password))
        )


def passwords(settings: Settings) -> Iterator[tuple[str, str]]:
    """The password each login role has in the addresses of the settings, where one is given."""
    urls = (
        settings.database_url,
        settings.database_worker_url,
        settings.database_restore_url,
    )
    for role, url in zip(LOGIN_ROLES, urls, strict=True):
        password = make_url(url).password if url else None
        if password:
            yield role, str(password)


def store_key(connection: Connection, settings: Settings) -> None:
    """Store the two padded forms of the key that signs contexts (RFC 2104), under its id."""
    key = bytes.fromhex(settings.guard_key).ljust(64, b"\0")
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    raw.execute(
        "insert into guard.hmac_key(kid, o, i) values (%s, %s, %s)"
        " on conflict (kid) do update set o = excluded.o, i = excluded.i",
        (
            settings.guard_key_id,
            bytes(b ^ 0x5C for b in key),
            bytes(b ^ 0x36 for b in key),
        ),
    )
