-- A team's rules for bank lines: which lines, and how they are booked. A rule never books by itself.
set role app_owner;

create table app.bank_rule (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  name text not null check (length(name) between 1 and 100),
  position integer not null default 0,            -- the first that fits wins
  bank_account_id uuid,                           -- null: every bank account
  direction text not null default 'any' check (direction in ('in', 'out', 'any')),
  amount_from_minor bigint check (amount_from_minor >= 0),     -- without sign, both ends included
  amount_to_minor bigint check (amount_to_minor >= amount_from_minor or amount_from_minor is null),
  currency text references app.currency,
  party_pattern text check (length(party_pattern) between 1 and 200),
  text_pattern text check (length(text_pattern) between 1 and 200),
  account_id uuid not null,
  tax_code text,
  dim1_id uuid,
  dim2_id uuid,
  counterparty_id uuid,
  memo text check (length(memo) <= 500),
  needs_document boolean not null default false,  -- whatever the amount
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  check (currency is not null or (amount_from_minor is null and amount_to_minor is null)),
  -- A rule that says nothing about who or what would hit everything. Each pattern given has three
  -- letters or digits, or one letter of a script that writes words in one or two.
  check (party_pattern is not null or text_pattern is not null),
  check (octet_length(translate(party_pattern, '* .,:;/+_&()-', '')) >= 3),
  check (octet_length(translate(text_pattern, '* .,:;/+_&()-', '')) >= 3),
  foreign key (tenant_id, bank_account_id) references app.bank_account (tenant_id, id),
  foreign key (tenant_id, account_id) references ledger.account (tenant_id, id),
  foreign key (tenant_id, tax_code) references ledger.tax_code (tenant_id, code),
  foreign key (tenant_id, dim1_id) references ledger.dimension_value (tenant_id, id),
  foreign key (tenant_id, dim2_id) references ledger.dimension_value (tenant_id, id),
  foreign key (tenant_id, counterparty_id) references ledger.counterparty (tenant_id, id)
);
create index on app.bank_rule (tenant_id, position, id);
create index on app.bank_rule (tenant_id, bank_account_id) where bank_account_id is not null;
create index on app.bank_rule (tenant_id, account_id);

call guard.protect('app.bank_rule', 'accounting');
grant select, insert on app.bank_rule to app_restore;
grant select, insert (tenant_id, id, name, position, bank_account_id, direction, amount_from_minor,
  amount_to_minor, currency, party_pattern, text_pattern, account_id, tax_code, dim1_id, dim2_id,
  counterparty_id, memo, needs_document) on app.bank_rule to app_rw, app_worker;
grant update (name, position, bank_account_id, direction, amount_from_minor, amount_to_minor,
  currency, party_pattern, text_pattern, account_id, tax_code, dim1_id, dim2_id, counterparty_id,
  memo, needs_document, archived_at, version) on app.bank_rule to app_rw, app_worker;
call guard.demand('app.bank_rule', '{insert,update}', '{accounting.post}');
call app.audit_table('app.bank_rule');
reset role;
