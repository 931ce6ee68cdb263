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

set role guard_owner;
-- Where the caller holds a permission, line by line: guard.holds() and guard.scope() asked of each
-- client at once, for a search over all of a person's clients. A role held at the provider counts
-- everywhere, as it does there.
create function guard.reach_with(perm text) returns table (line text, tenants uuid[])
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  c guard.claim := guard.verify();
  held uuid[];
begin
  if c.mode = 'j' then
    held := array[c.tenant];
  elsif c.person is null or c.mode is null or c.mode = 'l' or c.kind = 'link'
     or split_part(perm, '.', 1) <> all (c.lines)
     or c.kind in ('token', 'job') and not coalesce(perm = any (guard.token_permissions(c.principal)), true) then
    return;
  else
    held := array(
      select distinct m.tenant_id from guard.living m
        join guard.role_permission rp on rp.role = m.role and rp.permission = perm
       where m.user_id = c.person
         and (not m.on_engagement or exists (
               select from guard.running e
                where e.tenant_id = m.tenant_id
                  and (e.line = any (m.lines) or m.lines && '{oversight,security,billing}'))));
    if exists (select from guard.tenant t where t.is_provider and t.id = any (held)) then
      held := array(select distinct m.tenant_id from guard.living m where m.user_id = c.person);
    end if;
  end if;
  return query
    select k.line, array(select u from unnest(guard.reach(c, k.line, false)) u where u = any (held))
      from guard.line k;
end $$;
grant execute on function guard.reach_with(text) to guard_definer;
reset role;
