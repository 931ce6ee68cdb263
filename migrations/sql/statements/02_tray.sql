-- Files dropped on the desk: what no client could be found for lies in the provider's tray, and
-- what became of a drop is shown to whoever dropped it.
set role app_owner;

create table app.statement_tray (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  stored_object_id uuid not null,
  name text not null check (length(name) between 1 and 255),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  size bigint not null check (size > 0),
  format text check (length(format) <= 20),
  numbers jsonb not null default '[]',            -- [{number, currency, lines}] as the file has them
  error jsonb,                                    -- {code, line, text, params} where unreadable
  reason text not null check (reason in ('unknown', 'several', 'no_number', 'refused')),
  state text not null default 'waiting' check (state in ('waiting', 'assigned', 'discarded')),
  -- where the copy went: rows never change their tenant
  given_tenant_id uuid,
  given_file_id uuid,
  -- who is copying it, where to, since when: one at a time, over two transactions
  claimed_tenant_id uuid,
  claimed_by uuid,
  claimed_at timestamptz,
  dropped_by uuid not null,
  dropped_at timestamptz not null default now(),
  done_by uuid,
  done_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, sha256),
  check ((state = 'assigned') = (given_file_id is not null)),
  check ((state = 'waiting') = (done_at is null)),
  check (num_nulls(claimed_tenant_id, claimed_by, claimed_at) in (0, 3)),
  foreign key (tenant_id, stored_object_id) references app.stored_object (tenant_id, id)
);
create index on app.statement_tray (tenant_id, state, dropped_at desc, id desc);
create index on app.statement_tray (tenant_id, stored_object_id);
call guard.protect('app.statement_tray', 'intake');
grant select, insert on app.statement_tray to app_restore;
grant select, insert (tenant_id, id, stored_object_id, name, sha256, size, format, numbers, error,
  reason, dropped_by) on app.statement_tray to app_rw, app_worker;
grant update (state, given_tenant_id, given_file_id, done_by, done_at, claimed_tenant_id, claimed_by,
  claimed_at)
  on app.statement_tray to app_rw, app_worker;
call guard.demand('app.statement_tray', '{insert,update}', '{accounting.import}');
call guard.sign('app.statement_tray', '{dropped_by,done_by,claimed_by}');
call guard.stamp('app.statement_tray', '{done_at,claimed_at}');
call app.audit_table('app.statement_tray', array['numbers', 'error']);

-- What a person dropped at once: addresses of the files in their clients, no content.
create table app.statement_drop (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  owner_id uuid not null,
  made_at timestamptz not null default now(),
  items jsonb not null check (length(items::text) <= 400000),
  primary key (tenant_id, id)
);
create index on app.statement_drop (tenant_id, owner_id, made_at desc);
call guard.protect_personal('app.statement_drop');
grant select, insert (tenant_id, id, owner_id, items) on app.statement_drop to app_rw, app_worker;
grant select, insert on app.statement_drop to app_restore;
reset role;
