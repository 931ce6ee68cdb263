"""No table is forgotten: each one with a client in it is exported, erased, and open to both."""

from __future__ import annotations

import psycopg

# What the guard keeps beside the clients. People leave with their last client (guard.erase_client);
# the rest is of the installation. A new table here must be given to one of them.
GUARD = {
    "guard.absence": "people",
    "guard.credential": "people",
    "guard.one_time": "people",
    "guard.passkey_note": "people",
    "guard.person": "people",
    "guard.person_setting": "people",
    "guard.session_note": "people",
    "guard.tenant": "the client itself",
    "guard.hmac_key": "installation",
    "guard.line": "installation",
    "guard.protected": "installation",
    "guard.role": "installation",
    "guard.role_permission": "installation",
}
# Tables without a client that the program writes while it runs: they may hold nothing of one.
GLOBAL = {"app.moving_shape": "columns of other packages' exports, without their rows"}

_UNCOVERED = """
with ours as (
  select c.oid, c.oid::regclass::text as name, n.nspname
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_'
     and n.nspname not in ('information_schema', 'public')
)
select o.name, 'neither a client''s nor declared'
  from ours o left join guard.protected p on p.tbl = o.oid
 where o.name not in (select name from app.leaving_tables())
   and o.nspname <> 'guard' and coalesce(p.kind, '') not in ('reference', 'global')
union all
select o.name, 'not open to the restoring tool: ' || r.act
  from ours o join app.leaving_tables() t on t.name = o.name
 cross join (values ('select'), ('insert'), ('update'), ('delete')) r(act)
 where o.nspname <> 'guard' and not has_table_privilege('app_restore', o.oid, r.act)
union all
select o.name, 'not open to the export'
  from ours o join app.leaving_tables() t on t.name = o.name
 where o.nspname <> 'guard'
   and not exists (select from pg_policy where polrelid = o.oid and polname = 'def_leaving_door')
union all
select o.name, 'a trigger would change what returns: ' || g.tgname
  from ours o join app.leaving_tables() t on t.name = o.name
  join pg_trigger g on g.tgrelid = o.oid and not g.tgisinternal
 where o.nspname <> 'guard' and g.tgname not in ('held', 'stands')
   and pg_get_triggerdef(g.oid) !~ 'restoring'
union all
select o.name, 'a foreign key cannot wait: ' || f.conname
  from ours o join app.leaving_tables() t on t.name = o.name
  join pg_constraint f on f.conrelid = o.oid and f.contype = 'f' and f.conenforced
 where o.nspname <> 'guard' and not f.condeferrable
union all
select t.name, 'names another tenant in a column that is no uuid: ' || a.attname
  from app.leaving_tables() t
  join pg_attribute a on a.attrelid = t.name::regclass and a.attnum > 0 and a.attname ~ 'tenant'
 where a.atttypid <> 'uuid'::regtype
union all
select t.name, 'no key to order by'
  from app.leaving_tables() t
 where not exists (select from pg_index i where i.indrelid = t.name::regclass and i.indisprimary)
order by 1, 2
"""


def uncovered(admin: psycopg.Connection) -> list[tuple[str, str]]:
    """Tables that leaving forgets, with what is missing."""
    return [(str(name), str(why)) for name, why in admin.execute(_UNCOVERED).fetchall()]


def test_every_table_with_a_client_is_exported_returned_and_erased(
    admin: psycopg.Connection,
) -> None:
    assert uncovered(admin) == []


def test_a_table_made_later_is_found_and_one_that_is_not_opened_fails(
    admin: psycopg.Connection,
) -> None:
    admin.execute(
        "set role app_owner;"
        "create table app.later (tenant_id uuid not null, id uuid not null, said text,"
        " document_id uuid, primary key (tenant_id, id),"
        " foreign key (tenant_id, document_id) references app.document (tenant_id, id));"
        "call guard.protect('app.later', 'accounting'); reset role"
    )
    row = admin.execute(
        "select exported, erased, columns, keys, refers from app.leaving_tables()"
        " where name = 'app.later'"
    ).fetchone()
    assert row == (True, "delete", ["id", "said", "document_id"], ["id"], ["app.document"])
    assert {name for name, _why in uncovered(admin)} == {"app.later"}


def test_parents_come_before_their_children_but_where_two_tables_name_each_other(
    admin: psycopg.Connection,
) -> None:
    rows = admin.execute("select name, place, refers from app.leaving_tables()").fetchall()
    places = {name: place for name, place, _refers in rows}
    refers = {name: set(found) for name, _place, found in rows}
    late = {
        (child, parent)
        for child, parents in refers.items()
        for parent in parents
        if places[parent] > places[child] and child not in refers[parent]
    }
    assert late == set()


def test_what_the_guard_keeps_of_people_is_named_table_by_table(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "select c.oid::regclass::text from pg_class c"
        " where c.relnamespace = 'guard'::regnamespace and c.relkind in ('r', 'p')"
        " and c.oid::regclass::text not in (select name from app.leaving_tables())"
    ).fetchall()
    assert {name for (name,) in rows} == set(GUARD)
    people = admin.execute(
        "select c.oid::regclass::text from pg_class c join guard.protected p on p.tbl = c.oid"
        " where p.kind = 'global'"
    ).fetchall()
    assert {name for (name,) in people} == set(GLOBAL)


def test_every_exception_is_of_a_table_that_is_there(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "select name from app.leaving_rules() where to_regclass(name) is null"
    ).fetchall()
    assert rows == []
