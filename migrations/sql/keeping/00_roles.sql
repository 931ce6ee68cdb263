-- The owner of the doors that decide whether a paper may go, and what the guard answers them.
do $$
begin
  if not exists (select from pg_roles where rolname = 'keeping_door') then
    begin
      create role keeping_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('keeping_door'::name, 'guard_definer', 'member') then
    grant guard_definer to keeping_door;
  end if;
  alter default privileges for role keeping_door revoke execute on functions from public;
end $$;

set role guard_owner;
-- The day on which the provider stopped serving the client of the context; null while it serves it
-- on any line, or never did.
create function guard.engagement_over() returns date
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.tenant_id();
begin
  return (
    select max(e.valid_to)::date from guard.engagement e where e.tenant_id = t
    having bool_and(e.valid_to is not null and e.valid_to <= now()));
end $$;
grant execute on function guard.engagement_over() to app_rw, app_worker, guard_definer;
reset role;
