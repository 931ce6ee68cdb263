-- The close of months: when each is due and whose it is, what is left, what was explained, the
-- client's own steps, and closes over a check that was not met, with the reason.
set role app_owner;

-- How a client is closed: by when after the month's end, by whom, and what counts as unusual.
create table app.close_plan (
  tenant_id uuid primary key,
  due_days smallint not null default 10 check (due_days between 0 and 120),
  owner_id uuid,                                  -- who prepares the month
  change_percent smallint not null default 25 check (change_percent between 0 and 1000),
  change_minor bigint not null default 100000 check (change_minor >= 0),   -- of base currency
  version integer not null default 1
);

-- One row a month that has begun. State and who did it are kept by a trigger on ledger.period;
-- what is left is counted by the acts on the close page and, every quarter of an hour, by a job.
create table app.close_month (
  tenant_id uuid not null,
  period_id integer not null,
  starts date not null,
  ends date not null,
  state text not null default 'open' check (state in ('open', 'in_review', 'closed')),
  due_on date not null,
  owner_id uuid,
  handed_in_by uuid,
  handed_in_at timestamptz,
  closed_by uuid,
  closed_at timestamptz,
  reopened_at timestamptz,
  figures jsonb not null default '{}' check (jsonb_typeof(figures) = 'object'),   -- {check: n}
  blocking integer not null default 0 check (blocking >= 0),    -- things that keep it open
  warnings integer not null default 0 check (warnings >= 0),
  counted_at timestamptz,
  counted_version bigint,                         -- the books' version when it was counted
  version integer not null default 1,
  primary key (tenant_id, period_id),
  unique (tenant_id, starts),
  foreign key (tenant_id, period_id) references ledger.period (tenant_id, id)
);
create index close_month_by_start on app.close_month (tenant_id, state, ends);

-- Why an account moved as it did in a month; the reviewer reads it, the client where it is said so.
create table app.close_explanation (
  tenant_id uuid not null,
  period_id integer not null,
  account_id uuid not null,
  month_minor bigint not null,                    -- what was explained: the month's movement
  usual_minor bigint not null,                    -- and the usual one beside it
  text text not null check (length(text) between 1 and 1000),
  in_pack boolean not null default false,
  made_by uuid not null,
  made_at timestamptz not null default now(),
  primary key (tenant_id, period_id, account_id),
  foreign key (tenant_id, period_id) references ledger.period (tenant_id, id),
  foreign key (tenant_id, account_id) references ledger.account (tenant_id, id)
);
create index on app.close_explanation (tenant_id, account_id);

-- The client's own steps. One with a month of its own stands in that month only, the others in
-- each month from the one they were added in until the one before they were taken out.
create table app.close_step (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  title text not null check (length(title) between 1 and 200),
  first_starts date not null,
  only_once boolean not null default false,
  ends_before date,
  made_by uuid not null,
  made_at timestamptz not null default now(),
  primary key (tenant_id, id),
  check (ends_before is null or ends_before >= first_starts)
);

create table app.close_step_done (
  tenant_id uuid not null,
  step_id uuid not null,
  period_id integer not null,
  done boolean not null default true,
  note text check (length(note) <= 500),
  done_by uuid not null,
  done_at timestamptz not null default now(),
  primary key (tenant_id, step_id, period_id),
  foreign key (tenant_id, step_id) references app.close_step (tenant_id, id),
  foreign key (tenant_id, period_id) references ledger.period (tenant_id, id)
);
create index on app.close_step_done (tenant_id, period_id);

-- A close over checks that were not met: which, how many things were left, why, by whom.
create table app.close_override (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  period_id integer not null,
  checks jsonb not null check (jsonb_typeof(checks) = 'object'),   -- {check: n}
  reason text not null check (length(reason) between 10 and 500),
  made_by uuid not null,
  made_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, period_id) references ledger.period (tenant_id, id)
);
create index on app.close_override (tenant_id, period_id, id);

do $$
declare t text;
begin
  foreach t in array '{close_plan, close_month, close_explanation, close_step, close_step_done,
    close_override}'::text[]
  loop
    execute format('call guard.protect(%L, %L)', 'app.' || t, 'accounting');
    execute format('grant select on app.%I to app_rw, app_worker', t);
    execute format('grant select, insert on app.%I to app_restore', t);
  end loop;
end $$;
grant insert (tenant_id, due_days, owner_id, change_percent, change_minor),
  update (due_days, owner_id, change_percent, change_minor, version)
  on app.close_plan to app_rw, app_worker;
grant update (due_on, owner_id, figures, blocking, warnings, counted_at, counted_version, version)
  on app.close_month to app_rw, app_worker;
grant insert (tenant_id, period_id, account_id, month_minor, usual_minor, text, in_pack, made_by),
  update (month_minor, usual_minor, text, in_pack), delete
  on app.close_explanation to app_rw, app_worker;
grant insert (tenant_id, id, title, first_starts, only_once, made_by)
  on app.close_step to app_rw, app_worker;
grant update (title, ends_before) on app.close_step to app_rw, app_worker;
grant insert (tenant_id, step_id, period_id, done, note, done_by), update (done, note)
  on app.close_step_done to app_rw, app_worker;
grant insert (tenant_id, id, period_id, checks, reason, made_by)
  on app.close_override to app_rw, app_worker;

call guard.demand('app.close_plan', '{insert,update}', '{accounting.close}');
call guard.demand('app.close_month', '{update}', '{accounting.post,accounting.close}');
call guard.demand('app.close_explanation', '{insert,update,delete}', '{accounting.post,accounting.close}');
call guard.demand('app.close_step', '{insert,update}', '{accounting.post,accounting.close}');
call guard.demand('app.close_step_done', '{insert,update}', '{accounting.post,accounting.close}');
call guard.demand('app.close_override', '{insert}', '{accounting.close_override}');
call guard.sign('app.close_explanation', '{made_by}');
call guard.sign('app.close_step', '{made_by}');
call guard.sign('app.close_step_done', '{done_by}');
call guard.sign('app.close_override', '{made_by}');
call guard.sign_change('app.close_explanation', 'made_by', 'made_at');
call guard.sign_change('app.close_step_done', 'done_by', 'done_at');

call app.audit_table('app.close_plan');
call app.audit_table('app.close_explanation');
call app.audit_table('app.close_step');
call app.audit_table('app.close_step_done');
call app.audit_table('app.close_override');

-- Whose a month is and by when is written down; what is counted of it, every quarter of an hour, is
-- not.
create function app.close_month_assigned() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') then
    perform app.audit_note('close_month.assigned', 'close_month', null, 'accounting',
      jsonb_build_object('period', new.period_id, 'owner_id', new.owner_id, 'due_on', new.due_on,
        'owner_id_before', old.owner_id, 'due_on_before', old.due_on),
      nullif(current_setting('app.request_id', true), ''));
  end if;
  return null;
end $$;
create trigger close_month_assigned after update on app.close_month for each row
  when ((new.owner_id, new.due_on) is distinct from (old.owner_id, old.due_on))
  execute function app.close_month_assigned();
reset role;
