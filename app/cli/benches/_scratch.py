"""A throw-away database for a bench: migrated, with a provider, clients and one person."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import make_url

from app.cli import install, servers
from app.kernel.scope import Scope, secret_hash
from app.kernel.settings import Settings, environment

FOLDER = Path(".local/bench")


@dataclass(frozen=True, slots=True)
class Scratch:
    """The bench's database: its settings, and whoever acts in it."""

    settings: Settings
    admin: psycopg.Connection
    person_id: UUID
    principal_id: UUID
    cookie: str

    def scope(self, tenant_id: UUID) -> Scope:
        """The acting person in one client."""
        return Scope.in_client(tenant_id, person_id=self.person_id, principal_id=self.principal_id)

    def token(self, tenant_id: UUID) -> str:
        """The signed context of that scope."""
        key = bytes.fromhex(self.settings.guard_key)
        return self.scope(tenant_id).token(key=key, key_id=self.settings.guard_key_id)

    def connect(self, *, role: str = "rw") -> psycopg.Connection:
        """A connection as the web's login role, or as the administrator for the bare side."""
        url = self.settings.database_url if role == "rw" else self.settings.database_admin_url
        return psycopg.connect(
            install.libpq_url(url or ""), options="-c jit=off -c timezone=UTC", autocommit=True
        )


def running_servers() -> dict[str, str]:
    """The addresses of the running product or of servers of the bench's own."""
    found = environment()
    if "DATABASE_ADMIN_URL" in found:
        return found
    FOLDER.mkdir(parents=True, exist_ok=True)
    return {**found, **servers.start_all(FOLDER).environment()}


@contextmanager
def database(name: str) -> Iterator[Scratch]:
    """A fresh migrated database, dropped afterwards; loads as superuser (rulings 54)."""
    from app.factory import create_app

    values = running_servers()
    base = install.libpq_url(values["DATABASE_ADMIN_URL"])
    database_name = f"bo_bench_{name}_{os.getpid()}"
    with psycopg.connect(base, autocommit=True) as outer:
        outer.execute(f'create database "{database_name}"')
        try:
            settings = _settings(values, database_name)
            create_app(settings)
            install.prepare_database(settings)
            with psycopg.connect(
                install.libpq_url(settings.database_admin_url or ""), autocommit=True
            ) as admin:
                yield _populated(settings, admin)
        finally:
            outer.execute(f'drop database if exists "{database_name}" with (force)')


def _settings(values: dict[str, str], name: str) -> Settings:
    changed = dict(values)
    for kind in ("", "_ADMIN", "_WORKER", "_RESTORE"):
        variable = f"DATABASE{kind}_URL"
        if variable in changed:
            url = make_url(changed[variable]).set(database=name)
            changed[variable] = url.render_as_string(hide_password=False)
    changed["BACKOFFICE_ENVIRONMENT"] = "test"
    return Settings(**changed)  # type: ignore[arg-type]  # pydantic parses the strings


def _populated(settings: Settings, admin: psycopg.Connection) -> Scratch:
    admin.execute(
        "insert into guard.tenant(slug, state, is_provider) values ('provider', 'active', true)"
    )
    person = _id(
        admin,
        "insert into guard.person(side, email, name)"
        " values ('provider', 'bench@example.com', 'Bench') returning id",
    )
    cookie = "bench-cookie"
    principal = _id(
        admin,
        "insert into guard.principal(kind, user_id, expires_at, stepped_up_at, secret_sha)"
        " values ('person', %s, now() + interval '12 hours', now(), %s) returning id",
        person,
        secret_hash("prin", cookie),
    )
    return Scratch(settings, admin, person, principal, cookie)


def _id(admin: psycopg.Connection, statement: str, *values: object) -> UUID:
    row = admin.execute(statement, values).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


def make_clients(scratch: Scratch, count: int, *, role: str = "staff_accountant") -> list[UUID]:
    """Clients with an accounting engagement and a grant of the acting person."""
    rows = scratch.admin.execute(
        "with made as (insert into guard.tenant(slug, state)"
        " select 'client-' || n, 'active' from generate_series(1, %s) n returning id),"
        " engaged as (insert into guard.engagement(tenant_id, line, valid_from)"
        " select id, 'accounting', now() - interval '1 day' from made),"
        " granted as (insert into guard.membership"
        "(tenant_id, user_id, role, lines, may_write, basis, valid_from)"
        " select id, %s, %s, '{accounting}', true, 'engagement', now() - interval '1 hour'"
        " from made) select id from made",
        (count, scratch.person_id, role),
    ).fetchall()
    return [row[0] for row in rows]


def cpu_seconds(connection: psycopg.Connection) -> float:
    """User and system time that the server process behind a connection has used so far."""
    stat = Path(f"/proc/{connection.info.backend_pid}/stat").read_text(encoding="ascii")
    fields = stat.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
