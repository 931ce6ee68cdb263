"""The attacks: raw SQL as a login role, with what each must come to.

`<name>` in the SQL is an id of the arena. `ends` is how an attack may end: a SQLSTATE, "nothing"
(no row, or no row changed) or "zero" (one row of nulls, zeros and falsehoods). A syntax error or a
failed cast is never an end: it would hide a hole.
"""

from __future__ import annotations

from dataclasses import dataclass

REFUSED = "42501"


@dataclass(frozen=True, slots=True)
class Attack:
    """One attempt: who tries (a context of test_attacks.CONTEXTS), what, and how it must end."""

    name: str
    who: str
    sql: str
    ends: str = REFUSED


def _all(who: str, ends: str, *pairs: tuple[str, str]) -> list[Attack]:
    return [Attack(name, who, sql, ends) for name, sql in pairs]


TENANT = [
    *_all(
        "clerk",
        "nothing",
        ("a foreign client in where", "select * from app.canary where tenant_id = '<b>'"),
        ("a foreign id", "select * from app.canary where id = '<canary.b>'"),
        ("a foreign row updated", "update app.canary set n = 2 where tenant_id = '<b>'"),
        ("a foreign row deleted", "delete from app.canary where id = '<canary.b>' returning body"),
        ("a foreign shared row", "select * from app.canary_shared where tenant_id = '<b>'"),
        ("a foreign head", "select * from app.canary_head where tenant_id = '<b>'"),
        ("foreign personal rows", "select * from app.canary_own where tenant_id = '<b>'"),
        (
            "a foreign body by pattern",
            "select * from app.canary where body like '%other-firm-b%'",
        ),
        (
            "a lateral join to foreign rows",
            (
                "select y.* from app.canary x, lateral"
                " (select * from app.canary z where z.tenant_id <> x.tenant_id) y"
            ),
        ),
        (
            "division by zero as an oracle",
            "select 1 / (n - 1) from app.canary where tenant_id = '<b>'",
        ),
        (
            "a cast as an oracle",
            "select body::int from app.canary where tenant_id = '<b>'",
        ),
        (
            "a foreign row locked",
            "select * from app.canary where tenant_id = '<b>' for update",
        ),
        ("a client being made", "select * from app.canary where tenant_id = '<making>'"),
        ("a client being closed", "select * from app.canary where tenant_id = '<closing>'"),
        (
            "a merge into a foreign row",
            (
                "merge into app.canary c using (select '<canary.b>'::uuid as id) s on c.id = s.id"
                " when matched then update set n = 9"
            ),
        ),
        (
            "a cursor that outlives",
            (
                "declare c cursor with hold for select * from app.canary"
                " where tenant_id = '<b>'; fetch all from c"
            ),
        ),
    ),
    *_all(
        "clerk",
        "zero",
        ("foreign rows counted", "select count(*) from app.canary where tenant_id = '<b>'"),
        ("foreign rows existing", "select exists (select from app.canary where id = '<canary.b>')"),
        ("foreign rows aggregated", "select max(body) from app.canary where tenant_id = '<b>'"),
        ("a writable client that is not ours", "select guard.writable('tickets')"),
        ("a right we do not hold", "select guard.may('access.grant')"),
    ),
    *_all(
        "clerk",
        REFUSED,
        (
            "a row into a foreign client",
            "insert into app.canary (tenant_id, body) values ('<b>', 'x')",
        ),
        ("a row moved to a foreign client", "update app.canary set tenant_id = '<b>'"),
        (
            "a taken key as an oracle",
            "insert into app.canary (tenant_id, id, body) values ('<b>', '<canary.b>', 'x')",
        ),
        (
            "on conflict as an oracle",
            (
                "insert into app.canary (tenant_id, id, body) values ('<b>', '<canary.b>', 'x')"
                " on conflict (tenant_id, id) do update set n = 5 returning body"
            ),
        ),
        (
            "on conflict do nothing as an oracle",
            (
                "insert into app.canary (tenant_id, id, body) values ('<b>', '<canary.b>', 'x')"
                " on conflict do nothing"
            ),
        ),
    ),
    Attack(
        "a foreign key into a foreign client",
        "clerk",
        "insert into app.canary_part (tenant_id, canary_id) values ('<a>', '<canary.b>')",
        "23503",
    ),
    *_all(
        "nobody",
        "nothing",
        ("no context, line table", "select * from app.canary"),
        ("no context, shared table", "select * from app.canary_shared"),
        ("no context, head table", "select * from app.canary_head"),
        ("no context, personal table", "select * from app.canary_own"),
        ("no context, update", "update app.canary set n = 2"),
        ("no context, delete", "delete from app.canary_shared"),
    ),
    *_all(
        "nobody",
        REFUSED,
        ("no context, insert", "insert into app.canary (tenant_id, body) values ('<a>', 'x')"),
        ("no context, a door", "select app.put_canary('x')"),
        ("no context, all roles", "select * from guard.roles()"),
    ),
    Attack("no context, rights", "nobody", "select guard.rights() - 'none'", "zero"),
    Attack("empty context", "empty", "select * from app.canary", "nothing"),
    Attack("clerk at a foreign client", "clerk at b", "select * from app.canary", "nothing"),
    Attack("clerk at a foreign client, rights", "clerk at b", "select guard.rights()", "zero"),
    Attack("clerk at a foreign client, door", "clerk at b", "select app.put_canary('x')"),
    Attack("owner at a foreign client", "owner at b", "select * from app.canary_head", "nothing"),
    Attack(
        "owner at a foreign client, access",
        "owner at b",
        "select * from guard.access_of_client()",
    ),
    Attack(
        "clerk at a client being made", "clerk at making", "select * from app.canary", "nothing"
    ),
    Attack("clerk at a client closing", "clerk at closing", "select * from app.canary", "nothing"),
]

