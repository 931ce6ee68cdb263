-- Schemas and their owners. Functions made by these owners are closed to PUBLIC from the start.
create schema guard authorization guard_owner;
create schema app authorization app_owner;
create schema ledger authorization app_owner;

grant usage on schema guard, app, ledger
  to app_rw, app_worker, app_restore, guard_definer, guard_jobs;
grant usage on schema guard to app_owner;

alter default privileges for role guard_owner, guard_jobs, app_owner
  revoke execute on functions from public;
