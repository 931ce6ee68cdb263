"""Attacks on clients: another firm's rows, another line's, after the end, and by writing."""

from __future__ import annotations

from tests.guard.attack import REFUSED, Attack, all_of

TENANT = [
    *all_of(
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
    *all_of(
        "clerk",
        "zero",
        ("foreign rows counted", "select count(*) from app.canary where tenant_id = '<b>'"),
        ("foreign rows existing", "select exists (select from app.canary where id = '<canary.b>')"),
        ("foreign rows aggregated", "select max(body) from app.canary where tenant_id = '<b>'"),
        ("a writable client that is not ours", "select guard.writable('tickets')"),
        ("a right we do not hold", "select guard.may('access.grant')"),
    ),
    *all_of(
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
    *all_of(
        "nobody",
        "nothing",
        ("no context, line table", "select * from app.canary"),
        ("no context, shared table", "select * from app.canary_shared"),
        ("no context, head table", "select * from app.canary_head"),
        ("no context, personal table", "select * from app.canary_own"),
        ("no context, update", "update app.canary set n = 2"),
        ("no context, delete", "delete from app.canary_shared"),
    ),
    *all_of(
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
    *all_of(
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
    *all_of(
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
