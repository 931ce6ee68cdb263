-- Owners of the ledger's functions. Nobody logs in as one of them and nobody is a member:
--   ledger_writer  the doors that post, close and keep the chart
--   ledger_keeper  the triggers below the doors, which see every client and alone write balances
--   ledger_reader  the reports
do $$
declare r text;
begin
  foreach r in array '{ledger_writer, ledger_keeper, ledger_reader}'::text[] loop
    if not exists (select from pg_roles where rolname = r) then
      begin
        execute format('create role %I nologin', r);
      exception when duplicate_object or unique_violation then null;
      end;
    end if;
    if not pg_has_role(r, 'guard_definer', 'member') then
      execute format('grant guard_definer to %I', r);
    end if;
    execute format('alter default privileges for role %I revoke execute on functions from public', r);
  end loop;
end $$;
