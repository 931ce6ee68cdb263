-- Quarantine: what failed a check that a person may want to look at. The content is sealed and
-- closed (its object stands in quarantine) until somebody else than its sender lets it in, or has
-- it destroyed. A virus is never let in.
set role app_owner;

create table app.held_file (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  class text not null default 'normal' check (class in ('normal', 'payroll', 'owner_only')),
  name text not null check (length(name) between 1 and 255),
  size bigint not null check (size > 0),
  stored_object_id uuid not null,
  reason text not null check (reason ~ '^file-[a-z-]+$'),
  source text not null check (source ~ '^[a-z][a-z_]{0,29}$'),
  subject_type text check (subject_type ~ '^[a-z][a-z_]{0,59}$'),
  subject_id uuid,
  added_by uuid not null default guard.user_id(),
  added_at timestamptz not null default now(),
  state text not null default 'held' check (state in ('held', 'released', 'destroyed')),
  decided_by uuid,
  decided_at timestamptz,
  document_id uuid,                               -- the paper it became
  primary key (tenant_id, id),
  check ((state = 'held') = (decided_at is null)),
  check ((subject_type is null) = (subject_id is null)),
  foreign key (tenant_id, stored_object_id) references app.stored_object (tenant_id, id)
);
create index held_file_state on app.held_file (tenant_id, state, id desc);
create index held_file_object on app.held_file (tenant_id, stored_object_id);

call guard.protect_shared('app.held_file');
call guard.admit('app.held_file', 'paper_door', null);
call guard.demand('app.held_file', '{insert}', '{document.add,request.answer}');
grant select on app.held_file to app_rw, app_worker;
grant insert (tenant_id, id, line, class, name, size, stored_object_id, reason, source,
              subject_type, subject_id) on app.held_file to app_rw, app_worker;
grant select, update (state, decided_by, decided_at, document_id) on app.held_file to paper_door;
grant select, insert, update, delete on app.held_file to app_restore;
create policy class on app.held_file as restrictive to app_rw, app_worker
  using (class = 'normal'
    or tenant_id || ':' || class = any ((select guard.document_classes())::text[]))
  with check (class = 'normal'
    or tenant_id || ':' || class = any ((select guard.document_classes())::text[]));
-- A client's people see what they sent themselves; the provider's people all of it.
create policy own on app.held_file as restrictive for select to app_rw, app_worker
  using (added_by = (select guard.user_id()) or (select guard.is_staff()));
-- Only what is closed is put here, and only by whoever stored it.
create policy closed on app.held_file as restrictive for insert to app_rw, app_worker
  with check ((select guard.tenant_id()) is not null and exists (
    select from app.stored_object o where o.tenant_id = held_file.tenant_id
       and o.id = held_file.stored_object_id and o.line = held_file.line
       and o.state = 'quarantine' and o.made_by = (select guard.user_id())));
call app.audit_table('app.held_file', array['name']);

-- The held file of a person who may decide on it, locked.
create function app.held_to_decide(p_id uuid, p_state text) returns app.held_file
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  h app.held_file;
begin
  select * into h from app.held_file
   where tenant_id = guard.tenant_id() and id = p_id for update;
  if not found or c.mode is distinct from 't' or guard.writable(h.line) is null
     or not app.sees_class(h.tenant_id, h.class) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if not guard.may('document.release') then
    raise exception 'refused: permission document.release' using errcode = '42501';
  end if;
  if h.state <> p_state then
    raise exception 'held-decided' using errcode = 'BO409';
  end if;
  return h;
end $$;

-- A second look lets it in; returns its stored object, open from now on.
create function app.release_held_file(p_id uuid, p_document uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  h app.held_file := app.held_to_decide(p_id, 'held');
begin
  if h.reason = 'file-virus' then
    raise exception 'held-virus' using errcode = 'BO409';
  end if;
  if h.added_by = c.person then
    raise exception 'held-own' using errcode = 'BO409';
  end if;
  update app.stored_object set state = 'clean'
   where tenant_id = h.tenant_id and id = h.stored_object_id and state = 'quarantine';
  update app.held_file set state = 'released', decided_by = c.person, decided_at = now(),
      document_id = p_document
   where tenant_id = h.tenant_id and id = h.id;
  return h.stored_object_id;
end $$;

-- Destroyed, or (within a day) kept after all.
create function app.destroy_held_file(p_id uuid, p_back boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  h app.held_file := app.held_to_decide(p_id, case when p_back then 'destroyed' else 'held' end);
begin
  if p_back and h.decided_at < now() - interval '24 hours' then
    raise exception 'held-decided' using errcode = 'BO409';
  end if;
  update app.held_file set state = case when p_back then 'held' else 'destroyed' end,
      decided_by = case when not p_back then c.person end,
      decided_at = case when not p_back then now() end
   where tenant_id = h.tenant_id and id = h.id;
end $$;

-- What was destroyed a day ago is gone for good; the nightly sweep collects the bytes.
create function app.sweep_held_files() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare n bigint;
begin
  update app.stored_object o set state = 'gone'
    from app.held_file h
   where h.tenant_id = guard.tenant_id() and h.state = 'destroyed'
     and h.decided_at < now() - interval '24 hours'
     and o.tenant_id = h.tenant_id and o.id = h.stored_object_id and o.state = 'quarantine';
  get diagnostics n = row_count;
  return n;
end $$;
reset role;
alter function app.held_to_decide(uuid, text) owner to paper_door;
alter function app.release_held_file(uuid, uuid) owner to paper_door;
alter function app.destroy_held_file(uuid, boolean) owner to paper_door;
alter function app.sweep_held_files() owner to paper_door;
grant execute on function app.release_held_file(uuid, uuid), app.destroy_held_file(uuid, boolean)
  to app_rw, app_worker;
grant execute on function app.sweep_held_files() to app_worker;
