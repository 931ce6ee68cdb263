-- Bank accounts, the statement files that came for them, and their lines. Nothing here is ever
-- deleted: a line is the bank's word, what is done with it stands in state and entry_id.
set role app_owner;

create table app.bank_account (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  number text not null check (number ~ '^[0-9A-Z/]{1,60}$'),   -- as first seen, without blanks
  name text not null check (length(name) between 1 and 100),
  currency text not null references app.currency,
  account_id uuid not null,                       -- where it stands in the books
  version integer not null default 1,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, account_id),
  foreign key (tenant_id, account_id) references ledger.account (tenant_id, id)
);

-- Every number a bank account is known by in files: IBAN, bank code and number, card.
create table app.bank_account_number (
  tenant_id uuid not null,
  number text not null check (number ~ '^[0-9A-Z/]{1,60}$'),
  currency text not null,
  bank_account_id uuid not null,
  primary key (tenant_id, number, currency),
  foreign key (tenant_id, bank_account_id) references app.bank_account (tenant_id, id)
);
create index on app.bank_account_number (tenant_id, bank_account_id);

create table app.statement_file (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  stored_object_id uuid not null,
  name text not null check (length(name) between 1 and 255),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  size bigint not null check (size > 0),
  format text check (length(format) <= 20),
  -- waiting: an account number nobody knows yet; importing: a job is at it
  state text not null check (state in ('waiting', 'importing', 'imported', 'refused')),
  accounts jsonb not null default '[]',           -- [{number, currency, lines}] as the file has them
  warnings jsonb not null default '[]',           -- [{code, line, message}]
  error jsonb,                                    -- {code, line, message} of a refused file
  lines_total integer not null default 0,
  lines_new integer not null default 0,
  job_id uuid,
  uploaded_by uuid not null,
  uploaded_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, sha256),
  check ((state = 'refused') = (error is not null)),
  foreign key (tenant_id, stored_object_id) references app.stored_object (tenant_id, id)
);
create index on app.statement_file (tenant_id, uploaded_at desc, id desc);
create index on app.statement_file (tenant_id, stored_object_id);

create table app.statement (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  file_id uuid not null,
  position integer not null,                      -- its place in the file, from 0
  bank_account_id uuid not null,
  number text check (length(number) <= 100),
  page text check (length(page) <= 20),
  currency text not null,
  from_on date,
  to_on date,
  opening_minor bigint,
  closing_minor bigint,
  balances_agree boolean,
  primary key (tenant_id, id),
  unique (tenant_id, file_id, position),
  unique (tenant_id, bank_account_id, id),        -- for its lines, which are of the same account
  foreign key (tenant_id, file_id) references app.statement_file (tenant_id, id),
  foreign key (tenant_id, bank_account_id) references app.bank_account (tenant_id, id)
);
create index on app.statement (tenant_id, bank_account_id, to_on desc, position desc);

create table app.bank_transaction (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  bank_account_id uuid not null,
  statement_id uuid not null,
  booked_on date not null,
  value_on date,
  amount_minor bigint not null,                   -- positive: money into the account
  currency text not null check (currency ~ '^[A-Z]{3}$'),     -- its account's, copied
  status text not null check (status in ('booked', 'pending')),
  counterparty text check (length(counterparty) <= 500),
  counterparty_account text check (length(counterparty_account) <= 100),
  reference text check (length(reference) <= 500),
  end_to_end_id text check (length(end_to_end_id) <= 500),
  bank_id text check (length(bank_id) <= 500),
  text text not null default '' check (length(text) <= 4000),
  amount_written text check (length(amount_written) <= 80),   -- where finer than the currency
  line integer,                                   -- where it stands in the file
  state text not null default 'to_do' check (state in ('to_do', 'booked')),
  entry_id uuid,
  version integer not null default 1,
  dedupe_key bytea not null check (length(dedupe_key) = 32),
  occurrence integer not null check (occurrence > 0),
  primary key (tenant_id, id),
  -- the same line in two files is one line; true twins differ by their occurrence in the file
  unique (tenant_id, bank_account_id, dedupe_key, occurrence),
  check ((state = 'booked') = (entry_id is not null)),
  -- one look a line, which there are many of: the statement is of the account and names it
  foreign key (tenant_id, bank_account_id, statement_id)
    references app.statement (tenant_id, bank_account_id, id),
  foreign key (tenant_id, entry_id) references ledger.entry (tenant_id, id)
);
-- Every index costs each new line 1 to 5 microseconds: one account's lines by day are read here or
-- from bank_transaction_sums, whichever is shorter.
create index on app.bank_transaction (tenant_id, booked_on, id);
create index bank_transaction_to_do on app.bank_transaction (tenant_id, booked_on, id)
  where state = 'to_do' and status = 'booked';
