-- What puts a table under the guard. Run by app_owner, who owns the tables.
-- All policies have the initplan form ((select guard.f())): asked once a statement, not once a row.
set role guard_owner;

-- Writes down how a table is protected. kind reference or global: a table without tenant_id, said
-- so on purpose: call guard.register('app.x', 'reference', null, null).
create function guard.register(t regclass, kind text, lines text[], reader text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into guard.protected values (t, kind, lines, reader)
  on conflict (tbl) do update
    set kind = excluded.kind, lines = excluded.lines, reader = excluded.reader
$$;

create function guard.register_line(l text, kind text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into guard.line values (l, kind)
$$;

create function guard.lines() returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select line from guard.line order by 1
$$;

create function guard.registered() returns setof guard.protected
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select * from guard.protected
$$;

-- The five policies of a table and its partitions: r who reads, w who writes. app_restore works on
-- the one client it names.
create procedure guard.policies(t regclass, r text, w text)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  x regclass;
  p text;
begin
  for x in select t union select relid from pg_partition_tree(t) loop
    execute format('alter table %s enable row level security', x);
    execute format('alter table %s force row level security', x);
    foreach p in array '{sel,ins,upd,del,rst}'::text[] loop
      execute format('drop policy if exists %I on %s', p, x);
    end loop;
    execute format('create policy sel on %s for select to app_rw, app_worker using (%s)', x, r);
    execute format('create policy ins on %s for insert to app_rw, app_worker with check (%s)', x, w);
    execute format(
      'create policy upd on %s for update to app_rw, app_worker using (%s) with check (%s)', x, w, w);
    execute format('create policy del on %s for delete to app_rw, app_worker using (%s)', x, w);
    execute format(
      'create policy rst on %s to app_restore'
      ' using (tenant_id = (select guard.restore_tenant()))'
      ' with check (tenant_id = (select guard.restore_tenant()))', x);
  end loop;
end $$;

-- A branch for each line: a shared row is reached through its own line only.
create function guard.branches(lines text[], w boolean) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select string_agg(
           case when w
                then format('(line = %L and tenant_id = (select guard.writable(%L)))', l, l)
                else format('(line = %L and tenant_id = any ((select guard.scope(%L))::uuid[]))', l, l)
           end, ' or ' order by l)
  from unnest(lines) l
$$;

-- A table whose rows all belong to one line.
create procedure guard.protect(t regclass, line text)
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if line not in (select guard.lines()) then
    raise exception 'no such line: %', line;
  end if;
  perform guard.register(t, 'line', array[line], null);
  call guard.policies(t,
    format('tenant_id = any ((select guard.scope(%L))::uuid[])', line),
    format('tenant_id = (select guard.writable(%L))', line));
end $$;

-- A table whose rows each name their line in a column line text not null.
create procedure guard.protect_shared(t regclass)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  ls text[] := array(select guard.lines());
begin
  perform guard.register(t, 'shared', null, null);
  call guard.policies(t, guard.branches(ls, false), guard.branches(ls, true));
end $$;

-- As shared, and a reader line reads every row: put only heads into such a table. lines null: all.
create procedure guard.protect_cross(t regclass, lines text[], reader text)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  ls text[] := coalesce(lines, array(select guard.lines()));
begin
  if reader not in ('security', 'billing', 'oversight') then
    raise exception 'no reader line: %', reader;
  end if;
  perform guard.register(t, 'cross', lines, reader);
  call guard.policies(t,
    guard.branches(ls, false)
      || format(' or tenant_id = any ((select guard.scope(%L))::uuid[])', reader),
    guard.branches(ls, true));
end $$;

-- A table whose rows belong to one person (owner_id uuid not null) of a client.
create procedure guard.protect_personal(t regclass)
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.register(t, 'personal', '{member}', null);
  call guard.policies(t,
    'tenant_id = any ((select guard.scope(''member''))::uuid[])'
    ' and owner_id = (select guard.user_id())',
    'tenant_id = (select guard.writable(''member'')) and owner_id = (select guard.user_id())');
end $$;

-- Besides the line, writing takes one of these permissions: what a screen asks, raw SQL must hold.
-- acts: insert, update or delete. Only narrows what the five policies allow.
create procedure guard.demand(t regclass, acts text[], permissions text[])
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  asked text := format('(select guard.entitled(%s))',
                       (select string_agg(quote_literal(p), ', ') from unnest(permissions) p));
  act text;
begin
  foreach act in array acts loop
    execute format(
      'create policy %I on %s as restrictive for %s to app_rw, app_worker %s', 'need_' || act, t, act,
      case act when 'insert' then format('with check (%s)', asked)
               when 'delete' then format('using (%s)', asked)
               else format('using (%s) with check (%s)', asked, asked) end);
  end loop;
end $$;

-- Refuses a person in the column named that is not the one acting; what stands already stays.
create function guard.only_oneself() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker')
     and to_jsonb(new) ->> tg_argv[0] is distinct from guard.user_id()::text then
    raise exception 'refused: another person in %', tg_argv[0] using errcode = '42501';
  end if;
  return new;
end $$;

-- Columns that say who did something name whoever acts, also by raw SQL: in a new row, and where
-- an update puts somebody there.
create procedure guard.sign(t regclass, columns text[])
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  c text;
begin
  execute format(
    'create policy signed on %s as restrictive for insert to app_rw, app_worker with check (%s)', t,
    (select string_agg(format('(%1$I is null or %1$I = (select guard.user_id()))', x), ' and ')
       from unnest(columns) x));
  foreach c in array columns loop
    execute format(
      'create trigger %1$I before update of %2$I on %3$s for each row'
      ' when (new.%2$I is not null and new.%2$I is distinct from old.%2$I)'
      ' execute function guard.only_oneself(%2$L)', 'signed_' || c, c, t);
  end loop;
end $$;

-- The moment somebody did something is the moment of doing it, whatever an update says.
create function guard.at_this_moment() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') then
    new := jsonb_populate_record(new, jsonb_build_object(tg_argv[0], now()));
  end if;
  return new;
end $$;

create procedure guard.stamp(t regclass, columns text[])
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  c text;
begin
  foreach c in array columns loop
    execute format(
      'create trigger %1$I before update of %2$I on %3$s for each row'
      ' when (new.%2$I is not null and new.%2$I is distinct from old.%2$I)'
      ' execute function guard.at_this_moment(%2$L)', 'stamped_' || c, c, t);
  end loop;
end $$;

-- Puts whoever acts (column tg_argv[0], where named) and the time (tg_argv[1]) into a changed row.
create function guard.signs_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  stamps jsonb := jsonb_build_object(tg_argv[1], now());
begin
  if session_user not in ('app_rw', 'app_worker') then
    return new;                       -- loading and restoring keep what was
  end if;
  if tg_argv[0] <> '' then
    stamps := stamps || jsonb_build_object(tg_argv[0], guard.user_id());
  end if;
  return jsonb_populate_record(new, stamps);
end $$;

-- Whoever changes a row signs it, also by raw SQL: nobody's words stand under another's name, and no
-- change looks older than it is. by: '' where the row names nobody.
create procedure guard.sign_change(t regclass, by text, at text)
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute format(
    'create trigger signs_change before update on %s for each row'
    ' when (old.* is distinct from new.*) execute function guard.signs_change(%L, %L)', t, by, at);
end $$;

-- Lets a door's owner in: on one line as a caller of that line would be, or (line null) wherever
-- the claims reach; then the door itself must check the line.
create procedure guard.admit(t regclass, definer regrole, line text)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  everything text := 'def_' || definer;
  reading text := 'dfr_' || definer;
begin
  execute format('drop policy if exists %I on %s', everything, t);
  execute format('drop policy if exists %I on %s', reading, t);
  if line is null then
    execute format(
      'create policy %I on %s to %s'
      ' using (tenant_id = any ((select guard.door_scope())::uuid[]))'
      ' with check (tenant_id = any ((select guard.door_scope())::uuid[]))', everything, t, definer);
    return;
  end if;
  execute format(
    'create policy %I on %s to %s'
    ' using (tenant_id = (select guard.writable(%L)))'
    ' with check (tenant_id = (select guard.writable(%L)))', everything, t, definer, line, line);
  execute format(
    'create policy %I on %s for select to %s'
    ' using (tenant_id = any ((select guard.scope(%L))::uuid[]))', reading, t, definer, line);
end $$;

-- Lets the dispatcher in: heads of all clients' jobs, and by column privilege nothing else.
create procedure guard.admit_jobs(t regclass)
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute format('drop policy if exists jobs on %s', t);
  execute format('create policy jobs on %s to guard_jobs using (true) with check (true)', t);
  execute format(
    'grant select (tenant_id, id, queue, run_after, state, attempt, lease_until, fence),'
    ' update (state, attempt, lease_until, fence, run_after) on %s to guard_jobs', t);
end $$;

-- A new service line: shared and cross tables learn of it.
create procedure guard.add_line(l text, kind text)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  x record;
begin
  if kind <> 'service' then
    raise exception 'only service lines are added: guard.reach() names the others';
  end if;
  perform guard.register_line(l, kind);
  for x in select * from guard.registered() loop
    if x.kind = 'shared' then
      call guard.protect_shared(x.tbl);
    elsif x.kind = 'cross' then
      call guard.protect_cross(x.tbl, x.lines, x.reader);
    end if;
  end loop;
end $$;

grant execute on function
  guard.register(regclass, text, text[], text), guard.register_line(text, text), guard.lines(),
  guard.registered(), guard.branches(text[], boolean), guard.only_oneself(),
  guard.at_this_moment(), guard.signs_change()
  to app_owner;
grant execute on procedure
  guard.policies(regclass, text, text), guard.protect(regclass, text),
  guard.protect_shared(regclass), guard.protect_cross(regclass, text[], text),
  guard.protect_personal(regclass), guard.demand(regclass, text[], text[]),
  guard.sign(regclass, text[]), guard.stamp(regclass, text[]), guard.sign_change(regclass, text, text),
  guard.admit(regclass, regrole, text),
  guard.admit_jobs(regclass), guard.add_line(text, text)
  to app_owner;
reset role;
