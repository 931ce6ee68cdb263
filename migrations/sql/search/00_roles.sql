-- The owner of the search: it alone reads the words of papers, after asking the guard itself.
do $$
begin
  if not exists (select from pg_roles where rolname = 'search_door') then
    begin
      create role search_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('search_door'::name, 'guard_definer', 'member') then
    grant guard_definer to search_door;
  end if;
  alter default privileges for role search_door revoke execute on functions from public;
end $$;
