-- Open items: each posting on a control account, what is left of it, and what settled it.
set role app_owner;

-- Who a counterparty is known as, for finding it in what a bank writes: its accounts (iban), other
-- spellings (name), words that only stand in its texts (token).
create table ledger.counterparty_alias (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  counterparty_id uuid not null,
  kind text not null check (kind in ('iban', 'name', 'token')),
  value text not null check (length(value) between 1 and 200 and value = btrim(value)),
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, counterparty_id) references ledger.counterparty (tenant_id, id)
);
-- a living alias leads to one counterparty only
create unique index counterparty_alias_once on ledger.counterparty_alias (tenant_id, kind, lower(value))
  where archived_at is null;
create index on ledger.counterparty_alias (tenant_id, counterparty_id);

-- terms_days: when what is claimed falls due, counted from its booking. merged_into_id: the
-- counterparty this one turned out to be; its postings stay where they are.
alter table ledger.counterparty
  add column terms_days smallint not null default 0 check (terms_days between 0 and 730),
  add column version integer not null default 1,
  add column changed_by uuid,                     -- who changed its particulars last, and when
  add column changed_at timestamptz,
  add column merged_into_id uuid check (merged_into_id <> id),
  add foreign key (tenant_id, merged_into_id) references ledger.counterparty (tenant_id, id);
create index on ledger.counterparty (tenant_id, merged_into_id) where merged_into_id is not null;

-- One row a posting on a control account, written by ledger.on_posting() with the posting. residual
-- is what no allocation has settled, in minor units of the currency and of the base currency; it
-- keeps the sign of the posting and never passes zero, whoever writes.
create table ledger.open_item (
  tenant_id uuid not null,
  entry_id uuid not null,
  no smallint not null,
  account_id uuid not null,
  counterparty_id uuid not null,
  control text not null check (control in ('receivable', 'payable')),
  booked_on date not null,
  due_on date not null,
  reference text not null check (length(reference) <= 500),
  currency text not null,
  amount bigint not null,          -- debit positive, as the posting
  base bigint not null,
  residual bigint not null check (residual between least(amount, 0) and greatest(amount, 0)),
  residual_base bigint not null check (residual_base between least(base, 0) and greatest(base, 0)),
  released_on date,                -- the latest day a settlement of it was taken back
  primary key (tenant_id, entry_id, no),
  foreign key (tenant_id, entry_id, no) references ledger.posting (tenant_id, entry_id, no) not enforced,
  foreign key (tenant_id, account_id) references ledger.account (tenant_id, id) not enforced,
  foreign key (tenant_id, counterparty_id)
    references ledger.counterparty (tenant_id, id) not enforced
) with (fillfactor = 80);
-- the aged list from the index alone
create index open_item_open on ledger.open_item
  (tenant_id, control, counterparty_id, due_on, booked_on, entry_id, no)
  include (account_id, currency, residual, residual_base)
  where residual <> 0 or residual_base <> 0;
create index open_item_of on ledger.open_item (tenant_id, counterparty_id, booked_on, entry_id, no);

-- What settled what, append only: amount and base taken from a debit item and a credit item of one
-- account, counterparty and currency, so that their sum stays what the account says. Rows of one id
-- are one act; a release has rows of its own with the opposite sign, which name the act in
-- releases_id. allocated_on is the day from which lists of open items count it.
create table ledger.allocation (
  tenant_id uuid not null,
  id uuid not null,
  no smallint not null check (no > 0),
  debit_entry_id uuid not null,
  debit_no smallint not null,
  credit_entry_id uuid not null,
  credit_no smallint not null,
  allocated_on date not null,
  currency text not null,
  amount bigint not null,
  base bigint not null,
  releases_id uuid,
  difference_entry_id uuid,        -- the exchange difference booked with it
  made_by uuid not null,
  made_at timestamptz not null default now(),
  primary key (tenant_id, id, no),
  check (amount <> 0 or base <> 0),
  foreign key (tenant_id, debit_entry_id, debit_no)
    references ledger.open_item (tenant_id, entry_id, no) not enforced,
  foreign key (tenant_id, credit_entry_id, credit_no)
    references ledger.open_item (tenant_id, entry_id, no) not enforced,
  foreign key (tenant_id, difference_entry_id) references ledger.entry (tenant_id, id) not enforced
);
create unique index allocation_released_once on ledger.allocation (tenant_id, releases_id, no)
  where releases_id is not null;
create index allocation_of_debit on ledger.allocation (tenant_id, debit_entry_id, debit_no);
create index allocation_of_credit on ledger.allocation (tenant_id, credit_entry_id, credit_no);
create index allocation_by_date on ledger.allocation (tenant_id, allocated_on);

do $$
declare t text;
begin
  foreach t in array '{open_item, allocation}'::text[] loop
    execute format('call guard.protect(%L, %L)', 'ledger.' || t, 'accounting');
    execute format(
      'create policy door on ledger.%I to ledger_writer, ledger_reader
         using (tenant_id = (select nullif(current_setting(''ledger.tenant'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''ledger.tenant'', true), '''')::uuid))',
      t);
    execute format(
      'create policy keeper on ledger.%I to ledger_keeper using (true) with check (true)', t);
    execute format(
      'grant select on ledger.%I to app_rw, app_worker, ledger_writer, ledger_keeper, ledger_reader,
         app_restore', t);
  end loop;
end $$;
grant insert, update (residual, residual_base, released_on, due_on, reference)
  on ledger.open_item to ledger_keeper;
grant update (due_on, reference) on ledger.open_item to ledger_writer;
grant insert on ledger.allocation to ledger_writer, app_restore;

call guard.protect('ledger.counterparty_alias', 'accounting');
call guard.demand('ledger.counterparty_alias', '{insert,update}',
  '{accounting.post,accounting.accounts}');
grant select on ledger.counterparty_alias to app_rw, app_worker, app_restore;
grant insert on ledger.counterparty_alias to app_restore;
grant insert (tenant_id, id, counterparty_id, kind, value)
  on ledger.counterparty_alias to app_rw, app_worker;
grant update (archived_at, counterparty_id) on ledger.counterparty_alias to app_rw, app_worker;
grant insert (terms_days), update (terms_days, merged_into_id, version)
  on ledger.counterparty to app_rw, app_worker;
call guard.sign_change('ledger.counterparty', 'changed_by', 'changed_at');
call app.audit_table('ledger.counterparty_alias');
-- an allocation is its own record: who, when, and nothing of it ever changes

create trigger never before update or delete or truncate on ledger.allocation
  for each statement execute function ledger.never();
create trigger never before delete or truncate on ledger.open_item
  for each statement execute function ledger.never();
create trigger never before delete or truncate on ledger.counterparty_alias
  for each statement execute function ledger.never();
reset role;
