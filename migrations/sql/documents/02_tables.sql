-- Papers: a head with its class, the versions it had (immutable, each with its content's hash), and
-- what it is linked to. The bytes stand sealed in the bucket (app.stored_object).
set role app_owner;

create table app.document (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  class text not null default 'normal' check (class in ('normal', 'payroll', 'owner_only')),
  provider_class text check (provider_class in ('normal', 'payroll', 'owner_only')),  -- what it set last
  added_side text not null default case when guard.is_staff() then 'provider' else 'client' end
    check (added_side in ('provider', 'client')),
  name text not null check (length(name) between 1 and 255),
  version integer not null default 1 check (version > 0),     -- the newest of its versions
  source text not null check (source ~ '^[a-z][a-z_]{0,29}$'),
  type text not null default '' check (type ~ '^[a-z_]{0,30}$'),  -- receipt, invoice, …; '' not said
  period date check (extract(day from period) = 1),             -- the month it belongs to
  counterparty text not null default '' check (length(counterparty) <= 200),
  tags text[] not null default '{}' check (cardinality(tags) <= 20),
  note text not null default '' check (length(note) <= 1000),   -- how it came, where that matters
  added_by uuid not null default guard.user_id(),
  added_at timestamptz not null default now(),
  removed_at timestamptz,
  removed_by uuid,
  primary key (tenant_id, id),
  check ((removed_at is null) = (removed_by is null))
);

create table app.document_version (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  document_id uuid not null,
  line text not null,
  no integer not null check (no > 0),
  stored_object_id uuid not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  size bigint not null check (size > 0),
  media_type text not null check (length(media_type) between 3 and 120),
  added_by uuid not null default guard.user_id(),
  added_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, document_id, no),
  foreign key (tenant_id, document_id) references app.document (tenant_id, id),
  foreign key (tenant_id, stored_object_id) references app.stored_object (tenant_id, id)
);
create index document_version_sha on app.document_version (tenant_id, sha256);
create index document_version_object on app.document_version (tenant_id, stored_object_id);

create table app.document_link (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  document_id uuid not null,
  line text not null,
  subject_type text not null check (subject_type ~ '^[a-z][a-z_]{0,59}$'),
  subject_id uuid not null,
  part integer check (part > 0),               -- which of the invoices that the file holds; null: not said
  linked_by uuid not null default guard.user_id(),
  linked_side text not null default case when guard.is_staff() then 'provider' else 'client' end
    check (linked_side in ('provider', 'client')),
  linked_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, subject_type, subject_id, document_id),
  foreign key (tenant_id, document_id) references app.document (tenant_id, id)
);
create index document_link_document on app.document_link (tenant_id, document_id);

do $$
declare t text;
begin
  foreach t in array '{document, document_version, document_link}'::text[] loop
    execute format('call guard.protect_shared(%L)', 'app.' || t);
    execute format('grant select on app.%I to app_rw, app_worker', t);
    execute format('grant select, insert, update, delete on app.%I to app_restore', t);
    execute format('call guard.demand(%L, %L, %L)', 'app.' || t, '{insert,update,delete}',
      '{document.add,request.answer}');
  end loop;
end $$;
-- Who added and linked is whoever acts: login roles cannot write those columns.
grant insert (tenant_id, id, line, class, name, source, note) on app.document to app_rw, app_worker;
grant update (class, type, period, counterparty, tags, removed_at, removed_by)
  on app.document to app_rw, app_worker;
grant insert (tenant_id, document_id, line, no, stored_object_id, sha256, size, media_type)
  on app.document_version to app_rw, app_worker;
grant insert (tenant_id, document_id, line, subject_type, subject_id, part)
  on app.document_link to app_rw, app_worker;
grant delete on app.document_link to app_rw, app_worker;

call guard.sign('app.document', '{removed_by}');
call guard.stamp('app.document', '{removed_at}');

-- What the provider keeps stays: the client's people narrow a class that the provider set, and take
-- away only what came from their own side, a link within the day in which an act can be undone.
create function app.document_added() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') then
    if new.source in ('link', 'mail') then
      new.added_side := 'client';   -- a system user's job takes in what their people sent
    elsif guard.is_staff() then
      new.provider_class := new.class;
    end if;
  end if;
  return new;
end $$;
create trigger provider_class before insert on app.document
  for each row execute function app.document_added();

create function app.document_changes() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  wider constant text[] := '{owner_only,payroll,normal}';
begin
  if session_user not in ('app_rw', 'app_worker') then
    return new;
  end if;
  if guard.is_staff() then
    if new.class <> old.class then new.provider_class := new.class; end if;
    return new;
  end if;
  if new.class <> old.class
     and array_position(wider, new.class) > array_position(wider, old.provider_class) then
    raise exception 'document-class-of-provider' using errcode = 'BO403';
  end if;
  if new.removed_at is distinct from old.removed_at and old.added_side = 'provider' then
    raise exception 'document-of-provider' using errcode = 'BO403';
  end if;
  return new;
end $$;
create trigger sides before update of class, removed_at on app.document
  for each row execute function app.document_changes();

create function app.document_unlinks() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') and not guard.is_staff() then
    if old.linked_side = 'provider' then
      raise exception 'document-link-of-provider' using errcode = 'BO403';
    elsif old.linked_at <= now() - interval '24 hours' then
      raise exception 'document-link-settled' using errcode = 'BO403';
    end if;
  end if;
  return old;
end $$;
create trigger sides before delete on app.document_link
  for each row execute function app.document_unlinks();

create policy class on app.document as restrictive to app_rw, app_worker
  using (class = 'normal'
    or tenant_id || ':' || class = any ((select guard.document_classes())::text[]))
  with check (class = 'normal'
    or tenant_id || ':' || class = any ((select guard.document_classes())::text[]));
-- A version and a link are seen with their paper, and stand on its line.
create policy paper on app.document_version as restrictive to app_rw, app_worker
  using ((select guard.document_classes()) is not null
    and exists (select from app.document d where d.tenant_id = document_version.tenant_id
    and d.id = document_version.document_id and d.line = document_version.line));
create policy paper on app.document_link as restrictive to app_rw, app_worker
  using ((select guard.document_classes()) is not null
    and exists (select from app.document d where d.tenant_id = document_link.tenant_id
    and d.id = document_link.document_id and d.line = document_link.line));
-- So does the head of the sealed object, whose kind carries the class.
create policy document_class on app.stored_object as restrictive to app_rw, app_worker
  using (kind not in ('document.payroll', 'document.owner_only')
    or tenant_id || ':' || substr(kind, 10) = any ((select guard.document_classes())::text[]));
call app.audit_table('app.document', array['name', 'counterparty', 'note']);
call app.audit_table('app.document_version', array['sha256']);
call app.audit_table('app.document_link');
reset role;