LINES = [
    *_all(
        "clerk",
        "nothing",
        ("another line read", "select * from app.canary_shared where line = 'tickets'"),
        ("a reader line read", "select * from app.canary_head where line = 'security'"),
        ("another line changed", "update app.canary_shared set body = 'x' where line = 'tickets'"),
        ("another line deleted", "delete from app.canary_head where line = 'compliance'"),
        ("another's personal row", "select * from app.canary_own where owner_id <> '<clerk>'"),
        (
            "another's personal row changed",
            "update app.canary_own set body = 'x' where owner_id = '<owner>'",
        ),
    ),
    *_all(
        "clerk",
        REFUSED,
        (
            "a row written on another line",
            "insert into app.canary_shared (tenant_id, line, body) values ('<a>', 'tickets', 'x')",
        ),
        (
            "a row relabelled",
            "update app.canary_shared set line = 'tickets' where line = 'accounting'",
        ),
        (
            "a row on an unknown line",
            "insert into app.canary_shared (tenant_id, line, body) values ('<a>', 'nothing', 'x')",
        ),
        (
            "a personal row in another's name",
            "insert into app.canary_own (tenant_id, owner_id, body) values ('<a>', '<owner>', 'x')",
        ),
        ("a personal row given away", "update app.canary_own set owner_id = '<owner>'"),
    ),
    Attack("an agent reads the books", "agent", "select * from app.canary", "nothing"),
    Attack("an agent posts through a door", "agent", "select app.put_canary('x')"),
    Attack(
        "a guardian changes a head",
        "guardian",
        "update app.canary_head set body = 'x' where line = 'accounting'",
        "nothing",
    ),
    Attack("a guardian reads the books", "guardian", "select * from app.canary", "nothing"),
    Attack(
        "an administrator of the provider reads a client",
        "admin at a",
        "select * from app.canary_shared",
        "nothing",
    ),
    Attack(
        "an administrator's worklist",
        "admin worklist",
        "select * from app.canary where tenant_id <> '<home>'",
        "nothing",
    ),
]

ENDED = [
    Attack("an ended grant", "gone", "select * from app.canary", "nothing"),
    Attack("an ended grant, heads", "gone", "select * from app.canary_head", "nothing"),
    Attack("an ended grant, personal rows", "gone", "select * from app.canary_own", "nothing"),
    Attack("an ended grant, rights", "gone", "select guard.rights()", "zero"),
    Attack("an ended grant, names", "gone", "select * from guard.people()", "nothing"),
    Attack("an ended grant, a door", "gone", "select app.put_canary('x')"),
    Attack("an ended grant delegates", "gone", "select guard.delegate('job', null, '1 hour')"),
    Attack("an ended engagement", "lapse", "select * from app.canary", "nothing"),
    Attack("an ended engagement, member", "lapse", "select * from app.canary_own", "nothing"),
    Attack("an ended engagement, rights", "lapse", "select guard.rights()", "zero"),
    Attack(
        "an ended engagement, permission", "lapse", "select guard.may('accounting.read')", "zero"
    ),
    Attack("a person who left", "left", "select * from app.canary"),
    Attack("a person who left, rights", "left", "select guard.rights()"),
]

