"""Words planted in everything of a client, and everything in which they may be found."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from uuid import UUID

import psycopg
import redis
from flask import Flask
from psycopg import sql

from app.kernel import db, jobs, storage
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tests import factories
from tests.cli.erasing.stage import in_tray
from tests.conftest import SERVERS

WORD = f"CANARY{secrets.token_hex(4)}"
MOST = 400
KEPT = ("app.audit_event", "guard.audit", "guard.principal", "app.erasure_certificate")


def plant(admin: psycopg.Connection, tenant: UUID) -> int:
    """Writes a word into each text column of each table of the client that takes it; how many."""
    admin.execute("set log_min_messages = panic")  # what the planting itself gets wrong
    admin.execute("set session_replication_role = replica")
    planted = 0
    for name, columns in admin.execute(
        "select t.name, array(select a.attname from pg_attribute a"
        " where a.attrelid = t.name::regclass and a.attnum > 0 and a.attgenerated = ''"
        " and a.atttypid in ('text'::regtype, 'jsonb'::regtype))"
        " from app.leaving_tables() t"
    ).fetchall():
        if name in KEPT:
            continue
        allowed = ("evidence_title", "void_reason") if name == "app.usage_event" else columns
        for column in allowed:
            planted += _plant_in(admin, name, column, tenant, f"{WORD}-{planted}")
            if planted >= MOST:
                break
    admin.execute("set session_replication_role = origin")
    admin.commit()
    return planted


def _plant_in(admin: psycopg.Connection, name: str, column: str, tenant: UUID, word: str) -> int:
    if column in ("slug", "state", "email"):
        return 0
    table, field = sql.Identifier(*name.split(".")), sql.Identifier(column)
    statement = sql.SQL(
        "update {table} set {field} = case pg_typeof({field})::text when 'jsonb' then"
        " to_jsonb({word}::text)::text else {word} end{cast} where ctid = (select ctid from {table}"
        " where tenant_id = %s limit 1)"
    )
    for cast in ("", "::jsonb"):
        try:
            with admin.transaction():
                made = statement.format(
                    table=table, field=field, word=sql.Literal(word), cast=sql.SQL(cast)
                )
                return int(admin.execute(made, [tenant]).rowcount)
        except psycopg.Error:
            continue
    return 0


def put_papers(
    settings: Settings, worker_app: Flask, admin: psycopg.Connection, tenant: UUID
) -> None:
    """A paper of the client, one of its statements at the provider, and a word in Valkey."""
    provider = factories.make_provider(admin)
    person = jobs.system_user("operator")
    held: list[UUID] = []
    with worker_app.app_context():
        for where in (tenant, provider):
            with db.transaction(Scope.system_job(where, person_id=person)):
                held.append(
                    storage.put(
                        f"{WORD} in a paper of {where}".encode() * 50,
                        kind="document" if where == tenant else "statement.raw",
                        name=f"{WORD}-paper.txt",
                        media_type="text/plain",
                        line="accounting" if where == tenant else "intake",
                    )
                )
    in_tray(admin, tenant, held[1], f"{WORD}-number")
    with redis.Redis.from_url(settings.valkey_url) as store:
        store.set(f"presence:{tenant}:books", f"{WORD}-valkey")


def end_holds(admin: psycopg.Connection, tenant: UUID) -> None:
    admin.execute("set session_replication_role = replica")
    for name in ("app.legal_hold_paper", "app.legal_hold"):
        admin.execute(f"delete from {name} where tenant_id = %s", (tenant,))
    admin.execute("set session_replication_role = origin")
    admin.commit()


def everything(settings: Settings, admin: psycopg.Connection) -> Iterator[tuple[str, bytes]]:
    """All rows of all tables, everything in Valkey, and the servers' logs."""
    for (name,) in admin.execute(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
    ).fetchall():
        held = io.BytesIO()
        with admin.cursor().copy(
            sql.SQL("copy {} to stdout").format(sql.Identifier(*name.split(".")))
        ) as rows:
            for piece in rows:
                held.write(piece)
        yield name, held.getvalue()
    with redis.Redis.from_url(settings.valkey_url) as store:
        for key in store.scan_iter():
            yield f"valkey {key!r}", key + (store.dump(key) or b"")
    for log in (SERVERS / "log").glob("*.log"):
        yield log.name, log.read_bytes()
