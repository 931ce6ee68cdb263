-- Holds: while one stands, nothing that it covers can be deleted by anybody on any path.
set role app_owner;

create table app.legal_hold (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  title text not null check (length(title) between 3 and 120),
  reason text not null check (length(reason) between 5 and 1000),
  covers text not null check (covers in ('client', 'days', 'papers')),
  from_on date,
  to_on date,
  side text not null default case when guard.is_staff() then 'provider' else 'client' end
    check (side in ('provider', 'client')),
  placed_by uuid not null default guard.user_id(),
  placed_at timestamptz not null default now(),
  released_by uuid,                               -- the second person
  released_at timestamptz,
  approval_id uuid,
  primary key (tenant_id, id),
  check ((covers = 'days') = (from_on is not null and to_on is not null)),
  check (from_on <= to_on),
  check ((released_at is null) = (released_by is null))
);
create index legal_hold_standing on app.legal_hold (tenant_id) where released_at is null;

create table app.legal_hold_paper (
  tenant_id uuid not null,
  hold_id uuid not null,
  document_id uuid not null,
  primary key (tenant_id, hold_id, document_id),
  foreign key (tenant_id, hold_id) references app.legal_hold (tenant_id, id),
  foreign key (tenant_id, document_id) references app.document (tenant_id, id)
);
create index legal_hold_paper_document on app.legal_hold_paper (tenant_id, document_id);

do $$
declare t text;
begin
  foreach t in array '{legal_hold, legal_hold_paper}'::text[] loop
    execute format('call guard.protect(%L, %L)', 'app.' || t, 'member');
    execute format('call guard.admit(%L, %L, null)', 'app.' || t, 'keeping_door');
    execute format('grant select on app.%I to app_rw, app_worker, keeping_door', t);
    execute format('grant select, insert, update, delete on app.%I to app_restore', t);
    execute format('call guard.demand(%L, %L, %L)', 'app.' || t, '{insert}', '{document.hold}');
    -- a deletion is asked for in sessions without a client of their own too, so holds are always seen
    execute format('create policy holds on app.%I for select to keeping_door using (true)', t);
  end loop;
end $$;
grant insert (tenant_id, id, title, reason, covers, from_on, to_on) on app.legal_hold
  to app_rw, app_worker;
grant insert (tenant_id, hold_id, document_id) on app.legal_hold_paper to app_rw, app_worker;
grant update (released_by, released_at, approval_id) on app.legal_hold to keeping_door;
call app.audit_table('app.legal_hold');
-- whoever places a hold on a paper sees it; the list of them is for whoever sees the paper
create policy paper on app.legal_hold_paper as restrictive to app_rw, app_worker
  using ((select guard.document_classes()) is not null and exists (select from app.document d
    where d.tenant_id = legal_hold_paper.tenant_id and d.id = legal_hold_paper.document_id))
  with check ((select guard.document_classes()) is not null and exists (select from app.document d
    where d.tenant_id = legal_hold_paper.tenant_id and d.id = legal_hold_paper.document_id));

call guard.admit('app.document', 'keeping_door', null);
call guard.admit('app.document_version', 'keeping_door', null);
create policy holds on app.document for select to keeping_door using (true);
create policy holds on app.document_version for select to keeping_door using (true);
grant select on app.document, app.document_version to keeping_door;

-- As which kind of record a paper is kept, and the day it counts from: the end of the month it belongs
-- to, else the day it came. kind null: it may be any kind, so every rule of the country applies.
-- No search path is set on these two, so that they become part of the queries that ask them of
-- every paper; they name nothing but what the system brings.
create function app.kept_kind(class text, type text) returns text
language sql immutable parallel safe as $$
  select case
    when class = 'payroll' or type in ('payroll', 'payslip') then 'payroll'
    when type in ('invoice', 'bill', 'receipt', 'credit_note', 'statement', 'bank_statement',
      'voucher') then 'voucher'
    when type in ('letter', 'contract', 'mail') then 'letter'
    when type in ('report', 'accounts', 'annual_accounts', 'books', 'tax_return') then 'books'
    when type in ('identity') then 'identity' end