PRINCIPALS = [
    *(
        Attack(f"{kind}, table", kind, "select * from app.canary")
        for kind in (
            "revoked",
            "idle",
            "expired",
            "unknown principal",
            "no principal",
            "another's principal",
            "token of b at a",
            "link as worklist",
            "job by web",
            "token elsewhere as worklist at b",
        )
    ),
    Attack("a token of another line", "token on tickets", "select * from app.canary", "nothing"),
    Attack("a token's member rows", "token", "select * from app.canary_own", "nothing"),
    Attack(
        "a token's other lines",
        "token",
        "select * from app.canary_shared where line <> 'accounting'",
        "nothing",
    ),
    Attack("a token's administration", "admin token", "select * from guard.list_access()"),
    Attack("a token's permissions", "token", "select guard.may('link.make')", "zero"),
    Attack(
        "a token made by a token", "token", "select guard.delegate('token', '{accounting}', '1 h')"
    ),
    Attack("a token widened", "token", "select guard.delegate('job', null, '1 h')"),
    Attack("a token on another line", "token", "select guard.delegate('job', '{tickets}', '1 h')"),
    Attack("a token keeps a session awake", "token", "select guard.touch_principal()"),
    Attack("a token sets a password", "token", "select guard.set_credential('password', '\\x00')"),
    Attack("a link reads tables", "link", "select * from app.canary", "nothing"),
    Attack("a link reads shared tables", "link", "select * from app.canary_shared", "nothing"),
    Attack("a link's client", "link", "select guard.tenant_id()", "zero"),
    Attack("a link's rights", "link", "select guard.rights()", "zero"),
    Attack("a link opens another object", "link", "select app.open_canary('<canary.b>')", "zero"),
    Attack(
        "a link opens another of its client", "link", "select app.open_canary('<canary.a>')", "zero"
    ),
    Attack(
        "a link with a user named", "link with a user", "select * from app.canary_own", "nothing"
    ),
    Attack("a link delegates", "link with a user", "select guard.delegate('job', null, '1 h')"),
    Attack("a link revokes", "link with a user", "select guard.revoke('<clerk.session>')"),
    Attack(
        "a link made by hand",
        "clerk",
        "select guard.make_link('canary', '<canary.b>', '1 day', 'x')",
    ),
    Attack("a link writes through a door", "link with a user", "select app.put_canary('x')"),
]

FORGED = [
    Attack(f"{name}, table", name, "select * from app.canary")
    for name in (
        "mac changed",
        "mac cut",
        "another key",
        "unknown key id",
        "expired context",
        "client changed",
        "mode changed",
        "person changed",
        "a field more",
        "a field less",
        "unknown mode",
        "garbage",
        "garbage of the right length",
        "system job by web",
        "system job of the provider by web",
    )
] + [
    Attack("a login step for rows", "login step", "select * from app.canary", "nothing"),
    Attack(
        "a login step for scope",
        "login step",
        "select nullif(guard.scope('accounting'), '{}')",
        "zero",
    ),
    Attack("a login step for a person", "login step", "select guard.user_id()", "zero"),
    Attack("a login step for a right", "login step", "select guard.may('access.grant')", "zero"),
    Attack("a login step grants", "login step", "select guard.grant_access('[]')"),
    Attack("a login step writes", "login step", "select app.put_canary('x')"),
    Attack(
        "a login step reads names",
        "login step",
        "select * from guard.person_name(array['<owner>']::uuid[])",
        "nothing",
    ),
]

