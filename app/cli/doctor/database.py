"""The doctor's look at PostgreSQL: version, roles and their powers, revisions, faults, clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.cli.doctor.finding import Finding, fail, ok, warn
from app.cli.install import libpq_url
from app.kernel.settings import Settings

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
SECONDS_APART = 5.0
LOGINS = {
    "DATABASE_URL": "app_rw",
    "DATABASE_WORKER_URL": "app_worker",
    "DATABASE_RESTORE_URL": "app_restore",
}

ADMINISTRATORS_SQL = """\
-- Run as superuser, once. Then set DATABASE_ADMIN_URL to backoffice_admin and run
-- `backoffice migrate`; it makes roles, schemas and policies and gives the login roles
-- the passwords of DATABASE_URL, DATABASE_WORKER_URL and DATABASE_RESTORE_URL.
create role backoffice_admin login createrole password 'choose one';
create database backoffice owner backoffice_admin
  encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8' template template0;
{extensions}-- Optional, superuser only: keep parameters (names, amounts) out of the server's log.
alter database backoffice set log_parameter_max_length = 0;
alter database backoffice set log_parameter_max_length_on_error = 0;
alter database backoffice set jit = off;
"""


def administrators_sql() -> str:
    """Return the SQL that a database administrator runs where the platform may not."""
    extensions = _wanted_extensions()
    head = "\\connect backoffice\n" if extensions else ""
    lines = "".join(f"create extension if not exists {name};\n" for name in extensions)
    return ADMINISTRATORS_SQL.format(extensions=head + lines)


def _wanted_extensions() -> tuple[str, ...]:
    """Return the extensions that the migrations ask for."""
    text = "".join(file.read_text().lower() for file in (MIGRATIONS / "sql").rglob("*.sql"))
    return tuple(
        name
        for name in ("btree_gist", "citext", "pg_trgm", "pgcrypto")
        if f"extension if not exists {name}" in text
    )


def check(settings: Settings) -> Iterator[Finding]:
    """Check every database address and what the administrator can see."""
    urls: dict[str, str | None] = {
        "DATABASE_URL": settings.database_url,
        "DATABASE_WORKER_URL": settings.database_worker_url,
        "DATABASE_RESTORE_URL": settings.database_restore_url,
    }
    for variable, url in urls.items():
        yield _login(variable, url)
    if settings.database_admin_url is None:
        yield warn(
            "database",
            "DATABASE_ADMIN_URL is not set: roles, revisions and policies were not checked",
            remedy="Set it for migrations and for the doctor; web and worker do not need it.",
        )
        return
    try:
        with psycopg.connect(libpq_url(settings.database_admin_url), connect_timeout=5) as link:
            yield from _server(link)
            yield from _inside(link)
    except psycopg.OperationalError as error:
        yield fail(
            "database",
            f"DATABASE_ADMIN_URL: {_first(error)}",
            remedy="Start the server, or correct the address.\n" + administrators_sql(),
        )


def _login(variable: str, url: str | None) -> Finding:
    expected = LOGINS[variable]
    if not url:
        return warn(
            "database", f"{variable} is not set", remedy=f"Point it to the role {expected}."
        )
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=5) as link:
            row = link.execute(
                "select current_user, rolsuper or rolbypassrls from pg_roles "
                "where rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError as error:
        return fail(
            "database",
            f"{variable}: {_first(error)}",
            means="The platform cannot work." if expected != "app_restore" else "",
            remedy="Start the server or correct the address; `backoffice migrate` sets passwords.",
        )
    name, mighty = row or ("nobody", False)
    if mighty or name != expected:
        return fail(
            "database",
            f"{variable} logs in as {name}" + (", who may see everything" if mighty else ""),
            means="The isolation of clients rests on the role " + expected + ".",
            remedy=f"Use the role {expected}, which `backoffice migrate` makes.",
        )
    return ok("database", f"{variable} logs in as {name}")


def _server(link: psycopg.Connection) -> Iterator[Finding]:
    version = link.info.server_version // 10_000
    if version < 18:
        yield fail(
            "database",
            f"PostgreSQL {version}",
            remedy="PostgreSQL 18 is needed (uuidv7, policies).",
        )
    else:
        yield ok("database", f"PostgreSQL {version}")
    apart = abs((_one(link, "select clock_timestamp()") - datetime.now(UTC)).total_seconds())
    if apart > SECONDS_APART:
        yield fail(
            "clock",
            f"{apart:.0f} s between this machine and the database",
            means="Grants and log-ins would end too early or too late.",
            remedy="Run a time service (chrony, systemd-timesyncd) on both.",
        )
    else:
        yield ok("clock", f"{apart:.1f} s between this machine and the database")
    for name, wanted in (("fsync", "on"), ("full_page_writes", "on"), ("jit", "off")):
        value = _one(link, "select current_setting(%s)", name)
        if value != wanted:
            state = warn if name == "jit" else fail
            yield state("database", f"{name} is {value}", remedy=f"Set {name} = {wanted}.")


def _inside(link: psycopg.Connection) -> Iterator[Finding]:
    yield _extensions(link)
    revision = _revision(link)
    yield revision
    if revision.state == "ok":
        yield from _faults(link)


def _extensions(link: psycopg.Connection) -> Finding:
    there = {row[0] for row in link.execute("select extname from pg_extension")}
    missing = [name for name in _wanted_extensions() if name not in there]
    if missing:
        sql = "\n".join(f"create extension {name};" for name in missing)
        return fail("database", f"extensions missing: {', '.join(missing)}", remedy=sql)
    return ok("database", "extensions are there")


def _revision(link: psycopg.Connection) -> Finding:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    head = ScriptDirectory.from_config(config).get_current_head()
    table = _one(link, "select to_regclass('alembic_version')::text")
    at = _one(link, "select max(version_num) from alembic_version") if table else None
    if at == head:
        return ok("migrations", f"at the newest revision {head}")
    return fail(
        "migrations", f"at {at or 'nothing'}, the code needs {head}", remedy="backoffice migrate"
    )


def _faults(link: psycopg.Connection) -> Iterator[Finding]:
    """Ask the catalogue: anything unclassified, unforced or too widely granted."""
    text = (MIGRATIONS / "catalogue.sql").read_text()
    faults = link.execute(text.encode()).fetchall()
    if not faults:
        yield ok("isolation", "the catalogue shows no fault")
    for fault, what in faults:
        yield fail(
            "isolation",
            f"{fault}: {what}",
            means="The database no longer keeps one client's data from another's.",
            remedy="backoffice migrate; then look at who changed the schema.",
        )


def _one(link: psycopg.Connection, query: str, *parameters: object) -> Any:
    row = link.execute(query.encode(), parameters or None).fetchone()
    return row[0] if row else None


def _first(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0]