$$;
create function app.kept_day(period date, added timestamptz) returns date
language sql immutable parallel safe as $$
  select coalesce((period + interval '1 month')::date - 1, (added at time zone 'UTC')::date)
$$;

-- One at a time: placing a hold, disposing of papers and erasing a client wait for each other, by the
-- row that they all write.
create table app.keeping_turn (
  tenant_id uuid primary key,
  turn bigint not null default 1
);
call guard.protect('app.keeping_turn', 'member');
create policy turns on app.keeping_turn to keeping_door using (true) with check (true);
grant select, insert, update on app.keeping_turn to keeping_door;
grant select, insert, update, delete on app.keeping_turn to app_restore;
create function app.keeping_alone(p_tenant uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into app.keeping_turn as k (tenant_id) values (p_tenant)
  on conflict (tenant_id) do update set turn = k.turn + 1
$$;
create function app.hold_waits() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform app.keeping_alone(new.tenant_id);
  return new;
end $$;
create trigger waits before insert on app.legal_hold
  for each row execute function app.hold_waits();
create trigger waits before insert on app.legal_hold_paper
  for each row execute function app.hold_waits();

-- Whether a hold covers a paper: one on the client, on itself, or on any day of the month it belongs
-- to (the day it came where it belongs to none).
create function app.is_held(p_tenant uuid, p_document uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from app.legal_hold h
     where h.tenant_id = p_tenant and h.released_at is null and (h.covers = 'client'
       or h.covers = 'papers' and exists (select from app.legal_hold_paper p
            where p.tenant_id = h.tenant_id and p.hold_id = h.id and p.document_id = p_document)
       or h.covers = 'days' and exists (select from app.document d
            where d.tenant_id = p_tenant and d.id = p_document
              and (app.kept_day(d.period, d.added_at) >= h.from_on
                   and coalesce(d.period, app.kept_day(d.period, d.added_at)) <= h.to_on
                   or (d.added_at at time zone 'UTC')::date between h.from_on and h.to_on))))
$$;

-- For whoever erases a client or destroys its key: refuses while any hold stands there.
create function app.demand_free(p_tenant uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  standing text;
begin
  if session_user in ('app_rw', 'app_worker') and p_tenant <> all (guard.door_scope())
     or session_user = 'app_restore' and p_tenant is distinct from guard.restore_tenant() then
    raise exception 'refused: client' using errcode = '42501';
  end if;
  perform app.keeping_alone(p_tenant);
  select h.title into standing from app.legal_hold h
   where h.tenant_id = p_tenant and h.released_at is null order by h.placed_at limit 1;
  if found then
    raise exception 'client-held' using errcode = 'BO409',
      detail = jsonb_build_object('title', standing)::text;
  end if;
end $$;

-- No row of a paper that is held is deleted, whoever asks: only erasing a client deletes rows.
create function app.held_stays() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  o jsonb := to_jsonb(old);
begin
  if app.is_held(old.tenant_id, coalesce(o ->> 'document_id', o ->> 'id')::uuid) then
    raise exception 'document-held' using errcode = 'BO409';
  end if;
  return old;
end $$;
create trigger held before delete on app.document
  for each row execute function app.held_stays();
create trigger held before delete on app.document_version
  for each row execute function app.held_stays();

create function app.object_of_held(p_tenant uuid, p_object uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from app.document_version v where v.tenant_id = p_tenant
    and v.stored_object_id = p_object and app.is_held(p_tenant, v.document_id))
$$;
create function app.held_object_stays() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if app.object_of_held(old.tenant_id, old.id) then
    raise exception 'document-held' using errcode = 'BO409';
  end if;
  return old;
end $$;
create trigger held before delete on app.stored_object
  for each row execute function app.held_object_stays();

-- The keys open every paper: the last one goes only where no hold stands. (An older one goes when
-- the papers under it have been sealed anew.)
create function app.held_key_stays() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from app.tenant_key k where k.tenant_id = old.tenant_id and k.id <> old.id) then
    perform app.demand_free(old.tenant_id);
  end if;
  return old;
end $$;
call guard.admit('app.tenant_key', 'keeping_door', null);
create policy holds on app.tenant_key for select to keeping_door using (true);
grant select on app.tenant_key to keeping_door;
create trigger held before delete on app.tenant_key
  for each row execute function app.held_key_stays();

-- A standing hold is not deleted either.
create function app.hold_stands() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_table_name = 'legal_hold_paper' then
    if app.hold_is_standing(old.tenant_id, (to_jsonb(old) ->> 'hold_id')::uuid) then
      raise exception 'document-held' using errcode = 'BO409';
    end if;
  elsif to_jsonb(old) ->> 'released_at' is null then
    raise exception 'document-held' using errcode = 'BO409';
  end if;
  return old;
end $$;
create function app.hold_is_standing(p_tenant uuid, p_hold uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from app.legal_hold h
    where h.tenant_id = p_tenant and h.id = p_hold and h.released_at is null)
$$;
create trigger stands before delete on app.legal_hold
  for each row execute function app.hold_stands();
create trigger stands before delete on app.legal_hold_paper
  for each row execute function app.hold_stands();

-- What a second person agrees to when a hold ends: exactly this hold.
create function app.hold_sha(h app.legal_hold) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(convert_to(
    jsonb_build_array('hold', h.id, h.covers, h.from_on, h.to_on, h.reason)::text, 'UTF8')), 'hex')
