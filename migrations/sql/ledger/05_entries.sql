-- Entries, their postings and the balances rolled up from them.
-- Foreign keys marked "not enforced" are kept by the triggers of 07, which join these rows once a
-- statement anyway; the rows they point at can never be deleted.
set role app_owner;

create table ledger.entry (
  tenant_id uuid not null,
  id uuid not null,
  entry_date date not null,
  period_id integer not null,
  fiscal_year integer not null,
  journal text not null,
  number bigint not null,
  posting_count smallint not null check (posting_count between 2 and 2000),
  description text not null check (length(description) between 1 and 500),
  kind text not null default 'normal' check (kind in ('normal', 'opening', 'reversal', 'closing')),
  in_review boolean not null default false,        -- made while its period was in review
  source_type text,                                -- what it was booked from, such as bank_transaction
  source_id uuid,
  reverses_id uuid,
  approved_ref uuid,                               -- the approval that covers request_sha
  idem_key text not null check (length(idem_key) between 1 and 200),
  request_sha bytea not null check (length(request_sha) = 32),  -- what was asked, see 08
  leaf bytea not null check (length(leaf) = 32),                -- what was written, see 08
  made_by uuid not null,
  created_at timestamptz not null default now(),
  created_xid xid8 not null default pg_current_xact_id(),       -- the seal: postings share it
  unique (tenant_id, idem_key),
  unique (tenant_id, journal, fiscal_year, number),
  check ((kind = 'reversal') = (reverses_id is not null)),
  check ((source_type is null) = (source_id is null)),
  foreign key (tenant_id, period_id) references ledger.period (tenant_id, id) not enforced,
  foreign key (tenant_id, journal) references ledger.journal (tenant_id, code) not enforced
);
create unique index entry_reversed_once on ledger.entry (tenant_id, reverses_id)
  where reverses_id is not null;
create unique index entry_approved_once on ledger.entry (tenant_id, approved_ref)
  where approved_ref is not null;
create index entry_source on ledger.entry (tenant_id, source_type, source_id)
  where source_id is not null;
create index entry_by_date on ledger.entry (tenant_id, entry_date, id);
-- Primary keys come last: while a table is empty all its indexes cost the same, and the planner
-- takes the newest.
alter table ledger.entry add primary key (tenant_id, id);
alter table ledger.entry add
  foreign key (tenant_id, reverses_id) references ledger.entry (tenant_id, id) not enforced;

create table ledger.posting (
  tenant_id uuid not null,
  entry_id uuid not null,
  no smallint not null,
  account_id uuid not null,
  period_id integer not null,
  entry_date date not null,
  currency text not null,
  amount bigint not null,          -- minor units of currency, debit positive
  base bigint not null,            -- minor units of the book's base currency
  counterparty_id uuid,
  tax_code text,
  dim1_id uuid,
  dim2_id uuid,
  memo text check (length(memo) <= 500),
  foreign key (tenant_id, entry_id) references ledger.entry (tenant_id, id) not enforced,
  foreign key (tenant_id, account_id) references ledger.account (tenant_id, id) not enforced,
  foreign key (tenant_id, counterparty_id)
    references ledger.counterparty (tenant_id, id) not enforced,
  foreign key (tenant_id, tax_code) references ledger.tax_code (tenant_id, code) not enforced,
  foreign key (tenant_id, dim1_id) references ledger.dimension_value (tenant_id, id) not enforced,
  foreign key (tenant_id, dim2_id) references ledger.dimension_value (tenant_id, id) not enforced
);
-- the account page in its order, with the running balance from the index alone
create index posting_by_account
  on ledger.posting (tenant_id, account_id, entry_date, entry_id, no) include (base);
alter table ledger.posting add primary key (tenant_id, entry_id, no);

-- Turnover by account and currency: grain d is a day, m a calendar month; starts is its first day.
create table ledger.balance (
  tenant_id uuid not null,
  grain "char" not null check (grain in ('d', 'm')),
  account_id uuid not null,
  starts date not null,
  currency text not null,
  debit bigint not null,
  credit bigint not null,
  base_debit bigint not null,
  base_credit bigint not null,
  primary key (tenant_id, grain, account_id, starts, currency),
  foreign key (tenant_id, account_id) references ledger.account (tenant_id, id) not enforced
) with (fillfactor = 70);

reset role;
