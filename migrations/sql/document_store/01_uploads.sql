-- Uploads: a file comes in parts of 5 MB, in any order, each once; what stopped half-way goes on
-- where it stopped. Every row is written by doors, since whoever holds a link (a client's list of
-- what is needed) brings files too and has no scope: an upload belongs to whoever opened it.
set role app_owner;

create table app.upload (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  class text not null default 'normal' check (class in ('normal', 'payroll', 'owner_only')),
  name text not null check (length(name) between 1 and 255),
  size bigint not null check (size between 1 and 104857600),
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),        -- as the sender says, compared at the end
  source text not null check (source ~ '^[a-z][a-z_]{0,29}$'),
  subject_type text check (subject_type ~ '^[a-z][a-z_]{0,59}$'),   -- what it will be linked to
  subject_id uuid,
  principal_id uuid,                                    -- the link that brings it
  opened_by uuid,                                       -- the person; empty for a link
  opened_at timestamptz not null default now(),
  state text not null default 'open'
    check (state in ('open', 'complete', 'done', 'held', 'refused', 'expired')),
  code text not null default '' check (length(code) <= 60),   -- why it was held or refused
  document_id uuid,
  held_id uuid,
  ended_at timestamptz,
  primary key (tenant_id, id),
  check ((subject_type is null) = (subject_id is null)),
  check (opened_by is not null or principal_id is not null)
);
create index upload_opener on app.upload (tenant_id, opened_by, opened_at desc);
create index upload_waiting on app.upload (tenant_id, opened_at)
  where state in ('open', 'complete');

create table app.upload_part (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  upload_id uuid not null,
  line text not null,
  no integer not null check (no between 1 and 21),
  size bigint not null check (size between 1 and 5242880),
  stored_object_id uuid not null,
  primary key (tenant_id, id),
  unique (tenant_id, upload_id, no),
  foreign key (tenant_id, upload_id) references app.upload (tenant_id, id),
  foreign key (tenant_id, stored_object_id) references app.stored_object (tenant_id, id)
);
create index upload_part_object on app.upload_part (tenant_id, stored_object_id);

call guard.protect_shared('app.upload');
call guard.protect_shared('app.upload_part');
call guard.admit('app.upload', 'paper_door', null);
call guard.admit('app.upload_part', 'paper_door', null);
grant select on app.upload, app.upload_part to app_rw, app_worker;
grant select, insert on app.upload, app.upload_part to paper_door;
grant update (state, code, document_id, held_id, ended_at) on app.upload to paper_door;
grant delete on app.upload_part to paper_door;
grant select, insert, update, delete on app.upload, app.upload_part to app_restore;
-- Half a file is nobody's but its sender's. A system user's job holds every permission, a person
-- never this one.
create policy own on app.upload as restrictive to app_rw, app_worker
  using (opened_by = (select guard.user_id()) or (select guard.entitled('upload.of-others')));
create policy own on app.upload_part as restrictive to app_rw, app_worker
  using ((select guard.user_id()) is not null and exists (select from app.upload u
    where u.tenant_id = upload_part.tenant_id and u.id = upload_part.upload_id));
call app.audit_table('app.upload', array['name', 'sha256']);

-- The opener's own upload, in any of these states; locked where something will be written.
create function app.own_upload(p_upload uuid, p_states text[], p_lock boolean default true)
returns app.upload
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  u app.upload;
begin
  if p_lock then
    perform from app.upload where tenant_id = c.tenant and id = p_upload for update;
  end if;
  select * into u from app.upload where tenant_id = c.tenant and id = p_upload;
  if not found
     or (c.kind = 'link' and (u.principal_id is distinct from c.principal
                              or guard.link_opens(c.object_type, c.object_id) is null
                              or p_lock and guard.link_writes(c.object_type, c.object_id) is null))
     or (c.kind is distinct from 'link' and c.mode <> 'j'
         and (u.opened_by is distinct from c.person
              or u.tenant_id <> all (guard.scope(u.line))
              or p_lock and guard.writable(u.line) is null)) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if u.state <> all (p_states) then
    raise exception 'upload-ended' using errcode = 'BO409';
  end if;
  return u;
