-- Small things every screen and every route needs: remembered answers, numbers, views, undo.
set role app_owner;
create table app.idempotency_key (
  tenant_id uuid not null,
  owner_id uuid not null,
  key text not null check (length(key) between 1 and 200),
  line text not null,
  request_sha text not null,
  status int,                      -- empty while the first request still runs
  media_type text check (length(media_type) <= 120),
  body bytea check (length(body) <= 1048576),
  made_at timestamptz not null default now(),
  primary key (tenant_id, owner_id, key)
);
call guard.protect_shared('app.idempotency_key');
-- an answer is kept for whoever asked, and may say what a colleague may not read
create policy own on app.idempotency_key as restrictive to app_rw, app_worker
  using (owner_id = (select guard.user_id())) with check (owner_id = (select guard.user_id()));
grant select, insert (tenant_id, owner_id, key, line, request_sha), update (status, media_type, body),
  delete on app.idempotency_key to app_rw, app_worker;

-- The next number of a series of one client, without gaps: the row is locked until the commit.
create table app.counter (
  tenant_id uuid not null,
  series text not null check (length(series) <= 80),
  line text not null,
  value bigint not null default 0,
  primary key (tenant_id, series)
);
call guard.protect_shared('app.counter');
call guard.admit('app.counter', 'counter_door', null);
grant select on app.counter to app_rw, app_worker;
grant select, insert, update on app.counter to counter_door;
grant select, insert, update, delete on app.counter to app_restore;

-- One more, never less, never a leap: a number once given is not given again.
create function app.take_number(p_series text, p_line text) returns bigint
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  t uuid := guard.tenant_id();
  n bigint;
begin
  if t is null or guard.writable(p_line) is null then
    raise exception 'refused: number' using errcode = '42501';
  end if;
  insert into app.counter as c (tenant_id, series, line, value) values (t, p_series, p_line, 1)
    on conflict (tenant_id, series) do update set value = c.value + 1 where c.line = p_line
    returning value into n;
  if n is null then
    raise exception 'refused: number of another line' using errcode = '42501';
  end if;
  return n;
end $$;

create table app.saved_view (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  owner_id uuid not null,
  list text not null check (length(list) <= 80),
  name text not null check (length(name) between 1 and 80),
  query text not null check (length(query) <= 2000),
  made_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, owner_id, list, name)
);
call guard.protect_personal('app.saved_view');
grant select, insert (tenant_id, id, owner_id, list, name, query), update (query), delete
  on app.saved_view to app_rw, app_worker;
grant select, insert, update, delete on app.saved_view to app_restore;

create table app.undo_token (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  owner_id uuid not null,
  kind text not null check (length(kind) <= 80),
  args jsonb not null check (pg_column_size(args) <= 262144),
  made_at timestamptz not null default now(),
  expires_at timestamptz not null,
  taken_at timestamptz,
  primary key (tenant_id, id)
);
call guard.protect_personal('app.undo_token');
-- a way back is taken once, as it was offered
grant select, insert (tenant_id, id, owner_id, kind, args, expires_at), update (taken_at)
  on app.undo_token to app_rw, app_worker;
reset role;
alter function app.take_number(text, text) owner to counter_door;
grant execute on function app.take_number(text, text) to app_rw, app_worker;
