-- Pictures of a paper's first pages, made by a job: what is shown of a PDF. Never the paper itself.
-- Page 0 is a small picture of the first, for lists.
set role app_owner;

create table app.document_preview (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  document_id uuid not null,
  line text not null,
  no integer not null check (no > 0),             -- of which version
  page integer not null check (page >= 0),
  stored_object_id uuid not null,
  primary key (tenant_id, id),
  unique (tenant_id, document_id, no, page),
  foreign key (tenant_id, document_id) references app.document (tenant_id, id),
  foreign key (tenant_id, stored_object_id) references app.stored_object (tenant_id, id)
);
create index document_preview_object on app.document_preview (tenant_id, stored_object_id);

call guard.protect_shared('app.document_preview');
grant select on app.document_preview to app_rw, app_worker;
grant insert (tenant_id, document_id, line, no, page, stored_object_id)
  on app.document_preview to app_worker;
grant select, insert, update, delete on app.document_preview to app_restore;
call guard.demand('app.document_preview', '{insert}', '{document.add,request.answer}');
create policy paper on app.document_preview as restrictive to app_rw, app_worker
  using ((select guard.document_classes()) is not null
    and exists (select from app.document d where d.tenant_id = document_preview.tenant_id
      and d.id = document_preview.document_id and d.line = document_preview.line));

-- The sealed objects of a paper carry its class, so they change with it and by nothing else.
call guard.admit('app.document_version', 'storage_door', null);
call guard.admit('app.document_preview', 'storage_door', null);
grant select on app.document_version, app.document_preview to storage_door;
create function app.class_of_objects() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  update app.stored_object o
     set kind = case new.class when 'normal' then 'document' else 'document.' || new.class end
   where o.tenant_id = new.tenant_id and o.id in (
     select v.stored_object_id from app.document_version v
      where v.tenant_id = new.tenant_id and v.document_id = new.id
     union all select p.stored_object_id from app.document_preview p
      where p.tenant_id = new.tenant_id and p.document_id = new.id);
  return null;
end $$;
create trigger class_of_objects after update of class on app.document
  for each row when (new.class <> old.class) execute function app.class_of_objects();
reset role;
alter function app.class_of_objects() owner to storage_door;
