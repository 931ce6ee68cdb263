"""A client is erased: words planted in every table, paper and key of it are nowhere afterwards."""

from __future__ import annotations

import io
import json
import re
import secrets
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
import redis
from click.testing import CliRunner
from flask import Flask
from psycopg import sql

from app import factory
from app.cli import install, main
from app.kernel import db, jobs, storage
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from app.kernel.storage_bucket import bucket
from tests import factories
from tests.conftest import SERVERS
from tests.http import Browser
from tests.isolation import stage
from tests.isolation.stage import Stage

WORD = f"CANARY{secrets.token_hex(4)}"
MOST = 400
KEPT = ("app.audit_event", "guard.audit", "guard.principal", "app.erasure_certificate")


@pytest.fixture(scope="module")
def played(settings: Settings, app: Flask, worker_app: Flask) -> Stage:
    """Two clients, one of them with rows in most tables."""
    with psycopg.connect(install.libpq_url(str(settings.database_admin_url))) as admin:
        return stage.build(admin, worker_app, app)


def _id_of(admin: psycopg.Connection, slug: str) -> UUID:
    row = admin.execute("select id from guard.tenant where slug = %s", (slug,)).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


@pytest.fixture
def two(app: Flask, admin: psycopg.Connection) -> tuple[Browser, Browser]:
    """Two people of the provider who may ask for and approve an erasure."""
    provider = factories.make_provider(admin)
    made = []
    for name in ("Robin Vale", "Kim Oake"):
        person = factories.make_person(admin, name=name)
        factories.grant(admin, provider, person, role="administrator", lines=("member",))
        made.append(Browser(app, factories.sign_in(admin, person)))
    return made[0], made[1]


def ask_and_approve(admin: psycopg.Connection, two: tuple[Browser, Browser], slug: str) -> None:
    """One person asks on the desk, the other approves."""
    asks, approves = two
    page = f"/desk/clients/{slug}/erase"
    assert asks.get(page).status_code == 200
    assert asks.post(page, {"reason": "The client has left"}).status_code == 303
    row = admin.execute(
        "select id, content_sha from app.approval where kind = 'client.erase'"
        " and content ->> 'slug' = %s order by id desc limit 1",
        (slug,),
    ).fetchone()
    assert row is not None
    provider = factories.slug_of(admin, factories.make_provider(admin))
    sheet = f"/c/{provider}/approvals/{row[0]}"
    decision = {"decision": "approve", "content_sha": row[1]}
    asks.get(sheet)
    assert asks.post(sheet, decision).status_code == 409  # not by whoever asked
    approves.get(sheet)
    assert approves.post(sheet, decision).status_code == 303


@pytest.fixture
def operator(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A command line over this test's database."""
    monkeypatch.setattr(factory, "load_settings", lambda: settings)
    return CliRunner()


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
    admin.execute(
        "insert into app.statement_tray (tenant_id, stored_object_id, name, sha256, size, format,"
        " numbers, reason, state, given_tenant_id, given_file_id, dropped_by, done_at)"
        " select tenant_id, id, name, sha256, size, 'csv', to_jsonb(array[%s::text]), 'unknown',"
        " 'assigned', %s, uuidv7(), %s, now() from app.stored_object where id = %s",
        (f"{WORD}-number", tenant, person, held[1]),
    )
    admin.commit()
    with redis.Redis.from_url(settings.valkey_url) as store:
        store.set(f"presence:{tenant}:books", f"{WORD}-valkey")


def _end_holds(admin: psycopg.Connection, tenant: UUID) -> None:
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


def test_what_was_planted_in_every_table_paper_and_key_is_nowhere_afterwards(
    settings: Settings,
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    operator: CliRunner,
    two: tuple[Browser, Browser],
    played: Stage,
) -> None:
    slug = played.theirs
    tenant = _id_of(admin, slug)
    owner = admin.execute(
        "select p.email from guard.person p join guard.membership m on m.user_id = p.id"
        " where m.tenant_id = %s and m.role = 'owner'",
        (tenant,),
    ).fetchone()
    put_papers(settings, worker_app, admin, tenant)
    assert plant(admin, tenant) >= 50
    ask_and_approve(admin, two, slug)

    held_back = operator.invoke(main, ["tenant", "erase", slug, "--yes", "--json"])
    assert json.loads(held_back.stdout)["error"]["code"] == "client-held"
    state = admin.execute("select state from guard.tenant where id = %s", (tenant,)).fetchone()
    assert state == ("active",)
    _end_holds(admin, tenant)
    done = operator.invoke(main, ["tenant", "erase", slug, "--yes", "--json"])

    assert done.exit_code == 0, done.output
    certificate = json.loads(done.stdout)
    assert certificate["rows_erased"] > 100
    found = [name for name, raw in everything(settings, admin) if WORD.encode() in raw]
    assert found == []
    # neither the short name nor the firm's people are left
    assert [n for n, raw in everything(settings, admin) if f'"{slug}"'.encode() in raw] == []
    rows = admin.execute("select 1 from guard.person where email = %s", owner).fetchall()
    assert rows == []
    with worker_app.app_context():
        assert list(bucket().versions(f"t/{tenant}/")) == []
    key = admin.execute("select 1 from app.tenant_key where tenant_id = %s", (tenant,)).fetchone()
    assert key is None
    heads = admin.execute(
        "select count(*) from app.audit_event where tenant_id = %s", (tenant,)
    ).fetchone()
    assert heads is not None
    assert heads[0] > 0
    answer = two[0].get("/desk/erasures")
    assert answer.status_code == 200, answer.get_data(as_text=True)[-3000:]
    page = answer.get_data(as_text=True)
    assert str(tenant) in page
    assert re.search(r"records, [\d,]+ objects", page)


def test_without_a_second_persons_approval_nothing_is_erased(
    operator: CliRunner, admin: psycopg.Connection, played: Stage
) -> None:
    refused = operator.invoke(main, ["tenant", "erase", played.ours, "--yes", "--json"])
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["code"] == "erasure-not-approved"
    row = admin.execute("select state from guard.tenant where slug = %s", (played.ours,)).fetchone()
    assert row == ("active",)
