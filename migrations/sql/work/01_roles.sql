-- The owner of the doors and figures of work and time, and the extension that keeps time apart.
create extension if not exists btree_gist;
do $$
begin
  if not exists (select from pg_roles where rolname = 'work_door') then
    begin
      create role work_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('work_door'::name, 'guard_definer', 'member') then
    grant guard_definer to work_door;
  end if;
  alter default privileges for role work_door revoke execute on functions from public;
end $$;

set role guard_owner;
-- The provider's people who reach a line of this client now (of any client of a worklist): who may
-- be given a task or named. A membership that rests on the engagement counts as guard.reach() says.
create function guard.staff_here(p_line text) returns table (person_id uuid, name text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
  reached uuid[] := guard.reach(c, p_line, false);
begin
  if cardinality(reached) = 0 or guard.side_of(c.person) = 'client' then
    return;
  end if;
  return query
    select distinct p.id, p.name
      from guard.living m
      join guard.person p on p.id = m.user_id and p.side = 'provider' and p.left_at is null
     where m.tenant_id = any (reached) and (p_line = any (m.lines) or p_line = 'member')
       and (not m.on_engagement or exists (
             select from guard.running e
              where e.tenant_id = m.tenant_id
                and (e.line = p_line
                     or (p_line = 'member'
                         and (e.line = any (m.lines)
                              or m.lines && '{oversight,security,billing}')))))
     order by 2, 1;
end $$;
grant execute on function guard.staff_here(text) to app_rw, app_worker;
reset role;
