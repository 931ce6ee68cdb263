-- From which amount on a client's bank lines need a document.
set role app_owner;

create table app.reconcile_setting (
  tenant_id uuid primary key,
  paper_from numeric(14,2) not null check (paper_from >= 0),   -- whole units, each account's currency
  version integer not null default 1,
  made_at timestamptz not null default now()
);
call guard.protect('app.reconcile_setting', 'accounting');
grant select on app.reconcile_setting to app_rw, app_worker;
grant insert (tenant_id, paper_from), update (paper_from, version)
  on app.reconcile_setting to app_rw, app_worker;
grant select, insert, update, delete on app.reconcile_setting to app_restore;
call guard.demand('app.reconcile_setting', '{insert,update}', '{accounting.post}');
call app.audit_table('app.reconcile_setting', array['paper_from']);
reset role;
