-- What belongs to one client, read from the database's own catalogue: a table that is made later is
-- covered the moment it is there. Only what differs from the rule is declared, with its reason.
set role app_owner;

-- The exceptions. Without one a table is exported and imported row by row and erased whole.
--   exported  false: left out of exports
--   erased    delete, keep (ids and hashes only), or reduce (its words are emptied)
--   omitted   columns left out of exports
--   rows      which rows are exported
create function app.leaving_rules()
returns table (name text, exported boolean, erased text, omitted text[], rows text, why text)
language sql immutable set search_path = pg_catalog, pg_temp as $$
  values
    ('app.job', false, 'delete', '{}'::text[], 'true', 'work under way; what it did stands in its records'),
    ('app.job_args', false, 'delete', '{}', 'true', 'work under way'),
    ('app.idempotency_key', false, 'delete', '{}', 'true', 'answers remembered for a day'),
    ('app.undo_token', false, 'delete', '{}', 'true', 'ways back that end within the hour'),
    ('app.keeping_turn', false, 'delete', '{}', 'true', 'whose turn it is just now'),
    ('app.tenant_key', false, 'delete', '{}', 'true', 'the wrapped key: another installation makes its own'),
    ('guard.principal', false, 'delete', '{}', 'true', 'sessions, tokens and links end with the move'),
    ('app.erasure_certificate', false, 'keep', '{}', 'true', 'the provider''s proof of what it erased'),
    ('app.document_address', false, 'delete', '{}', 'true', 'another installation gives its own address'),
    ('app.key_destruction', true, 'keep', '{}', 'true', 'the certificate of a destroyed key: ids, hashes and counts'),
    ('app.mail_message', true, 'delete', '{sealed}', 'true', 'a sealed body opens here only'),
    ('app.stored_object', true, 'delete', '{}', 'r.kind <> ''client.export''', 'an export is no part of itself'),
    ('app.audit_event', true, 'keep', '{}', 'true', 'ids, acts, times and hashes; what changed is erased'),
    ('guard.audit', true, 'keep', '{}', 'true', 'names nobody (docs/decisions/0008)'),
    ('app.usage_event', true, 'reduce', '{}', 'true', 'invoices stay; their evidence is reduced to its hash')
$$;

-- One table's shape: its key without the client, the columns of an export and those left out, the
-- columns that may name people, and those in which rows of others name the client.
create function app.leaving_shape(p_table regclass)
returns table (
  keys text[], key_types text[], columns text[], left_out text[], people text[], elsewhere text[]
)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with a as (
    select a.attname::text as attname, a.attnum, a.atttypid, a.atttypmod,
           a.attgenerated <> '' or a.atttypid = 'xid8'::regtype or a.attname = 'tenant_id'
             or a.attname = any (coalesce(r.omitted, '{}')) as out,
           exists (select from pg_constraint f
                    where f.conrelid = p_table and f.contype = 'f' and a.attnum = any (f.conkey)
                      and f.confrelid <> 'guard.person'::regclass) as tied
      from pg_attribute a
      left join app.leaving_rules() r on r.name = p_table::text
     where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped
  ),
  k as (
    select array_agg(a.attname order by u.n) as keys,
           array_agg(format_type(a.atttypid, a.atttypmod) order by u.n) as types
      from pg_index i
      cross join lateral unnest(i.indkey::int2[]) with ordinality u(attnum, n)
      join a on a.attnum = u.attnum
     where i.indrelid = p_table and i.indisprimary and a.attname <> 'tenant_id'
  )
  select coalesce(k.keys, '{}'), coalesce(k.types, '{}'),
         array(select attname from a where not out order by attnum),
         array(select attname from a where out order by attnum),
         array(select attname from a where not out and not tied and attname <> 'id'
                  and atttypid = 'uuid'::regtype order by attnum),
         array(select attname from a where attname ~ 'tenant' and attname <> 'tenant_id'
                  and atttypid = 'uuid'::regtype order by attnum)
    from k
$$;

-- Every table with a client in it, parents before children (place). Where two tables name each other
-- one of the two ways is left out of the order: the foreign keys wait for the end of a transaction.
create function app.leaving_tables()
returns table (
  name text, place int, keys text[], key_types text[], columns text[], left_out text[],
  people text[], refers text[], elsewhere text[], exported boolean, erased text
)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with recursive t as materialized (
    select c.oid, c.oid::regclass::text as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition
       and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')
       and exists (select from pg_attribute a
                    where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
  ),
  edge as materialized (
    select distinct f.conrelid as child, f.confrelid as parent
      from pg_constraint f join t c on c.oid = f.conrelid join t p on p.oid = f.confrelid
     where f.contype = 'f' and f.conrelid <> f.confrelid
  ),
  way as materialized (
    select e.child, e.parent from edge e
     where e.child < e.parent
        or not exists (select from edge b where b.child = e.parent and b.parent = e.child)
  ),
  depth as (                       -- as a set: each table once a depth, however many ways lead to it
    select t.oid, 0 as d from t
    union
    select w.child, depth.d + 1 from depth join way w on w.parent = depth.oid where depth.d < 24
  ),
  placed as (
    select t.oid, t.name, row_number() over (order by max(depth.d), t.name)::int as place
      from t join depth on depth.oid = t.oid group by t.oid, t.name
  )
  select p.name, p.place, s.keys, s.key_types, s.columns, s.left_out, s.people,
         array(select x.name from edge e join t x on x.oid = e.parent where e.child = p.oid order by 1),
         s.elsewhere, coalesce(r.exported, true), coalesce(r.erased, 'delete')
    from placed p
    cross join lateral app.leaving_shape(p.oid) s
    left join app.leaving_rules() r on r.name = p.name
$$;
grant execute on function app.leaving_rules(), app.leaving_shape(regclass), app.leaving_tables()
  to app_worker, app_restore, app_rw, leaving_door, guard_owner;
grant usage on schema app to guard_owner;
reset role;