create index on app.bank_transaction (tenant_id, statement_id);
create index on app.bank_transaction (tenant_id, entry_id) where entry_id is not null;
create index on app.bank_transaction (tenant_id, abs(amount_minor), booked_on, id);

-- What one unit of a currency is worth in the client's base currency, from that day on.
create table app.exchange_rate (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  currency text not null references app.currency,
  rated_on date not null,
  rate numeric(20, 10) not null check (rate > 0),
  primary key (tenant_id, id),
  unique (tenant_id, currency, rated_on)
);

do $$
declare t text;
begin
  foreach t in array '{bank_account, bank_account_number, statement_file, statement,
    bank_transaction, exchange_rate}'::text[]
  loop
    execute format('call guard.protect(%L, %L)', 'app.' || t, 'accounting');
    execute format('grant select on app.%I to app_rw, app_worker', t);
    execute format('grant select, insert on app.%I to app_restore', t);
  end loop;
end $$;
-- Times, versions and what a job finds out are the database's; a line comes in to be done, and only
-- whoever may post says that it is booked.
grant insert (tenant_id, id, number, name, currency, account_id) on app.bank_account
  to app_rw, app_worker;
grant insert on app.bank_account_number, app.statement, app.exchange_rate to app_rw, app_worker;
grant insert (tenant_id, id, stored_object_id, name, sha256, size, format, state, accounts, warnings,
  error, uploaded_by) on app.statement_file to app_rw, app_worker;
grant insert (tenant_id, id, bank_account_id, statement_id, booked_on, value_on, amount_minor,
  currency, status, counterparty, counterparty_account, reference, end_to_end_id, bank_id, text,
  amount_written, line, dedupe_key, occurrence) on app.bank_transaction to app_rw, app_worker;
call guard.demand('app.bank_account', '{insert,update}', '{accounting.accounts}');
call guard.demand('app.exchange_rate', '{insert,update}', '{accounting.post}');
call guard.demand('app.statement_file', '{insert,update}', '{accounting.import,accounting.accounts}');
call guard.demand('app.statement', '{insert}', '{accounting.import,accounting.accounts}');
call guard.demand('app.bank_account_number', '{insert}', '{accounting.import,accounting.accounts}');
call guard.demand('app.bank_transaction', '{insert}', '{accounting.import,accounting.accounts}');
call guard.demand('app.bank_transaction', '{update}',
  '{accounting.post,accounting.import,accounting.accounts}');
call guard.sign('app.statement_file', '{uploaded_by}');

create function app.only_who_posts() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') and not guard.entitled('accounting.post') then
    raise exception 'refused: accounting.post' using errcode = '42501';
  end if;
  return null;
end $$;
create trigger only_who_posts before update of state, entry_id on app.bank_transaction
  for each statement execute function app.only_who_posts();

grant update (name, version) on app.bank_account to app_rw, app_worker;
grant update (format, state, accounts, warnings, error, lines_total, lines_new, job_id)
  on app.statement_file to app_rw, app_worker;
grant update (status, booked_on, value_on, state, entry_id, version)
  on app.bank_transaction to app_rw, app_worker;
grant update (rate) on app.exchange_rate to app_rw, app_worker;

call app.audit_table('app.bank_account');
call app.audit_table('app.statement_file', array['accounts', 'warnings']);
call app.audit_table('app.exchange_rate');
reset role;
