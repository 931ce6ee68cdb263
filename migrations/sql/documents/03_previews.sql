-- Pictures of a paper's first pages, made by a job: what is shown of a PDF. Never the paper itself.
set role app_owner;

create table app.document_preview (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  document_id uuid not null,
  line text not null,
  no integer not null check (no > 0),             -- of which version
  page integer not null check (page > 0),
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
reset role;