LOGIN = [
    *(
        Attack(f"guard.{table} read", "admin", f"select * from guard.{table}")
        for table in (
            "hmac_key",
            "person",
            "credential",
            "one_time",
            "principal",
            "membership",
            "engagement",
            "basis",
            "audit",
            "tenant",
            "role",
            "role_permission",
            "protected",
            "first_owner",
            "living",
            "running",
        )
    ),
    *(
        Attack(f"guard.{table} written", "admin", sql)
        for table, sql in (
            ("membership", "update guard.membership set may_write = true"),
            (
                "role_permission",
                "insert into guard.role_permission values ('viewer', 'access.grant')",
            ),
            ("hmac_key", "delete from guard.hmac_key"),
            ("audit", "insert into guard.audit (tenant_id) values ('<a>')"),
            ("audit again", "delete from guard.audit"),
            ("basis", "insert into guard.basis values ('<a>', '<a>', '<clerk>', 'owner')"),
        )
    ),
    Attack("credentials without a login step", "clerk", "select * from guard.credential_for()"),
    Attack(
        "credentials of another",
        "login as clerk",
        "select * from guard.credential_for() where person_id <> '<clerk>'",
        "nothing",
    ),
    Attack(
        "a session without a login step", "clerk", "select guard.open_principal('<clerk>', 'x')"
    ),
    Attack("a session by hash only", "login step", "select guard.open_principal('<clerk>', 'x')"),
    Attack(
        "a session for another", "login as clerk", "select guard.open_principal('<owner>', 'x')"
    ),
    Attack(
        "a session for a system person",
        "login as operator",
        "select guard.open_principal('00000000-0000-7000-8000-000000000001', 'x')",
    ),
    Attack(
        "a nonce replayed",
        "login as clerk",
        "select guard.open_principal('<clerk>', 'one'), guard.open_principal('<clerk>', 'two')",
    ),
    *_all(
        "clerk",
        REFUSED,
        ("another session of the web ended", "select pg_terminate_backend(1)"),
        ("another session's work stopped", "select pg_cancel_backend(1)"),
        ("a lock that others wait for", "select pg_advisory_lock(4711)"),
        ("a large object outside all clients", "select lo_create(0)"),
        ("a file written as large object", "select lo_export(1, '/tmp/x')"),
        ("a number set by hand", "update app.counter set value = 1"),
    ),
    Attack("a code used twice", "used code", "select guard.redeem()"),
    Attack("a code guessed", "login step", "select guard.redeem()"),
    Attack("a code without a login step", "owner", "select guard.redeem()"),
    Attack("an invitation asked for", "login step", "select guard.request_code('invite')"),
    Attack("a code taken by the web", "clerk", "select * from guard.issue_code('x')"),
    Attack(
        "a principal by a guess", "login step", "select * from guard.principal_for()", "nothing"
    ),
    Attack("a principal without a login step", "clerk", "select * from guard.principal_for()"),
    Attack(
        "a credential by a stale session", "stale", "select guard.set_credential('totp', '\\x00')"
    ),
    Attack(
        "a credential by a weak session",
        "weak admin",
        "select guard.set_credential('passkey', null, '\\x00', 'x')",
    ),
]

WRITING = [
    Attack(
        "a viewer inserts", "viewer", "insert into app.canary (tenant_id, body) values ('<a>', 'x')"
    ),
    Attack("a viewer updates", "viewer", "update app.canary set n = 2", "nothing"),
    Attack("a viewer deletes", "viewer", "delete from app.canary", "nothing"),
    Attack("a viewer through a door", "viewer", "select app.put_canary('x')"),
    Attack(
        "a suspended client, insert",
        "clerk at paused",
        "insert into app.canary (tenant_id, body) values ('<paused>', 'x')",
    ),
    Attack(
        "a suspended client, update", "clerk at paused", "update app.canary set n = 2", "nothing"
    ),
    Attack("a suspended client, a door", "clerk at paused", "select app.put_canary('x')"),
    Attack(
        "a suspended client, may write",
        "clerk at paused",
        "select (guard.rights() ->> 'may_write')::boolean",
        "zero",
    ),
    Attack(
        "a worklist inserts",
        "clerk worklist",
        "insert into app.canary (tenant_id, body) values ('<a>', 'x')",
    ),
    Attack("a worklist updates", "clerk worklist", "update app.canary set n = 2", "nothing"),
    Attack("a worklist deletes", "clerk worklist", "delete from app.canary", "nothing"),
    Attack("a worklist through a door", "clerk worklist", "select app.put_canary('x')"),
    Attack("a worklist delegates", "clerk worklist", "select guard.delegate('job', null, '1 h')"),
]

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
    *_all(
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
    *_all(
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

ATTACKS = [
    *TENANT,
    *LINES,
    *ENDED,
    *PRINCIPALS,
    *FORGED,
    *LOGIN,
    *WRITING,
    *ADMINISTRATION,
    *DATABASE,
]
