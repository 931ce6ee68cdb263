-- Who reaches which ledger table. Login roles only read; entries, postings, balances, periods and
-- accounts change through the doors. A door verifies the signed context once (guard.enter) and
-- names the client in ledger.tenant, which only the policies of the door roles read.
set role app_owner;
do $$
declare t text;
begin
  foreach t in array '{book, fiscal_year, period, period_change, journal, counter, account, tax_code,
    counterparty, dimension, dimension_value, entry, posting, balance}'::text[]
  loop
    execute format('call guard.protect(%L, %L)', 'ledger.' || t, 'accounting');
    execute format(
      'create policy door on ledger.%I to ledger_writer, ledger_reader
         using (tenant_id = (select nullif(current_setting(''ledger.tenant'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''ledger.tenant'', true), '''')::uuid))',
      t);
    execute format(
      'create policy keeper on ledger.%I to ledger_keeper using (true) with check (true)', t);
    execute format(
      'grant select on ledger.%I to app_rw, app_worker, ledger_writer, ledger_keeper, ledger_reader',
      t);
    execute format('grant select on ledger.%I to app_restore', t);
    if t <> 'balance' then                          -- the triggers roll it up again
      execute format('grant insert on ledger.%I to app_restore', t);
    end if;
  end loop;
end $$;

grant insert on ledger.book, ledger.fiscal_year, ledger.period, ledger.period_change,
  ledger.journal, ledger.account, ledger.tax_code, ledger.entry, ledger.posting to ledger_writer;
grant update (fiscal_start_month) on ledger.book to ledger_writer;   -- locking the row needs a right
grant update (state) on ledger.period to ledger_writer, ledger_keeper, app_restore;
grant update (name, subtype, tax_code, archived_at) on ledger.account to ledger_writer;
grant insert, update on ledger.counter to ledger_writer;
grant insert, update on ledger.balance to ledger_keeper;

-- an entry that refers to an approval is compared with what was approved
call guard.admit('app.approval', 'ledger_writer', 'accounting');
grant select on app.approval to ledger_writer;

-- What holds no figures is written by the service layer itself, under the line's policies.
grant insert (tenant_id, id, name, kind, account_id) on ledger.counterparty to app_rw, app_worker;
grant insert on ledger.dimension, ledger.dimension_value, ledger.tax_code,
  ledger.journal to app_rw, app_worker;
grant update (name, kind, account_id, archived_at) on ledger.counterparty to app_rw, app_worker;
grant update (name) on ledger.dimension, ledger.journal to app_rw, app_worker;
grant update (name, archived_at) on ledger.dimension_value to app_rw, app_worker;
grant update (name, account_id, reverse_account_id, archived_at) on ledger.tax_code to app_rw, app_worker;
-- Besides the line it takes what the screens ask, also for raw SQL.
call guard.demand('ledger.counterparty', '{insert,update}', '{accounting.post,accounting.accounts}');
call guard.demand('ledger.dimension', '{insert,update}', '{accounting.accounts}');
call guard.demand('ledger.dimension_value', '{insert,update}', '{accounting.accounts}');
call guard.demand('ledger.tax_code', '{insert,update}', '{accounting.accounts}');
call guard.demand('ledger.journal', '{insert,update}', '{accounting.accounts}');

-- An entry is its own record: who, when and both hashes; period_change is the record of
-- periods. What else can change is audited.
do $$
declare t text;
begin
  foreach t in array '{account, tax_code, counterparty, dimension, dimension_value,
    journal}'::text[]
  loop
    execute format('call app.audit_table(%L)', 'ledger.' || t);
  end loop;
end $$;
reset role;
