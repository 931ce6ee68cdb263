-- What corrections taught about a supplier's papers: for each field where it stands, or its constant
-- value. The newest counts; nothing is changed but that it is dropped. Never leaves the client.
set role app_owner;

create table app.reading_template (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  document_id uuid not null,                            -- the paper it was learnt from
  reading_id uuid not null,                             -- may go when its paper is disposed of
  line text not null,
  supplier_kind text not null check (supplier_kind in ('vat', 'iban', 'name')),
  supplier text not null check (length(supplier) between 2 and 200),    -- folded, without separators
  field text not null check (field ~ '^[a-z][a-z_]{0,39}$'),
  constant text check (length(constant) between 1 and 2000),
  label text check (length(label) between 1 and 200),
  beside text check (beside in ('right', 'below')),
  page integer check (page <> 0),                       -- from the start, negative from the end
  place real[] check (cardinality(place) = 4),
  month_first boolean not null default false,
  learnt_by uuid not null default guard.user_id(),
  learnt_at timestamptz not null default now(),
  dropped_by uuid,
  dropped_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, document_id) references app.document (tenant_id, id),
  check ((dropped_at is null) = (dropped_by is null)),
  check ((label is null) = (beside is null)),
  check ((page is null) = (place is null)),
  check (constant is not null or label is not null or place is not null)
);
create index reading_template_living on app.reading_template (tenant_id, supplier_kind, supplier)
  where dropped_at is null;
create index reading_template_document on app.reading_template (tenant_id, document_id);
alter table app.document_field
  add foreign key (tenant_id, template_id) references app.reading_template (tenant_id, id);
create index document_field_template on app.document_field (tenant_id, template_id)
  where template_id is not null;
create index document_field_amount on app.document_field (tenant_id, minor)
  where field in ('payable_minor', 'total_minor');

call guard.protect_shared('app.reading_template');
grant select on app.reading_template to app_rw, app_worker;
grant select, insert, update, delete on app.reading_template to app_restore;
grant insert (tenant_id, document_id, reading_id, line, supplier_kind, supplier, field, constant,
  label, beside, page, place, month_first) on app.reading_template to app_worker;
grant update (dropped_by, dropped_at) on app.reading_template to app_rw, app_worker;
call guard.demand('app.reading_template', '{insert,update}', '{document.check}');
call guard.sign('app.reading_template', '{dropped_by}');
call guard.stamp('app.reading_template', '{dropped_at}');
-- As the paper it was learnt from is seen, so is what was learnt.
create policy paper on app.reading_template as restrictive to app_rw, app_worker
  using ((select guard.document_classes()) is not null
    and exists (select from app.document d where d.tenant_id = reading_template.tenant_id
    and d.id = reading_template.document_id and d.line = reading_template.line));
call app.audit_table('app.reading_template', array['constant', 'supplier', 'label']);
reset role;
