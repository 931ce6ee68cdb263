-- Roles of the cluster and rights of this database. Run as administrator before the revisions,
-- again and again, for every database of the cluster.
do $$
declare r text;
begin
  -- owners and groups; nobody logs in as one of them
  foreach r in array '{app_owner, guard_owner, guard_jobs, guard_definer, approval_door}'::text[] loop
    if not exists (select from pg_roles where rolname = r) then
      begin
        execute format('create role %I nologin', r);
      exception when duplicate_object or unique_violation then null;
      end;
    end if;
  end loop;
  foreach r in array '{app_rw, app_worker, app_restore}'::text[] loop
    if not exists (select from pg_roles where rolname = r) then
      begin
        execute format('create role %I login noinherit nobypassrls', r);
      exception when duplicate_object or unique_violation then null;
      end;
    end if;
  end loop;
  if not pg_has_role('approval_door', 'guard_definer', 'member') then
    grant guard_definer to approval_door;
  end if;
  -- CREATE and TEMP are taken from everybody: no object of an attacker's can exist.
  -- A database made from a template has lost this, so it is said for each.
  execute format('revoke temporary, create on database %I from public', current_database());
  revoke create on schema public from public;
end $$;
