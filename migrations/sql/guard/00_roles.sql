-- Roles of the cluster and rights of this database.
-- Run as administrator before the revisions, again and again, for every database of a cluster:
-- roles belong to the cluster, and a database made from a template has lost its own rights.
do $$
declare
  r text;
begin
  -- Owners and groups: nobody logs in as one of them.
  --   app_owner      owns schemas app and ledger and their tables
  --   guard_owner    owns schema guard, its tables and doors
  --   guard_jobs     owns the doors of the dispatcher: sees heads of jobs, never arguments
  --   guard_definer  group: every role that owns a door function is its member
  --   approval_door  owns the door that decides approvals
  foreach r in array '{app_owner, guard_owner, guard_jobs, guard_definer, approval_door}'::text[]
  loop
    if not exists (select from pg_roles where rolname = r) then
      begin
        execute format('create role %I nologin', r);
      exception when duplicate_object or unique_violation then
        null;  -- another database of the cluster was quicker
      end;
    end if;
  end loop;

  -- Login roles: the web process, the worker with the command line, the restoring tool.
  foreach r in array '{app_rw, app_worker, app_restore}'::text[]
  loop
    if not exists (select from pg_roles where rolname = r) then
      begin
        execute format('create role %I login noinherit nobypassrls', r);
      exception when duplicate_object or unique_violation then
        null;
      end;
    end if;
  end loop;

  if not pg_has_role('approval_door', 'guard_definer', 'member') then
    grant guard_definer to approval_door;
  end if;

  -- CREATE and TEMP are taken from everybody: no object of an attacker's can exist.
  execute format('revoke temporary, create on database %I from public', current_database());
  revoke create on schema public from public;
end $$;

-- What a session may do to others of its own role, or leave behind outside our tables: taken from
-- everybody, and given back where a lock is needed: the dispatcher's one to the worker, and the one that
-- lets people ask about one thing after each other to their door. These functions belong to the
-- superuser; where we are none, doctor names them to whoever is.
do $$
declare
  f regprocedure;
begin
  for f in
    select p.oid::regprocedure from pg_proc p
     where p.pronamespace = 'pg_catalog'::regnamespace
       and (p.proname in ('pg_terminate_backend', 'pg_cancel_backend')
            or p.proname like 'pg%advisory%' or p.proname ~ '^lo(_|read|write)')
       and has_function_privilege('public', p.oid, 'execute')
  loop
    execute format('revoke execute on function %s from public', f);
  end loop;
  grant execute on function pg_try_advisory_lock(bigint) to app_worker;
  grant execute on function pg_advisory_xact_lock(bigint) to approval_door;
exception when insufficient_privilege then
  raise notice 'functions of the server stay open to everybody';
end $$;
