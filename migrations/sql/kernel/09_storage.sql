-- Stored objects: what the bucket holds, whose it is and on which line. The bucket holds ciphertext
-- under the client's own key; the wrapped key stands here, its wrapping key outside the database.
set role app_owner;
create table app.tenant_key (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  no int not null check (no > 0),  -- the newest seals; an older one stays while objects stand under it
  wrapped bytea not null,
  made_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, no)
);
call guard.protect('app.tenant_key', 'member');
call guard.admit('app.tenant_key', 'storage_door', null);
grant select, insert, update (wrapped), delete on app.tenant_key to storage_door;

create table app.stored_object (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  kind text not null check (length(kind) <= 60),
  name text not null check (length(name) between 1 and 255),
  media_type text not null check (length(media_type) <= 120),
  size bigint not null check (size >= 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  state text not null default 'clean' check (state in ('quarantine', 'clean', 'refused', 'gone')),
  made_by uuid default guard.user_id(),
  made_at timestamptz not null default now(),
  primary key (tenant_id, id)
);
create index stored_object_sha on app.stored_object (tenant_id, sha256);
call guard.protect_shared('app.stored_object');
grant select on app.stored_object to app_rw, app_worker;
-- Who made it and when is whoever acts, now: login roles cannot write those columns.
grant insert (tenant_id, id, line, kind, name, media_type, size, sha256, state)
  on app.stored_object to app_rw, app_worker;
create policy enters on app.stored_object as restrictive for insert to app_rw, app_worker
  with check ((select guard.tenant_id()) is not null and state in ('quarantine', 'clean'));
grant select, insert, update, delete on app.stored_object to app_restore;
-- whoever knows the hash of a content can name it: it stands in no log that others read
call app.audit_table('app.stored_object', array['name', 'sha256']);
call guard.admit('app.stored_object', 'storage_door', null);
grant select, update (kind, state) on app.stored_object to storage_door;

create function app.key_tenant() returns uuid
language plpgsql stable set search_path=pg_catalog,pg_temp as $$
declare c guard.claim := guard.claims();
begin
  return case when c.kind = 'link' then guard.link_opens(c.object_type, c.object_id)
    else guard.tenant_id() end;
end $$;
-- The client's wrapped keys, the newest last, for whoever reaches anything there, or holds a link
-- into it: useless without the wrapping key.
create function app.client_keys() returns table (no int, wrapped bytea)
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select k.no, k.wrapped from app.tenant_key k where k.tenant_id = app.key_tenant() order by k.no
$$;
-- The same for whoever is about to store: no new key comes while they write (see rotate_client_key).
create function app.sealing_keys() returns table (no int, wrapped bytea)
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
begin
  -- waits for a renewal first and reads after it: the same statement would not see its new key
  perform from app.tenant_key k where k.tenant_id = app.key_tenant() for key share;
  return query select k.no, k.wrapped from app.tenant_key k
    where k.tenant_id = app.key_tenant() order by k.no for key share;
end $$;
-- The first wrapped key of a client wins; a second is answered with the first.
create function app.keep_client_key(p_wrapped bytea) returns bytea
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare t uuid := guard.tenant_id();
begin
  -- whoever only reads could lay a key that opens nothing
  if t is null or guard.writable('*') is null then raise exception 'refused: key' using errcode = '42501'; end if;
  if not exists (select from app.tenant_key k where k.tenant_id = t) then
    insert into app.tenant_key (tenant_id, no, wrapped) values (t, 1, p_wrapped) on conflict do nothing;
  end if;
  return (select k.wrapped from app.tenant_key k where k.tenant_id = t order by k.no desc limit 1);
end $$;
-- What was held back is let in or refused by the worker's check only, once.
create function app.settle_held_object(p_id uuid, p_state text) returns boolean
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
begin
  if p_state not in ('clean', 'refused') then raise exception 'object-state-unknown' using errcode = 'BO409'; end if;
  update app.stored_object o set state = p_state
   where o.tenant_id = guard.tenant_id() and o.id = p_id and o.state = 'quarantine'
     and guard.writable(o.line) = o.tenant_id;
  return found;
end $$;
-- Files of reports are made anew whenever somebody asks: the only kind that ends by its age.
create function app.expire_report_files(p_before timestamptz) returns bigint
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare n bigint;
begin
  update app.stored_object o set state = 'gone'
   where o.tenant_id = guard.tenant_id() and o.kind = 'report.file' and o.state = 'clean'
     and o.made_at < p_before and guard.writable(o.line) = o.tenant_id;
  get diagnostics n = row_count;
  return n;
end $$;
reset role;
alter function app.expire_report_files(timestamptz) owner to storage_door;
grant execute on function app.expire_report_files(timestamptz) to app_worker;
alter function app.settle_held_object(uuid, text) owner to storage_door;
grant execute on function app.settle_held_object(uuid, text) to app_worker;
alter function app.client_keys() owner to storage_door;
alter function app.key_tenant() owner to storage_door;
alter function app.sealing_keys() owner to storage_door;
alter function app.keep_client_key(bytea) owner to storage_door;
grant execute on function app.client_keys(), app.sealing_keys(), app.keep_client_key(bytea)
  to app_rw, app_worker;
