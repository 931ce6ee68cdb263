-- What taking statements in remembers: mappings of tables, sums of statements, settled pending
-- lines, and why a gap is none.
set role app_owner;

-- How the columns of a table are read, by bank account and shape of the header.
create table app.statement_mapping (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  bank_account_id uuid not null,
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  mapping jsonb not null check (length(mapping::text) <= 60000),
  made_by uuid not null,
  changed_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, bank_account_id, fingerprint),
  foreign key (tenant_id, bank_account_id) references app.bank_account (tenant_id, id)
);
call guard.protect('app.statement_mapping', 'accounting');
grant select on app.statement_mapping to app_rw, app_worker;
grant insert (tenant_id, id, bank_account_id, fingerprint, mapping, made_by), update (mapping)
  on app.statement_mapping to app_rw, app_worker;
grant select, insert on app.statement_mapping to app_restore;
call guard.demand('app.statement_mapping', '{insert,update}',
  '{accounting.import,accounting.accounts}');
call guard.sign('app.statement_mapping', '{made_by}');
call guard.sign_change('app.statement_mapping', 'made_by', 'changed_at');
call app.audit_table('app.statement_mapping', array['mapping']);

alter table app.statement_file
  drop constraint statement_file_state_check,
  -- mapping: a table whose columns nobody has confirmed yet
  add constraint statement_file_state_check
    check (state in ('mapping', 'waiting', 'importing', 'imported', 'refused')),
  add column mapping jsonb check (length(mapping::text) <= 60000),
  -- who brought it: staff in the client, staff on the desk, the client at the portal, a program
  add column source text not null default 'staff'
    check (source in ('staff', 'desk', 'portal', 'api', 'tray'));
grant insert (mapping, source), update (mapping) on app.statement_file to app_rw, app_worker;
create index statement_file_open on app.statement_file (tenant_id, uploaded_at)
  where state in ('mapping', 'waiting', 'refused');

-- What a statement itself says of its lines, wherever these came from first.
alter table app.statement
  add column lines integer not null default 0,
  add column booked_minor bigint not null default 0;

-- A pending line that the bank booked keeps its row, and remembers what it was called before, so
-- that the file that brought it may come again, or come late.
alter table app.bank_transaction
  add column pending_key bytea check (length(pending_key) = 32),
  add column pending_occurrence integer,
  add constraint bank_transaction_settled
    check ((pending_key is null) = (pending_occurrence is null));
create unique index bank_transaction_pending_once on app.bank_transaction
  (tenant_id, bank_account_id, pending_key, pending_occurrence) where pending_key is not null;
create index bank_transaction_pending on app.bank_transaction
  (tenant_id, bank_account_id, booked_on) where status = 'pending';
grant update (amount_minor, counterparty, counterparty_account, reference, end_to_end_id, bank_id,
  text, amount_written, line, statement_id, dedupe_key, occurrence, pending_key, pending_occurrence)
  on app.bank_transaction to app_rw, app_worker;

-- The bank's word stands: only what is pending may change, and only while no entry rests on it.
create function app.only_pending_changes() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') and (old.status <> 'pending' or old.entry_id is not null) then
    raise exception 'refused: a booked bank line' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger only_pending_changes before update of status, booked_on, value_on, amount_minor,
  counterparty, counterparty_account, reference, end_to_end_id, bank_id, text, amount_written, line,
  statement_id, dedupe_key, occurrence on app.bank_transaction
  for each row execute function app.only_pending_changes();

-- What a line was called while it was pending is written once.
create function app.pending_key_once() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') then
    raise exception 'refused: a settled bank line' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger pending_key_once before update of pending_key, pending_occurrence
  on app.bank_transaction for each row
  when (old.pending_key is not null and (new.pending_key, new.pending_occurrence)
    is distinct from (old.pending_key, old.pending_occurrence))
  execute function app.pending_key_once();

-- Why a gap before a statement is none: kept with who said so, taken back by removing it.
create table app.statement_gap_note (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  statement_id uuid not null,                     -- the statement after the gap
  why text not null check (length(why) between 1 and 500),
  made_by uuid not null,
  made_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, statement_id),
  foreign key (tenant_id, statement_id) references app.statement (tenant_id, id)
);
call guard.protect('app.statement_gap_note', 'accounting');
grant select, insert (tenant_id, id, statement_id, why, made_by), delete
  on app.statement_gap_note to app_rw, app_worker;
grant select, insert on app.statement_gap_note to app_restore;
call guard.demand('app.statement_gap_note', '{insert,delete}', '{accounting.import}');
call guard.sign('app.statement_gap_note', '{made_by}');
call app.audit_table('app.statement_gap_note');
reset role;
