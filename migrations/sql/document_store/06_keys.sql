-- A client's key: renewed while people work (a job seals every object anew), or destroyed with a
-- second person's approval, which erases every paper at once; the certificate says what is left.
set role app_owner;
create table app.key_destruction (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null default 'member',
  approval_id uuid not null,
  requested_by uuid not null,
  approved_by uuid not null,
  keys integer not null,
  fingerprints text[] not null,        -- SHA-256 of each wrapped key that was destroyed
  objects bigint not null,             -- stored objects that open no more
  bytes bigint not null,
  backup_days integer not null,        -- how long copies of the wrapped key live in backups
  at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, approval_id)
);
call guard.protect('app.key_destruction', 'member');
call guard.admit('app.key_destruction', 'storage_door', null);
grant select on app.key_destruction to app_rw, app_worker;
grant select, insert on app.key_destruction to storage_door;
grant select, insert, update, delete on app.key_destruction to app_restore;
call app.audit_table('app.key_destruction');
call guard.admit('app.approval', 'storage_door', null);
call guard.admit('app.approval_decision', 'storage_door', null);
grant select on app.approval, app.approval_decision to storage_door;
reset role;

insert into app.system_job (kind, permission, fresh) values ('storage.renew-key', 'client.keys', true);
insert into app.approval_kind (kind, side, needed, fresh) values
  ('client.key.destroy', 'any', 1, true);
set role app_owner;

-- How many keys there are and since when the newest: nothing of what they are.
create function app.client_key_state() returns table (no integer, made_at timestamptz, keys bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select k.no, k.made_at, count(*) over () from app.tenant_key k
   where k.tenant_id = guard.tenant_id() order by k.no desc limit 1
$$;

-- Begins a renewal, or goes on with one that was cut off: returns the number that seals from now
-- on. Whoever is storing holds the key's row, so that nothing under the old key comes afterwards.
create function app.begin_key_renewal(p_wrapped bytea) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  newest integer;
  n integer;
begin
  if c.mode is distinct from 'j' then
    raise exception 'refused: key' using errcode = '42501';
  end if;
  perform from app.tenant_key where tenant_id = c.tenant for update;
  select max(k.no), count(*) into newest, n from app.tenant_key k where k.tenant_id = c.tenant;
  if n = 0 then
    return 0;
  elsif n > 1 then
    return newest;
  end if;
  insert into app.tenant_key (tenant_id, no, wrapped) values (c.tenant, newest + 1, p_wrapped);
  return newest + 1;
end $$;

-- Every object stands under the newest key: the older ones end.
create function app.end_key_renewal(p_no integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  n integer;
begin
  if c.mode is distinct from 'j'
     or p_no is distinct from (select max(k.no) from app.tenant_key k where k.tenant_id = c.tenant) then
    raise exception 'refused: key' using errcode = '42501';
  end if;
  delete from app.tenant_key k where k.tenant_id = c.tenant and k.no < p_no;
  get diagnostics n = row_count;
  return n;
end $$;

-- What was approved is done, once: by the approval alone, whoever carries it out. One of the two
-- people is the client's own.
create function app.destroy_client_keys(p_approval uuid, p_backup_days integer) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.tenant_id();
  a app.approval;
  decider uuid;
  made uuid := uuidv7();
begin
  select * into a from app.approval where tenant_id = t and id = p_approval
     and kind = 'client.key.destroy' and state = 'approved';
  select d.person_id into decider from app.approval_decision d
   where d.tenant_id = t and d.approval_id = a.id and d.decision = 'approve'
   order by d.at desc limit 1;
  if a.id is null or decider is null or decider = a.requested_by
     or a.decided_at < now() - interval '24 hours' then
    raise exception 'key-not-approved' using errcode = 'BO409';
  end if;
  if 'client' not in (coalesce(guard.side_of(a.requested_by), ''), coalesce(guard.side_of(decider), '')) then
    raise exception 'key-of-client' using errcode = 'BO403';
  end if;
  perform from app.tenant_key where tenant_id = t for update;
  insert into app.key_destruction (tenant_id, id, approval_id, requested_by, approved_by, keys,
                                   fingerprints, objects, bytes, backup_days)
  select t, made, a.id, a.requested_by, decider,
         (select count(*) from app.tenant_key k where k.tenant_id = t),
         array(select encode(sha256(k.wrapped), 'hex') from app.tenant_key k
                where k.tenant_id = t order by k.no),
         count(*), coalesce(sum(o.size), 0), p_backup_days
    from app.stored_object o where o.tenant_id = t and o.state <> 'gone';
  update app.stored_object set state = 'gone' where tenant_id = t and state <> 'gone';
  delete from app.tenant_key where tenant_id = t;
  return made;
end $$;
reset role;
alter function app.client_key_state() owner to storage_door;
alter function app.begin_key_renewal(bytea) owner to storage_door;
alter function app.end_key_renewal(integer) owner to storage_door;
alter function app.destroy_client_keys(uuid, integer) owner to storage_door;
grant execute on function app.client_key_state() to app_rw, app_worker;
grant execute on function app.begin_key_renewal(bytea), app.end_key_renewal(integer),
  app.destroy_client_keys(uuid, integer) to app_worker;
