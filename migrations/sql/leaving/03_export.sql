-- Reading a client as a whole: a page of a table's rows as JSON, in the order of its key, whoever's
-- line a row is on and whoever it belongs to. For the worker's jobs, and for a person's own export
-- job where they may take everything along.
set role app_owner;
create function app.leaving_read(p_table text, p_after jsonb, p_limit int)
returns table (place jsonb, content text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  x record;
  mine text;                       -- the key of a row
  theirs text;                     -- the key of the row before
  found_place text;
begin
  select s.*, p_table as name, coalesce(r.exported, true) as exported, coalesce(r.rows, 'true') as rows
    into x from app.leaving_shape(to_regclass(p_table)) s
    left join app.leaving_rules() r on r.name = p_table;
  if not found or not x.exported or not 'tenant_id' = any (x.left_out) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  -- text sorts by its bytes, so that two installations write the same order
  select string_agg(format('r.%I', k) || case when ty ~ '^(text|character|name)' then ' collate "C"' else '' end, ', ' order by n),
         string_agg(format('($2 ->> %L)::%s', k, ty), ', ' order by n),
         string_agg(format('%L, r.%I', k, k), ', ' order by n)
    into mine, theirs, found_place
    from unnest(x.keys, x.key_types) with ordinality u(k, ty, n);
  if mine is null and p_after is not null then
    return;                        -- one row a client
  end if;
  return query execute format(
    'select jsonb_build_object(%s), (to_jsonb(r) - %L::text[])::text from %s r'
    ' where r.tenant_id = $1 and (%s) %s order by %s limit $3',
    coalesce(found_place, ''), x.left_out, to_regclass(p_table), x.rows,
    case when p_after is null then '' else format('and (%s) > (%s)', mine, theirs) end,
    coalesce(mine, '1'))
    using guard.tenant_id(), p_after, p_limit;
end $$;

-- Who is named in a table's columns that may name people.
create function app.leaving_named(p_table text) returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  x record;
begin
  select s.people, p_table as name, coalesce(r.exported, true) as exported,
         coalesce(r.rows, 'true') as rows
    into x from app.leaving_shape(to_regclass(p_table)) s
    left join app.leaving_rules() r on r.name = p_table;
  if not found or not x.exported or x.people = '{}' then
    return;
  end if;
  return query execute format(
    'select distinct u from %s r, unnest(array[%s]) u where r.tenant_id = $1 and (%s) and u is not null',
    to_regclass(p_table), (select string_agg(format('r.%I', c), ', ') from unnest(x.people) c), x.rows)
    using guard.tenant_id();
end $$;
grant execute on function app.leaving_read(text, jsonb, int), app.leaving_named(text)
  to leaving_door, guard_owner;
reset role;

set role guard_owner;
-- Refuses whoever may not take the client of the context along, and the provider's own firm.
create function guard.need_leaving() returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is null or c.mode not in ('t', 'j') or c.kind is not distinct from 'link'
     or c.tenant is not distinct from guard.provider()
     or (c.mode = 't' and not guard.holds(c, 'client.export')) then
    perform guard.refuse('leaving');
  end if;
end $$;
create function guard.leaving_page(p_table text, p_after jsonb, p_limit int)
returns table (place jsonb, content text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.need_leaving();
  if p_table not like 'guard.%' then
    perform guard.refuse('leaving');
  end if;
  return query select * from app.leaving_read(p_table, p_after, p_limit);
end $$;
create function guard.leaving_named(p_table text) returns setof uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.need_leaving();
  if p_table not like 'guard.%' then
    perform guard.refuse('leaving');
  end if;
  return query select * from app.leaving_named(p_table);
end $$;
-- People as they travel: address and name, never a credential. System users are everywhere.
create function guard.leaving_people(p_ids uuid[]) returns setof text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.need_leaving();
  return query
    select jsonb_build_object('id', p.id, 'side', p.side, 'email', p.email, 'name', p.name,
                              'left_at', p.left_at)::text
      from guard.person p where p.id = any (p_ids) and not p.system order by p.id;
end $$;
grant execute on function guard.need_leaving() to leaving_door;
grant execute on function guard.leaving_page(text, jsonb, int), guard.leaving_named(text),
  guard.leaving_people(uuid[]) to app_worker;
reset role;

set role app_owner;
create function app.leaving_page(p_table text, p_after jsonb, p_limit int)
returns table (place jsonb, content text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.need_leaving();
  return query select * from app.leaving_read(p_table, p_after, p_limit);
end $$;
create function app.leaving_named_in(p_table text) returns setof uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.need_leaving();
  return query select * from app.leaving_named(p_table);
end $$;
-- Exports end by their age, as files of reports do.
create function app.expire_exports(p_before timestamptz) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare n bigint;
begin
  update app.stored_object o set state = 'gone'
   where o.tenant_id = guard.tenant_id() and o.kind = 'client.export' and o.state = 'clean'
     and o.made_at < p_before and guard.writable(o.line) = o.tenant_id;
  get diagnostics n = row_count;
  return n;
end $$;
-- An export holds everything: its head is seen by whoever may make one, also by raw SQL.
create policy whole_export on app.stored_object as restrictive to app_rw, app_worker
  using (kind <> 'client.export' or (select guard.entitled('client.export')))
  with check (kind <> 'client.export' or (select guard.entitled('client.export')));
reset role;
alter function app.leaving_page(text, jsonb, int) owner to leaving_door;
alter function app.leaving_named_in(text) owner to leaving_door;
alter function app.expire_exports(timestamptz) owner to storage_door;
grant execute on function app.leaving_page(text, jsonb, int), app.leaving_named_in(text) to app_worker;
grant execute on function app.expire_exports(timestamptz) to app_worker;
