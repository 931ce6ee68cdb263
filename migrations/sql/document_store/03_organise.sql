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
reset role;
