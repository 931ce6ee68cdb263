"""Attacks on what one may: giving oneself rights, and the database's own ways around the guard."""

from __future__ import annotations

from tests.guard.attack import REFUSED, Attack, all_of

_GRANT = (
    "select guard.grant_access(jsonb_build_array(jsonb_build_object('tenant', '{tenant}',"
    " 'user', '{user}', 'role', '{role}', 'lines', jsonb_build_array('accounting'),"
    " 'may_write', true, 'basis', '{basis}')))"
)


def _grant(tenant: str, user: str, role: str, basis: str = "engagement") -> str:
    return _GRANT.format(tenant=tenant, user=user, role=role, basis=basis)


ADMINISTRATION = [
    Attack("a grant to oneself", "admin", _grant("<b>", "<admin>", "staff_accountant")),
    Attack(
        "a grant without stepping up", "stale admin", _grant("<b>", "<clerk>", "staff_accountant")
    ),
    Attack("a grant with one factor", "weak admin", _grant("<b>", "<clerk>", "staff_accountant")),
    Attack("a grant by an accountant", "clerk", _grant("<a>", "<agent>", "staff_accountant")),
    Attack("a grant by an owner elsewhere", "owner", _grant("<b>", "<clerk>", "staff_accountant")),
    Attack(
        "a grant without an engagement", "admin", _grant("<lapsed>", "<agent>", "staff_accountant")
    ),
    Attack("a grant on an invented approval", "admin", _grant("<b>", "<viewer>", "owner", "<a>")),
    Attack("a client role on an engagement", "admin", _grant("<b>", "<viewer>", "owner")),
    Attack("a role of the other side", "admin", _grant("<b>", "<clerk>", "owner")),
    Attack("a grant on founding", "admin", _grant("<b>", "<viewer>", "owner", "founding")),
    Attack(
        "a grant in the provider's tenant on an engagement",
        "admin",
        _grant("<home>", "<clerk>", "administrator"),
    ),
    Attack(
        "a grant to a system person",
        "admin",
        _grant("<b>", "00000000-0000-7000-8000-000000000001", "staff_accountant"),
    ),
    Attack("a basis by hand", "admin", "select guard.record_basis('<a>', '<viewer>', 'owner')"),
    Attack(
        "access ended elsewhere", "owner", "select guard.end_access(array['<ownerb@b>']::uuid[])"
    ),
    Attack(
        "access ended by an accountant",
        "clerk",
        "select guard.end_access(array['<owner@a>']::uuid[])",
    ),
    Attack("access listed by an accountant", "clerk", "select * from guard.list_access()"),
    Attack("access shown to a viewer", "viewer", "select * from guard.access_of_client()"),
    Attack("a leaver by an owner", "owner", "select guard.leave('<clerk>')"),
    Attack("a leaver without stepping up", "stale admin", "select guard.leave('<clerk>')"),
    Attack("the own leaving", "admin", "select guard.leave('<admin>')"),
    Attack(
        "a leaver who is a system",
        "admin",
        "select guard.leave('00000000-0000-7000-8000-000000000001')",
    ),
    Attack("another's session ended", "clerk", "select guard.revoke('<owner.session>')"),
    Attack(
        "a foreign token ended by an owner",
        "owner",
        "select guard.revoke('<staffb+token.session>')",
    ),
    Attack(
        "an anonymous link ended by a clerk", "clerk", "select guard.revoke('<link+a.session>')"
    ),
    Attack("a client made by the web", "admin", "select guard.create_tenant('mine')"),
    Attack("a state by an owner", "owner", "select guard.set_state('<b>', 'suspended')"),
    Attack(
        "a state without stepping up", "stale admin", "select guard.set_state('<b>', 'suspended')"
    ),
    Attack(
        "an engagement by an owner",
        "owner",
        "select guard.engage('<a>', 'compliance', now(), null)",
    ),
    Attack(
        "an engagement of a reader line",
        "admin",
        "select guard.engage('<a>', 'security', now(), null)",
    ),
    Attack(
        "staff added by an owner",
        "owner",
        "select guard.add_person('provider', 'x@x.example', 'X')",
    ),
    Attack(
        "a person added by a viewer",
        "viewer",
        "select guard.add_person('client', 'x@x.example', 'X')",
    ),
    Attack(
        "a role edited by an owner", "owner", "select guard.set_role('viewer', '{accounting.post}')"
    ),
    Attack(
        "a role edited without stepping up",
        "stale admin",
        "select guard.set_role('viewer', '{accounting.post}')",
    ),
    Attack(
        "the own role widened",
        "admin",
        "select guard.set_role('administrator', '{role.edit,access.grant,everything.else}')",
        "BO409",
    ),
    Attack(
        "the last role editor",
        "admin",
        "select guard.set_role('administrator', '{access.grant}')",
        "BO409",
    ),
    Attack(
        "the last administrator ended",
        "admin",
        "select guard.end_access(array['<admin@home>']::uuid[])",
        "BO409",
    ),
    Attack("roles seeded by the web", "admin", "select guard.seed_roles('[]')"),
    Attack(
        "a second provider", "admin", "select guard.init_provider('x', 'x', '{x@x.example}', '{x}')"
    ),
    Attack(
        "a first owner by a clerk",
        "clerk",
        "select guard.propose_first_owner('<b>', 'x@x.example', 'X')",
    ),
    Attack(
        "a first owner where people are",
        "admin",
        "select guard.propose_first_owner('<b>', 'x@x.example', 'X')",
        "BO409",
    ),
    Attack(
        "a first owner confirmed from nowhere",
        "admin",
        "select guard.confirm_first_owner('<b>')",
        "BO404",
    ),
    Attack(
        "foreign names",
        "clerk",
        "select * from guard.person_name(array['<ownerb>', '<staffb>']::uuid[])",
        "nothing",
    ),
    Attack(
        "foreign people",
        "clerk",
        "select * from guard.people() where id in ('<ownerb>', '<staffb>')",
        "nothing",
    ),
]

