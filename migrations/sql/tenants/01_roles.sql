-- Owners of the doors below. Roles belong to the cluster, so they may exist already.
do $$
declare
  r text;
begin
  foreach r in array '{client_mirror, figure_door}'::text[] loop
    if not exists (select from pg_roles where rolname = r) then
      begin
        execute format('create role %I nologin', r);
      exception when duplicate_object or unique_violation then
        null;
      end;
    end if;
    if not pg_has_role(r, 'guard_definer', 'member') then
      execute format('grant guard_definer to %I', r);
    end if;
    execute format('alter default privileges for role %I revoke execute on functions from public', r);
  end loop;
end $$;
