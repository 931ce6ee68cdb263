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
    ('app.mail_message', true, 'delete', '{sealed}', 'true', 'a sealed body opens here only'),
    ('app.stored_object', true, 'delete', '{}', 'r.kind <> ''client.export''', 'an export is no part of itself'),
    ('app.audit_event', true, 'keep', '{}', 'true', 'ids, acts, times and hashes; what changed is erased'),
    ('guard.audit', true, 'keep', '{}', 'true', 'names nobody (docs/decisions/0008)'),
    ('app.usage_event', true, 'reduce', '{}', 'true', 'invoices stay; their evidence is reduced to its hash')
$$;

-- Every table with a client in it, in the order in which parents come before children (place), with
-- its key, the columns of an export, and the columns that may name people.
create function app.leaving_tables()
returns table (
  name text, place int, keys text[], key_types text[], columns text[], left_out text[],
  people text[], refers text[], elsewhere text[], exported boolean, erased text, rows text
)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with recursive t as (
    select c.oid, c.oid::regclass::text as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition
       and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')
       and exists (select from pg_attribute a
                    where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
  ),
  a as (
    select t.oid, t.name, a.attname::text as attname, a.attnum, a.atttypid, a.atttypmod,
           a.attgenerated <> '' or a.atttypid = 'xid8'::regtype or a.attname = 'tenant_id'
             or a.attname = any (coalesce(r.omitted, '{}')) as out,
           exists (select from pg_constraint f
                    where f.conrelid = t.oid and f.contype = 'f' and a.attnum = any (f.conkey)
                      and f.confrelid <> 'guard.person'::regclass) as tied
      from t
      join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      left join app.leaving_rules() r on r.name = t.name
  ),
  edge as (
    select distinct f.conrelid as child, f.confrelid as parent
      from pg_constraint f join t c on c.oid = f.conrelid join t p on p.oid = f.confrelid
     where f.contype = 'f' and f.conrelid <> f.confrelid
  ),
  -- the longest way up; a circle ends where it would turn back into itself
  depth as (
    select t.oid, 0 as d, array[t.oid] as way from t
    union all
    select e.child, depth.d + 1, depth.way || e.child
      from depth join edge e on e.parent = depth.oid
     where e.child <> all (depth.way) and depth.d < 12
  ),
  placed as (
    select t.oid, t.name, row_number() over (order by max(depth.d), t.name)::int as place
      from t join depth on depth.oid = t.oid group by t.oid, t.name
  )
  select p.name, p.place,
         coalesce(k.keys, '{}'), coalesce(k.types, '{}'),
         array(select a.attname from a where a.oid = p.oid and not a.out order by a.attnum),
         array(select a.attname from a where a.oid = p.oid and a.out order by a.attnum),
         array(select a.attname from a
                where a.oid = p.oid and not a.out and not a.tied and a.attname <> 'id'
                  and a.atttypid = 'uuid'::regtype order by a.attnum),
         array(select x.name from edge e join t x on x.oid = e.parent where e.child = p.oid order by 1),
         array(select a.attname from a
                where a.oid = p.oid and a.attname ~ 'tenant' and a.attname <> 'tenant_id'
                  and a.atttypid = 'uuid'::regtype order by a.attnum),
         coalesce(r.exported, true), coalesce(r.erased, 'delete'), coalesce(r.rows, 'true')
    from placed p
    left join app.leaving_rules() r on r.name = p.name
    left join lateral (
      select array_agg(a.attname order by u.n) as keys,
             array_agg(format_type(a.atttypid, a.atttypmod) order by u.n) as types
        from pg_index i
        cross join lateral unnest(i.indkey::int2[]) with ordinality u(attnum, n)
        join a on a.oid = i.indrelid and a.attnum = u.attnum
       where i.indrelid = p.oid and i.indisprimary and a.attname <> 'tenant_id'
    ) k on true
$$;
grant execute on function app.leaving_rules(), app.leaving_tables()
  to app_worker, app_restore, app_rw, leaving_door, guard_owner;
grant usage on schema app to guard_owner;
reset role;
