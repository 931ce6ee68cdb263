-- The currencies of ISO 4217 with the number of decimals of their minor unit; seeded by the
-- revision from app/kernel/money.py, so that Python and the database cannot differ.
set role app_owner;
create table app.currency (
  code text primary key check (code ~ '^[A-Z]{3}$'),
  exponent smallint not null check (exponent between 0 and 4)
);
select guard.register('app.currency', 'reference', null, null);
grant select on app.currency to app_rw, app_worker, app_restore,
  ledger_writer, ledger_keeper, ledger_reader;
reset role;