DATABASE = [
    *(
        Attack(f"internal {call}", "admin", f"select {call}")
        for call in (
            "guard.verify()",
            "guard.reach(null::guard.claim, 'accounting', false)",
            "guard.holds(null::guard.claim, 'x')",
            "guard.need('x')",
            "guard.note(null, null::guard.claim, 'x', null)",
            "guard.refuse('x')",
            "guard.claims()",
            "guard.door_scope()",
            "guard.link_opens('x', null)",
            "guard.login_step(true)",
            "guard.worker_step()",
            "guard.sha('x')",
            "guard.enter('accounting')",
            "guard.register('app.canary', 'global', null, null)",
            "guard.register_line('mine', 'service')",
            "guard.founder()",
            "guard.holders('x')",
        )
    ),
    *all_of(
        "clerk",
        REFUSED,
        ("protect", "call guard.protect('app.canary', 'accounting')"),
        ("policies", "call guard.policies('app.canary', 'true', 'true')"),
        ("row security off", "set local row_security = off; select * from app.canary"),
        ("replication role", "set local session_replication_role = replica"),
        ("another role", "set role app_owner"),
        ("the worker's role", "set role app_worker"),
        ("session authorization", "set session authorization app_worker"),
        ("RLS disabled", "alter table app.canary disable row level security"),
        ("RLS not forced", "alter table app.canary no force row level security"),
        ("a policy made", "create policy mine on app.canary using (true)"),
        ("a policy dropped", "drop policy sel on app.canary"),
        ("triggers disabled", "alter table app.canary disable trigger all"),
        ("truncate", "truncate app.canary"),
        ("a temporary table", "create temp table mine (x int)"),
        (
            "a function in pg_temp",
            "create function pg_temp.mine() returns int language sql return 1",
        ),
        (
            "an operator in pg_temp",
            "create operator pg_temp.=== (leftarg = text, rightarg = text, function = texteq)",
        ),
        ("a type in pg_temp", "create type pg_temp.mine as (x int)"),
        ("a function in public", "create function public.mine() returns int language sql return 1"),
        ("a table in public", "create table public.mine (x int)"),
        ("a schema", "create schema mine"),
        ("a grant", "grant guard_owner to app_rw"),
        ("a password", "alter role app_worker password 'mine'"),
        ("a file", "select pg_read_file('postgresql.conf')"),
        ("a program", "copy (select 1) to program 'cat'"),
        ("a file copied in", "copy app.canary from '/etc/hostname'"),
        ("a large object from a file", "select lo_import('/etc/hostname')"),
        ("an untrusted extension", "create extension file_fdw"),
        ("the other roles' secrets", "select * from pg_authid"),
        (
            "a door of another replaced",
            (
                "create or replace function guard.may(permission text)"
                " returns boolean language sql return true"
            ),
        ),
        ("a system setting", "set local log_statement = 'none'"),
        ("a role's setting", "alter role app_worker set app.ctx = 'x'"),
    ),
    *all_of(
        "clerk",
        "nothing",
        (
            "a shadowing search path",
            "set local search_path = pg_temp, app; select * from canary where tenant_id <> '<a>'",
        ),
        (
            "a home-made setting",
            (
                "select set_config('app.tenant', '<b>', true); select * from"
                " app.canary where tenant_id = '<b>'"
            ),
        ),
        (
            "a restoring setting",
            (
                "select set_config('app.restore_tenant', '<b>', true); select *"
                " from app.canary where tenant_id = '<b>'"
            ),
        ),
        (
            "a ledger setting",
            (
                "select set_config('ledger.tenant', '<b>', true); select * from"
                " app.canary where tenant_id = '<b>'"
            ),
        ),
        (
            "a savepoint",
            (
                "savepoint x; select set_config('app.ctx', '', true); rollback to x;"
                " select * from app.canary where tenant_id = '<b>'"
            ),
        ),
        (
            "a leaky function",
            (
                "select * from app.canary where tenant_id = '<b>'"
                " and pg_catalog.lower(body) like '%' and 1 / n > 0"
            ),
        ),
        (
            "statistics",
            (
                "select * from pg_stats where schemaname = 'app'"
                " and most_common_vals::text like '%other-firm-b%'"
            ),
        ),
        (
            "others' statements",
            (
                "select query from pg_stat_activity where usename <> 'app_rw'"
                " and query like '%canary%'"
            ),
        ),
        (
            "a prepared plan",
            "prepare p as select * from app.canary where tenant_id = '<b>'; execute p",
        ),
        (
            "a generic plan",
            (
                "set local plan_cache_mode = force_generic_plan; select * from app.canary"
                " where tenant_id = '<b>'"
            ),
        ),
        (
            "no optimiser",
            "set local enable_indexscan = off; select * from app.canary where tenant_id = '<b>'",
        ),
    ),
    Attack(
        "the context emptied",
        "clerk",
        "select set_config('app.ctx', '', true); select * from app.canary",
        "nothing",
    ),
    Attack("restoring claimed", "clerk", "select guard.restoring()", "zero"),
    Attack("a copy under RLS", "clerk", "copy app.canary from stdin", "0A000"),
]
