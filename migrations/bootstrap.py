"""What an administrator runs: roles and rights outside a revision, the revisions, the key."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, make_url

from app.kernel.settings import Settings
from migrations.sql import read

FOLDER = Path(__file__).parent
LOGIN_ROLES = ("app_rw", "app_worker", "app_restore")


def driver_url(url: str) -> str:
    """The same address with the driver named that the product uses (psycopg 3)."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def admin_url(settings: Settings) -> str:
    """The administrator's address; raises ValueError where the settings name none."""
    if not settings.database_admin_url:
        raise ValueError("DATABASE_ADMIN_URL is not set; migrations run as administrator")
    return driver_url(settings.database_admin_url)


def migrate(settings: Settings) -> None:
    """Bring one database from any state to the newest revision; running it again changes nothing.

    Runs as the administrator of ``settings.database_admin_url``.
    """
    engine = create_engine(admin_url(settings))
    try:
        _prepare_in_turn(engine, settings)
        with engine.connect() as connection:
            config = Config()
            config.set_main_option("script_location", str(FOLDER))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        with engine.begin() as connection:
            store_key(_raw(connection), settings)
    finally:
        engine.dispose()


def prepare(connection: psycopg.Connection, settings: Settings) -> None:
    """Make roles and passwords (of the whole cluster) and take rights of this database away."""
    connection.execute(read("guard/00_roles.sql").encode())
    for role, password in passwords(settings):
        connection.execute(_set_password(role, password))


def store_key(connection: psycopg.Connection, settings: Settings) -> None:
    """Store the two padded forms of the key that signs contexts (RFC 2104), under its id.

    Older keys stay, so that a key is changed without ending what the old one has signed.
    """
    key = bytes.fromhex(settings.guard_key).ljust(64, b"\0")
    outer, inner = bytes(b ^ 0x5C for b in key), bytes(b ^ 0x36 for b in key)
    connection.execute(
        "insert into guard.hmac_key (kid, o, i) values (%s, %s, %s)"
        " on conflict (kid) do update set o = excluded.o, i = excluded.i"
        " where (hmac_key.o, hmac_key.i) is distinct from (excluded.o, excluded.i)",
        (settings.guard_key_id, outer, inner),
    )


def bootstrap_sql(settings: Settings) -> str:
    """What a database administrator runs where we may not make roles, ready to paste.

    Passwords are left out: each login role takes the one of its address in the settings. The
    last statement needs a superuser and is optional.
    """
    database = make_url(settings.database_url).database or "backoffice"
    grants = [
        sql.SQL("alter role {} password {};").format(sql.Identifier(role), sql.Literal("…"))
        for role in LOGIN_ROLES
    ]
    owners = ("app_owner", "guard_owner", "guard_jobs", "guard_definer", "approval_door")
    grants += [sql.SQL("grant {} to current_user;").format(sql.Identifier(role)) for role in owners]
    grants += [
        sql.SQL("grant connect on database {} to {};").format(
            sql.Identifier(database), sql.SQL(", ").join(map(sql.Identifier, LOGIN_ROLES))
        ),
        sql.SQL("grant create on database {} to current_user;").format(sql.Identifier(database)),
    ]
    optional = [
        sql.SQL("alter role {} set track_activities = off;").format(sql.Identifier(role))
        for role in LOGIN_ROLES
    ]
    return "\n".join(
        [
            "-- Roles and rights of the database; run as an administrator of the cluster.",
            read("guard/00_roles.sql").rstrip(),
            *(statement.as_string() for statement in grants),
            "-- Optional, as superuser: what a session runs is nobody else's to read.",
            *(statement.as_string() for statement in optional),
            "",
        ]
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
            yield role, password


def _prepare_in_turn(engine: Engine, settings: Settings) -> None:
    """Roles belong to the cluster: wait while the set-up of another database changes them."""
    for pause in (0.05, 0.2, 0.5, 1.0, 2.0):
        try:
            with engine.begin() as connection:
                prepare(_raw(connection), settings)
        except psycopg.errors.InternalError_:  # tuple concurrently updated
            time.sleep(pause)
        else:
            return
    with engine.begin() as connection:
        prepare(_raw(connection), settings)


def _set_password(role: str, password: str) -> sql.Composed:
    return sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password))


def _raw(connection: Connection) -> psycopg.Connection:
    """psycopg's own connection: the SQL files hold several statements and no parameters."""
    found = connection.connection.driver_connection
    assert isinstance(found, psycopg.Connection)
    return found
