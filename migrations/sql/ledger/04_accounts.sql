-- The chart and what postings point at besides accounts.
set role app_owner;

create table ledger.account (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  code text not null check (length(code) between 1 and 200),
  name text not null check (length(name) between 1 and 200),
  type text not null check (type in ('asset', 'liability', 'equity', 'income', 'expense')),
  -- the report section, such as bank, cost_of_sales or operating_expense
  subtype text check (subtype ~ '^[a-z][a-z_]{1,39}$'),
  currency text references app.currency,         -- null: postings in any currency
  -- a control account: every posting names its counterparty
  control text check (control in ('receivable', 'payable')),
  tax_code text,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  unique (tenant_id, code)
);
alter table ledger.account add primary key (tenant_id, id);

create table ledger.tax_code (
  tenant_id uuid not null,
  code text not null check (code ~ '^[A-Z0-9][A-Z0-9_.%-]{0,19}$'),
  name text not null check (length(name) between 1 and 100),
  rate numeric(9, 6) not null check (rate between -1 and 10),   -- 0.2 is 20 percent
  account_id uuid,                                 -- where the tax is booked
  -- reverse charge: where the tax owed is booked, with account_id for what is deducted of it
  reverse_account_id uuid check (reverse_account_id <> account_id),
  archived_at timestamptz,
  primary key (tenant_id, code),
  foreign key (tenant_id, account_id) references ledger.account (tenant_id, id),
  foreign key (tenant_id, reverse_account_id) references ledger.account (tenant_id, id)
);
alter table ledger.account
  add foreign key (tenant_id, tax_code) references ledger.tax_code (tenant_id, code);

create table ledger.counterparty (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  name text not null check (length(name) between 1 and 200),
  kind text not null default 'other'
    check (kind in ('customer', 'supplier', 'employee', 'authority', 'other')),
  account_id uuid,                                 -- what is proposed when booking with it
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, account_id) references ledger.account (tenant_id, id)
);
create index on ledger.counterparty (tenant_id, lower(name), id);

-- Up to two dimensions, such as cost centre and project; slot says which column of a posting.
create table ledger.dimension (
  tenant_id uuid not null,
  slot smallint not null check (slot in (1, 2)),
  name text not null check (length(name) between 1 and 60),
  primary key (tenant_id, slot)
);

create table ledger.dimension_value (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  slot smallint not null,
  code text not null check (length(code) between 1 and 40),
  name text not null check (length(name) between 1 and 100),
  archived_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, slot, code),
  foreign key (tenant_id, slot) references ledger.dimension (tenant_id, slot)
);

reset role;
