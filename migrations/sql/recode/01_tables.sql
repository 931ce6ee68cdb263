-- Bulk re-coding: what was changed in one go, so that one undo takes all of it back.
set role app_owner;

create table app.recode (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  -- what was asked: {account_id, tax_code, dim1_id, dim2_id, counterparty_id}; keys left out keep
  change jsonb not null,
  -- what is still to be done by a job: [[entry, [no, …]], …]; emptied as it is done
  waiting jsonb not null default '[]',
  state text not null default 'running' check (state in ('running', 'done', 'undone')),
  lines integer not null check (lines between 1 and 2000),
  lines_done integer not null default 0,
  refused jsonb not null default '[]',            -- [{entry, no, code}]
  job_id uuid,
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  primary key (tenant_id, id)
);
create index on app.recode (tenant_id, made_at desc, id desc);

create table app.recode_entry (
  tenant_id uuid not null,
  recode_id uuid not null,
  entry_id uuid not null,                         -- the entry as it was
  reversal_id uuid not null,
  new_entry_id uuid not null,
  lines integer not null,
  undone_entry_id uuid,                           -- the entry that says again what the first said
  primary key (tenant_id, recode_id, entry_id),
  foreign key (tenant_id, recode_id) references app.recode (tenant_id, id),
  foreign key (tenant_id, entry_id) references ledger.entry (tenant_id, id),
  foreign key (tenant_id, reversal_id) references ledger.entry (tenant_id, id),
  foreign key (tenant_id, new_entry_id) references ledger.entry (tenant_id, id),
  foreign key (tenant_id, undone_entry_id) references ledger.entry (tenant_id, id)
);
create index on app.recode_entry (tenant_id, entry_id);
create index on app.recode_entry (tenant_id, reversal_id);
create index on app.recode_entry (tenant_id, new_entry_id);
create index on app.recode_entry (tenant_id, undone_entry_id);

do $$
declare t text;
begin
  foreach t in array '{recode, recode_entry}'::text[] loop
    execute format('call guard.protect(%L, %L)', 'app.' || t, 'accounting');
    execute format('call guard.demand(%L, %L, %L)', 'app.' || t, '{insert,update}', '{accounting.post}');
    execute format('grant select on app.%I to app_rw, app_worker', t);
    execute format('grant select, insert on app.%I to app_restore', t);
  end loop;
end $$;
-- Who did it and when is whoever acts: login roles cannot write those columns.
grant insert (tenant_id, id, change, lines, refused) on app.recode to app_rw, app_worker;
grant insert (tenant_id, recode_id, entry_id, reversal_id, new_entry_id, lines)
  on app.recode_entry to app_rw, app_worker;
grant update (state, waiting, lines_done, refused, job_id) on app.recode to app_rw, app_worker;
grant update (undone_entry_id) on app.recode_entry to app_rw, app_worker;
call app.audit_table('app.recode', array['waiting', 'refused']);
reset role;