end $$;

create function app.new_upload(
  p_line text, p_class text, p_name text, p_size bigint, p_sha text, p_source text, p_type text,
  p_subject uuid
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  made uuid;
begin
  if (select count(*) from app.upload u
       where u.tenant_id = c.tenant and u.state = 'open'
         and (u.opened_by = c.person or u.principal_id = c.principal and c.kind = 'link')) >= 500 then
    raise exception 'too-many-uploads' using errcode = 'BO409';
  end if;
  insert into app.upload (tenant_id, line, class, name, size, sha256, source, subject_type,
                          subject_id, principal_id, opened_by)
  values (c.tenant, p_line, p_class, p_name, p_size, p_sha, p_source, p_type, p_subject,
          case when c.kind = 'link' then c.principal end, c.person)
  returning id into made;
  return made;
end $$;

-- For a person, a token or a job.
create function app.open_upload(
  p_line text, p_class text, p_name text, p_size bigint, p_sha text, p_source text, p_type text,
  p_subject uuid
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if guard.writable(p_line) is null or not guard.entitled('document.add', 'request.answer')
     or not app.sees_class(guard.tenant_id(), p_class) then
    raise exception 'refused: upload' using errcode = '42501';
  end if;
  return app.new_upload(p_line, p_class, p_name, p_size, p_sha, p_source, p_type, p_subject);
end $$;

-- For the holder of a link. Called by doors only, after they read what the link opens: they say on
-- which line and in which class the file stands and what it is for.
create function app.open_upload_by_link(
  p_line text, p_class text, p_name text, p_size bigint, p_sha text, p_type text, p_subject uuid,
  p_source text default 'link'
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
begin
  if c.kind is distinct from 'link'
     or guard.link_writes(c.object_type, c.object_id) is distinct from c.tenant then
    raise exception 'refused: upload' using errcode = '42501';
  end if;
  return app.new_upload(p_line, p_class, p_name, p_size, p_sha, p_source, p_type, p_subject);
end $$;

-- One part, once: the same number with the same content again changes nothing. Every part but the
-- last is whole, so that its number alone says where it stands.
create function app.keep_upload_part(p_upload uuid, p_no integer, p_size bigint, p_sha text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  u app.upload := app.own_upload(p_upload, '{open}');
  whole constant bigint := 5242880;
  known text;
  made uuid;
begin
  if p_no < 1 or (p_no - 1) * whole >= u.size
     or p_size <> least(whole, u.size - (p_no - 1) * whole) then
    raise exception 'upload-part-wrong' using errcode = 'BO422';
  end if;
  select o.sha256 into known from app.upload_part p
    join app.stored_object o on o.tenant_id = p.tenant_id and o.id = p.stored_object_id
   where p.tenant_id = u.tenant_id and p.upload_id = u.id and p.no = p_no;
  if known = p_sha then
    return;
  elsif known is not null then
    raise exception 'upload-part-differs' using errcode = 'BO409';
  end if;
  insert into app.stored_object (tenant_id, line, kind, name, media_type, size, sha256)
  values (u.tenant_id, u.line,
          case u.class when 'normal' then 'document' else 'document.' || u.class end,
          'part', 'application/octet-stream', p_size, p_sha)
  returning id into made;
  insert into app.upload_part (tenant_id, upload_id, line, no, size, stored_object_id)
  values (u.tenant_id, u.id, u.line, p_no, p_size, made);
end $$;

-- Which parts are there: what a browser that comes back asks before it goes on.
create function app.upload_parts(p_upload uuid)
returns table (no integer, size bigint, sha256 text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  u app.upload := app.own_upload(p_upload, '{open,complete,done,held,refused,expired}', false);
begin
  return query select p.no, p.size, o.sha256 from app.upload_part p
    join app.stored_object o on o.tenant_id = p.tenant_id and o.id = p.stored_object_id
   where p.tenant_id = u.tenant_id and p.upload_id = u.id order by p.no;
end $$;

create function app.upload_head(p_upload uuid) returns app.upload
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select app.own_upload(p_upload, '{open,complete,done,held,refused,expired}', false)
$$;

-- All parts are there: from here on the file is ours to keep. True where the caller has to order
-- the job, which runs with their rights; a link has none, so its job is ordered here.
create function app.complete_upload(p_upload uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  u app.upload := app.own_upload(p_upload, '{open,complete,done,held,refused}');
begin
  if u.state <> 'open' then
    return false;
  end if;
  if (select coalesce(sum(p.size), 0) from app.upload_part p
       where p.tenant_id = u.tenant_id and p.upload_id = u.id) <> u.size then
    raise exception 'upload-incomplete' using errcode = 'BO409';
  end if;
  update app.upload set state = 'complete' where tenant_id = u.tenant_id and id = u.id;
  if c.kind = 'link' then
    perform app.enqueue_for_link('documents.take-in', jsonb_build_object('upload', u.id),
                                 'upload:' || u.id, u.line);
    return false;
  end if;
  return true;
end $$;

-- A system user's job for what a link brought: a link has no rights that a job could borrow.
create function app.enqueue_for_link(p_kind text, p_args jsonb, p_key text, p_line text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  r uuid;
begin
  if c.kind is distinct from 'link' then
    raise exception 'refused: job of a link' using errcode = '42501';
  end if;
  insert into app.job (tenant_id, kind, key, line, queue)
  values (c.tenant, p_kind, p_key, p_line, 'default')
  on conflict (tenant_id, key) do nothing returning id into r;
  if r is not null then
    insert into app.job_args (tenant_id, job_id, line, args) values (c.tenant, r, p_line, p_args);
  end if;
  return r;
end $$;

-- What became of it, said by the job that checked it. Its parts end: the paper has its own object.
-- Only an open one expires: a sweep that saw it open comes too late for what was completed meanwhile.
create function app.end_upload(
  p_upload uuid, p_state text, p_code text, p_document uuid, p_held uuid
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  u app.upload := app.own_upload(p_upload, '{open,complete,done,held,refused,expired}');
begin
  if p_state = 'expired' and u.state <> 'open' then
    return;
  elsif u.state not in ('open', 'complete') then
    raise exception 'upload-ended' using errcode = 'BO409';
  end if;
  update app.upload set state = p_state, code = coalesce(p_code, ''), document_id = p_document,
      held_id = p_held, ended_at = now()
   where tenant_id = u.tenant_id and id = u.id;
  update app.stored_object o set state = 'gone'
    from app.upload_part p
   where p.tenant_id = u.tenant_id and p.upload_id = u.id
     and o.tenant_id = p.tenant_id and o.id = p.stored_object_id;
end $$;
reset role;
alter function app.own_upload(uuid, text[], boolean) owner to paper_door;
alter function app.new_upload(text, text, text, bigint, text, text, text, uuid) owner to paper_door;
alter function app.open_upload(text, text, text, bigint, text, text, text, uuid) owner to paper_door;
alter function app.open_upload_by_link(text, text, text, bigint, text, text, uuid, text) owner to paper_door;
alter function app.keep_upload_part(uuid, integer, bigint, text) owner to paper_door;
alter function app.upload_parts(uuid) owner to paper_door;
alter function app.upload_head(uuid) owner to paper_door;
alter function app.complete_upload(uuid) owner to paper_door;
alter function app.end_upload(uuid, text, text, uuid, uuid) owner to paper_door;
alter function app.enqueue_for_link(text, jsonb, text, text) owner to job_door;
grant execute on function app.open_upload_by_link(text, text, text, bigint, text, text, uuid, text)
  to guard_definer;
grant execute on function app.enqueue_for_link(text, jsonb, text, text) to paper_door;
grant execute on function
  app.open_upload(text, text, text, bigint, text, text, text, uuid),
  app.keep_upload_part(uuid, integer, bigint, text), app.upload_parts(uuid), app.upload_head(uuid),
  app.complete_upload(uuid) to app_rw, app_worker;
grant execute on function app.end_upload(uuid, text, text, uuid, uuid) to app_worker;
