-- One client's books: base currency, fiscal years, periods, journals and their counters.
set role app_owner;

-- The row a door locks before anything else: posts, closes and chart changes of one client
-- come one after the other, so that no two transactions can wait for each other.
create table ledger.book (
  tenant_id uuid primary key,
  base_currency text not null references app.currency,
  fiscal_start_month smallint not null default 1 check (fiscal_start_month between 1 and 12),
  created_at timestamptz not null default now()
);

-- A fiscal year is named after the calendar year it ends in.
create table ledger.fiscal_year (
  tenant_id uuid not null,
  year integer not null check (year between 1900 and 2201),
  starts date not null,
  ends date not null,
  primary key (tenant_id, year),
  check (starts < ends)
);

-- A period is one calendar month: id = fiscal year * 100 + its place in the year.
create table ledger.period (
  tenant_id uuid not null,
  id integer not null,
  fiscal_year integer not null,
  starts date not null,
  ends date not null,
  state text not null default 'open' check (state in ('open', 'in_review', 'closed')),
  primary key (tenant_id, id),
  unique (tenant_id, starts),
  foreign key (tenant_id, fiscal_year) references ledger.fiscal_year (tenant_id, year),
  check (id / 100 = fiscal_year),
  check (starts <= ends)
);

-- Who closed or reopened what, when and why; rows come from ledger.set_period only.
create table ledger.period_change (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  period_id integer not null,
  from_state text not null,
  to_state text not null,
  reason text not null default '' check (length(reason) <= 500),
  made_by uuid not null,
  made_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, period_id) references ledger.period (tenant_id, id)
);
create index on ledger.period_change (tenant_id, period_id, id);

create table ledger.journal (
  tenant_id uuid not null,
  code text not null check (code ~ '^[A-Z][A-Z0-9]{1,9}$'),
  name text not null check (length(name) between 1 and 100),
  kind text not null default 'general'
    check (kind in ('general', 'bank', 'opening', 'sales', 'purchases', 'closing')),
  primary key (tenant_id, code)
);

-- The last number given in a journal and fiscal year; without gaps, since the row stays locked
-- until the entry that took the number is committed. Half-empty pages keep updates in place.
create table ledger.counter (
  tenant_id uuid not null,
  journal text not null,
  fiscal_year integer not null,
  n bigint not null check (n > 0),
  primary key (tenant_id, journal, fiscal_year),
  foreign key (tenant_id, journal) references ledger.journal (tenant_id, code)
) with (fillfactor = 20);

reset role;
