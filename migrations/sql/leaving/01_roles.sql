-- Owner of the door that reads a client as a whole for its export: nologin, let in table by table.
do $$
begin
  if not exists (select from pg_roles where rolname = 'leaving_door') then
    begin
      create role leaving_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('leaving_door', 'guard_definer', 'member') then
    grant guard_definer to leaving_door;
  end if;
  alter default privileges for role leaving_door revoke execute on functions from public;
end $$;
