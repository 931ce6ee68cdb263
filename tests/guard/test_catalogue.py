"""The catalogue shows no fault, and a planted one is found."""

from __future__ import annotations

import psycopg
import pytest

from migrations.catalogue import catalogue_faults
from tests.guard.conftest import Guarded

PLANTED = [
    (
        "PUBLIC may execute",
        "grant execute on function guard.note(uuid, guard.claim, text, jsonb) to public",
    ),
    (
        "definer without search_path",
        "alter function guard.may(text) reset search_path",
    ),
    (
        "definer owned by a login role or superuser",
        (
            "create function app.strong() returns int language sql security definer"
            " set search_path = pg_catalog, pg_temp return 1;"
            " revoke execute on function app.strong() from public"
        ),
    ),
    ("no tenant_id and not declared reference/global", "create table app.loose (id uuid)"),
    (
        "not registered with a line",
        "create table app.loose (tenant_id uuid not null, id uuid, primary key (tenant_id, id))",
    ),
    ("no forced RLS", "alter table app.canary no force row level security"),
    ("no forced RLS", "alter table app.canary disable row level security"),
    ("policies missing", "drop policy upd on app.canary"),
    (
        "line policy asks another line",
        (
            "alter policy sel on app.canary"
            " using (tenant_id = any ((select guard.scope('member'))::uuid[]))"
        ),
    ),
    (
        "shared policy lacks a line",
        "insert into guard.line values ('payroll', 'service')",
    ),
    (
        "cross policy lacks its reader",
        "alter policy sel on app.canary_head using (false)",
    ),
    (
        "personal policy without its owner",
        (
            "alter policy sel on app.canary_own"
            " using (tenant_id = any ((select guard.scope('member'))::uuid[]))"
        ),
    ),
    (
        "policy for a login role without the guard",
        "create policy mine on app.canary to app_rw using (true)",
    ),
    (
        "policy not in initplan form",
        "alter policy del on app.canary using (tenant_id = guard.writable('accounting'))",
    ),
    (
        "key or unique index not starting with tenant_id",
        "create unique index loose on app.canary (body)",
    ),
    (
        "foreign key not starting with tenant_id",
        (
            "create unique index loose on app.canary (id);"
            " alter table app.canary_part add foreign key (canary_id) references app.canary (id)"
        ),
    ),
    (
        "foreign key SET NULL/DEFAULT",
        (
            "alter table app.canary_part add foreign key (tenant_id, canary_id)"
            " references app.canary (tenant_id, id) on delete set null (canary_id)"
        ),
    ),
    (
        "owned by a login role, superuser or bypassrls",
        "alter table app.canary owner to current_user",
    ),
    (
        "granted to PUBLIC, or truncate/references/trigger/maintain to a login role",
        "grant truncate on app.canary to app_rw",
    ),
    (
        "granted to PUBLIC, or truncate/references/trigger/maintain to a login role",
        "grant select on app.canary to public",
    ),
    ("guard table granted", "grant select on guard.person to app_rw"),
    ("guard column granted", "grant select (email) on guard.person to app_worker"),
    ("materialized view", "create materialized view app.mine as select 1 as x"),
    ("view not security_invoker", "create view app.mine as select * from app.canary"),
    ("login role with power", "alter role app_rw createdb"),
    ("login role is a member", "grant guard_definer to app_rw"),
    ("may create", "grant create on schema app to app_rw"),
    (
        "may make temporary objects",
        (
            "do $$ begin execute format('grant temporary on database %I to app_rw',"
            " current_database()); end $$"
        ),
    ),
    (
        "registered with an unknown line",
        "update guard.protected set lines = '{nothing}' where tbl = 'app.canary'::regclass",
    ),
    ("shared without a line column", "alter table app.canary_shared alter line drop not null"),
    (
        "personal without an owner_id column",
        "alter table app.canary_own alter owner_id drop not null",
    ),
    ("registered table is gone", "drop table app.canary_part"),
    ("table in schema public", "create table public.loose (x int)"),
    (
        "login role writes what the database sets",
        "alter table app.canary add made_at timestamptz default now()",
    ),
    (
        "reference table written by a login role",
        (
            "create table app.loose (x int);"
            " select guard.register('app.loose', 'reference', null, null);"
            " grant insert on app.loose to app_rw"
        ),
    ),
]


def test_the_catalogue_shows_no_fault(guarded: Guarded, arena: object) -> None:
    del arena
    assert catalogue_faults(guarded.arena.admin) == []


@pytest.mark.parametrize(
    ("fault", "sql"), PLANTED, ids=[f"{i} {fault}" for i, (fault, _) in enumerate(PLANTED)]
)
def test_a_planted_fault_is_found(fault: str, sql: str, guarded: Guarded) -> None:
    with psycopg.connect(guarded.settings.database_admin_url or "") as admin:
        admin.execute(sql.encode())
        found = {name for name, _what in catalogue_faults(admin)}
        admin.rollback()
    assert fault in found


def test_a_new_line_reaches_every_shared_table(guarded: Guarded) -> None:
    with psycopg.connect(guarded.settings.database_admin_url or "") as admin:
        admin.execute("set role app_owner")
        admin.execute("call guard.add_line('payroll', 'service')")
        admin.execute("reset role")
        found = catalogue_faults(admin)
        admin.rollback()
    assert found == []
