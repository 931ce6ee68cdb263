-- Jobs: the heads are what dispatcher and jobs page see, the arguments belong to the job's line.
set role app_owner;
create table app.job (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  kind text not null check (length(kind) <= 100),
  key text not null check (length(key) <= 300),
  title text check (length(title) <= 300),
  line text not null,
  queue text not null default 'default' check (queue in ('urgent', 'default', 'bulk')),
  state text not null default 'due'
    check (state in ('due', 'claimed', 'done', 'dead', 'cancelled')),
  run_after timestamptz not null default now(),
  attempt int not null default 0,
  retries int not null default 5 check (retries between 1 and 50),
  lease_seconds int not null default 10 check (lease_seconds between 5 and 3600),
  lease_until timestamptz,
  fence bigint not null default 0,
  failures int not null default 0, -- attempts that said no; `retries` bounds them
  losses int not null default 0,   -- leases lost in a row while `done` got no further
  lost_done int not null default 0, -- the furthest `done` had got when a lease was lost
  started_at timestamptz,          -- of this fence; empty while the job only waits in the queue
  principal_id uuid,               -- empty: a system user's job (mode j)
  principal_ended boolean not null default false,
  actor uuid,                      -- the person, or the system user
  source_tenant uuid,              -- who handed it over
  request_id text,
  done int not null default 0 check (done >= 0),
  total int check (total >= 0),
  stage text check (length(stage) <= 300),
  result_link text check (length(result_link) <= 1000),
  error_code text check (length(error_code) <= 200),
  cancel_requested boolean not null default false,
  made_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, key)
);
create index job_due on app.job (tenant_id, queue, run_after, id) where state = 'due';
create index job_claimed on app.job (lease_until) where state = 'claimed';
create index job_dead on app.job (tenant_id, finished_at) where state = 'dead';
create index job_principal on app.job (principal_id)
  where principal_id is not null and not principal_ended;
create index job_recent on app.job (tenant_id, id desc);
call guard.protect_cross('app.job', null, 'security');
call guard.admit_jobs('app.job');
call guard.admit('app.job', 'job_door', null);
grant select on app.job to app_rw, app_worker;
grant select, insert, update on app.job to job_door;
grant select, insert, update, delete on app.job to app_restore;
-- admit_jobs() gives the heads a dispatcher needs; the life of a job needs these as well
grant select (kind, line, key, retries, lease_seconds, started_at, principal_id, principal_ended,
  actor, request_id, done, total, stage, result_link, error_code, cancel_requested, finished_at,
  failures, losses, lost_done),
  insert (tenant_id, kind, key, line, queue, run_after, retries, lease_seconds, actor),
  update (started_at, principal_ended, done, total, stage, result_link, error_code, finished_at,
    failures, losses, lost_done),
  delete on app.job to guard_jobs;

create table app.job_args (
  tenant_id uuid not null,
  job_id uuid not null,
  line text not null,
  args jsonb not null check (pg_column_size(args) <= 1048576),
  primary key (tenant_id, job_id),
  foreign key (tenant_id, job_id) references app.job (tenant_id, id) on delete cascade
);
call guard.protect_shared('app.job_args');
call guard.admit('app.job_args', 'job_door', null);
grant select on app.job_args to app_rw, app_worker;
grant insert on app.job_args to job_door;
grant select, insert, update, delete on app.job_args to app_restore;

-- Kinds that a person starts and the worker does as a system user, and what that takes: a right,
-- and where fresh a proof of identity of the last five minutes.
create table app.system_job (
  kind text primary key,
  permission text,                 -- null: whoever acts here, for it asks the tables what is due
  fresh boolean not null default false
);
select guard.register('app.system_job', 'reference', null, null);
grant select on app.system_job to job_door, app_rw, app_worker;

-- What one tenant may hand over to another: to the provider, or from the provider to a client.
create table app.hand_over_route (
  event text not null,
  direction text not null check (direction in ('to_provider', 'to_client')),
  line text not null default 'member',
  queue text not null default 'default' check (queue in ('urgent', 'default', 'bulk')),
  primary key (event, direction)
);
select guard.register('app.hand_over_route', 'reference', null, null);
grant select on app.hand_over_route to handover_door, app_rw, app_worker;
reset role;
-- The hand-over inserts into a tenant its caller does not reach: insert only, and only by its door.
set role app_owner;
create policy hand_over on app.job for insert to handover_door with check (source_tenant is not null);
create policy hand_over on app.job_args for insert to handover_door with check (true);
grant insert on app.job, app.job_args to handover_door;
reset role;
