-- What a machine read off a content of a paper: its text by page, and its fields with their places.
-- A correction is one more row of a field; nothing that was read is ever changed or lost.
set role app_owner;

-- Text of the pages, for the search; page 1 holds everything where a kind has no pages.
create table app.document_text (
  tenant_id uuid not null,
  version_id uuid not null,
  page_no integer not null check (page_no > 0),
  document_id uuid not null,
  line text not null,
  text text not null check (length(text) <= 200000),
  primary key (tenant_id, version_id, page_no),
  foreign key (tenant_id, version_id) references app.document_version (tenant_id, id),
  foreign key (tenant_id, document_id) references app.document (tenant_id, id)
);
create index document_text_document on app.document_text (tenant_id, document_id);

create table app.document_reading (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  document_id uuid not null,
  version_id uuid not null,
  line text not null,
  state text not null check (state in ('to_check', 'machine', 'confirmed', 'nothing', 'refused')),
  code text check (code ~ '^[a-z][a-z-]{1,60}$'),       -- why nothing or refused
  kind text not null check (kind ~ '^[a-z]{1,20}$'),    -- cii, ubl, fatturapa, pdf, image, text
  method text check (method in ('xml', 'text', 'ocr')),
  pages integer not null default 0 check (pages >= 0),
  pages_read integer not null default 0 check (pages_read between 0 and pages),
  no integer not null default 1 check (no > 0),         -- which of the invoices that the file holds
  further integer not null default 0 check (further >= 0),   -- how many others it holds
  lines jsonb not null default '[]' check (jsonb_typeof(lines) = 'array'),
  faults jsonb not null default '[]' check (jsonb_typeof(faults) = 'array'),
  is_current boolean not null default true,
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  decided_by uuid,                                      -- who confirmed or set it aside
  decided_at timestamptz,
  version integer not null default 1,
  primary key (tenant_id, id),
  foreign key (tenant_id, document_id) references app.document (tenant_id, id),
  foreign key (tenant_id, version_id) references app.document_version (tenant_id, id),
  check ((decided_at is null) = (decided_by is null)),
  check (state <> 'confirmed' or decided_at is not null)
);
create unique index document_reading_current on app.document_reading (tenant_id, document_id, no)
  where is_current;
create index document_reading_version on app.document_reading (tenant_id, version_id);
create index document_reading_to_check on app.document_reading (tenant_id, id)
  where is_current and state = 'to_check';

create table app.document_field (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  reading_id uuid not null,
  document_id uuid not null,
  line text not null,
  field text not null check (field ~ '^[a-z][a-z_]{0,39}$'),
  no integer not null check (no > 0),                   -- the newest counts
  value text check (length(value) between 1 and 2000),  -- null: a person says it is not there
  minor bigint,                                         -- of amounts, in the currency's minor units
  on_day date,
  confidence numeric(4, 3) not null check (confidence between 0 and 1),
  method text not null check (method in ('xml', 'text', 'ocr', 'template', 'person')),
  template_id uuid,
  page integer check (page > 0),
  place real[] check (cardinality(place) = 4),          -- left, top, right, bottom: parts of the page
  said_by uuid not null default guard.user_id(),
  said_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, reading_id, field, no),
  foreign key (tenant_id, reading_id) references app.document_reading (tenant_id, id),
  check ((page is null) = (place is null))
);
create index document_field_document on app.document_field (tenant_id, document_id);
create index document_field_number on app.document_field (tenant_id, left(value, 100))
  where field = 'invoice_number';

do $$
declare t text;
begin
  foreach t in array '{document_text, document_reading, document_field}'::text[] loop
    execute format('call guard.protect_shared(%L)', 'app.' || t);
    execute format('grant select on app.%I to app_rw, app_worker', t);
    execute format('grant select, insert, update, delete on app.%I to app_restore', t);
    execute format('create policy paper on app.%1$I as restrictive to app_rw, app_worker'
      ' using ((select guard.document_classes()) is not null'
      ' and exists (select from app.document d where d.tenant_id = %1$I.tenant_id'
      ' and d.id = %1$I.document_id and d.line = %1$I.line))', t);
  end loop;
end $$;
-- The job writes what was read, as whoever added the paper; people correct and decide.
grant insert (tenant_id, version_id, page_no, document_id, line, text),
  delete on app.document_text to app_worker;
grant insert (tenant_id, id, document_id, version_id, line, state, code, kind, method, pages,
  pages_read, no, further, lines, faults) on app.document_reading to app_worker;
grant update (is_current, state, decided_by, decided_at, version) on app.document_reading to app_rw, app_worker;
grant insert (tenant_id, reading_id, document_id, line, field, no, value, minor, on_day, confidence,
  method, template_id, page, place) on app.document_field to app_rw, app_worker;

call guard.demand('app.document_text', '{insert,delete}',
  '{document.add,request.answer,document.check}');
call guard.demand('app.document_reading', '{insert}',
  '{document.add,request.answer,document.check}');
call guard.demand('app.document_field', '{insert}', '{document.add,request.answer,document.check}');
create policy checks on app.document_reading as restrictive for update to app_rw
  using ((select guard.entitled('document.check')))
  with check ((select guard.entitled('document.check')));
create policy replaces on app.document_reading as restrictive for update to app_worker
  using ((select guard.entitled('document.add', 'request.answer', 'document.check')));
create policy corrects on app.document_field as restrictive for insert to app_rw
  with check (method = 'person' and (select guard.entitled('document.check')));
call guard.sign('app.document_reading', '{decided_by}');
call guard.stamp('app.document_reading', '{decided_at}');
call app.audit_table('app.document_reading', array['lines', 'faults']);
call app.audit_table('app.document_field', array['value', 'minor', 'on_day']);
reset role;