$$;
insert into app.approval_kind (kind, side, needed, fresh) values
  ('hold.release', 'provider', 1, false), ('hold.release_client', 'client', 1, false);
call guard.admit('app.approval_decision', 'keeping_door', null);
grant select on app.approval_decision to keeping_door;

-- Ends a hold that somebody of the side that placed it asked for and another of that side approved.
create function app.release_hold(p_hold uuid, p_approval uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  h app.legal_hold;
begin
  select * into h from app.legal_hold
   where tenant_id = guard.tenant_id() and id = p_hold for update;
  if not found then
    raise exception 'not-found' using errcode = 'BO404';
  elsif h.released_at is not null then
    return false;
  elsif not app.approval_holds(p_approval,
      case h.side when 'client' then 'hold.release_client' else 'hold.release' end, h.id,
      app.hold_sha(h)) then
    raise exception 'refused: hold' using errcode = '42501';
  end if;
  update app.legal_hold set released_at = now(), approval_id = p_approval, released_by = (
      select d.person_id from app.approval_decision d where d.tenant_id = h.tenant_id
        and d.approval_id = p_approval and d.decision = 'approve' order by d.at desc limit 1)
   where tenant_id = h.tenant_id and id = h.id;
  return true;
end $$;

grant execute on function app.kept_kind(text, text), app.kept_day(date, timestamptz),
  app.hold_sha(app.legal_hold)
  to app_rw, app_worker, guard_definer;

-- Of these papers of the open client, those that a hold covers.
create function app.held_of(p_documents uuid[]) returns uuid[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(x), '{}') from unnest(p_documents) x
   where app.is_held((select guard.tenant_id()), x)
$$;
reset role;
do $$
declare f text;
begin
  foreach f in array '{keeping_alone(uuid), is_held(uuid\, uuid), demand_free(uuid), object_of_held(uuid\, uuid),
    hold_is_standing(uuid\, uuid), release_hold(uuid\, uuid), held_of(uuid[]), hold_waits(),
    held_stays(), held_object_stays(), held_key_stays(), hold_stands()}'::text[] loop
    execute format('alter function app.%s owner to keeping_door', f);
  end loop;
end $$;
grant execute on function app.release_hold(uuid, uuid), app.held_of(uuid[]) to app_rw, app_worker;
grant execute on function app.demand_free(uuid) to app_worker, app_restore;
