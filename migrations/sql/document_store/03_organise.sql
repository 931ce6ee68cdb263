-- What came twice: the same content is the same paper, and who else brought it is not lost.
set role app_owner;
create table app.document_again (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  document_id uuid not null,
  line text not null,
  name text not null check (length(name) between 1 and 255),
  source text not null check (source ~ '^[a-z][a-z_]{0,29}$'),
  added_by uuid not null default guard.user_id(),
  added_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, document_id) references app.document (tenant_id, id)
);
create index document_again_document on app.document_again (tenant_id, document_id, id);
call guard.protect_shared('app.document_again');
call guard.demand('app.document_again', '{insert}', '{document.add,request.answer}');
grant select, insert (tenant_id, document_id, line, name, source)
  on app.document_again to app_rw, app_worker;
grant select, insert, update, delete on app.document_again to app_restore;
create policy paper on app.document_again as restrictive to app_rw, app_worker
  using ((select guard.document_classes()) is not null
    and exists (select from app.document d where d.tenant_id = document_again.tenant_id
    and d.id = document_again.document_id and d.line = document_again.line));
call app.audit_table('app.document_again', array['name']);

-- A new version follows the newest: the paper shows it from then on, and keeps what it was. A
-- client's people replace what their own side added.
create function app.version_follows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  d app.document;
begin
  if session_user not in ('app_rw', 'app_worker') or new.no = 1 then
    return new;
  end if;
  select * into d from app.document
   where tenant_id = new.tenant_id and id = new.document_id for update;
  if not found then
    return new;                        -- another client's, or none: policies and keys refuse it
  elsif d.removed_at is not null or not app.sees_class(d.tenant_id, d.class) then
    raise exception 'not-found' using errcode = 'BO404';
  elsif new.no <> d.version + 1 then
    raise exception 'document-version-taken' using errcode = 'BO409';
  elsif d.added_side = 'provider' and not guard.is_staff() then
    raise exception 'document-of-provider' using errcode = 'BO403';
  end if;
  update app.document set version = new.no where tenant_id = d.tenant_id and id = d.id;
  return new;
end $$;
create trigger version_follows before insert on app.document_version
  for each row execute function app.version_follows();
create index document_period on app.document (tenant_id, period desc, id desc)
  where removed_at is null;
reset role;
alter function app.version_follows() owner to paper_door;
