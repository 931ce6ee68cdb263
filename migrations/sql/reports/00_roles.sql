-- The owner of the doors that publish reports; roles belong to the whole cluster.
do $$
begin
    if not exists (select from pg_roles where rolname = 'report_door') then
        create role report_door nologin in role guard_definer;
    end if;
end $$;
