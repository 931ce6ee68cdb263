-- Which classes of papers a person may see where: what a membership names, an owner all of them.
-- A paper of the class normal asks nothing beside its line.
set role guard_owner;

-- As `<client>:<class>`, so that one answer serves a worklist too. A system user's job sees all.
create function guard.classes_of(c guard.claim) returns text[]
language plpgsql stable parallel safe set plan_cache_mode = force_generic_plan as $$
begin
  if c.mode is null or c.mode = 'l' or c.kind = 'link' then
    return '{}';
  end if;
  if c.mode = 'j' then
    return array[c.tenant || ':payroll', c.tenant || ':owner_only'];
  end if;
  return array(
    select distinct m.tenant_id || ':' || x.class
      from guard.living m
      cross join lateral unnest(
        case when m.role = 'owner' then '{payroll,owner_only}' else m.classes end) x(class)
     where m.user_id = c.person
       and (c.mode = 's' or m.tenant_id = c.tenant)
       and (c.p_tenant is null or m.tenant_id = c.p_tenant)
       and (not m.on_engagement or exists (
             select from guard.running e
              where e.tenant_id = m.tenant_id and e.line = any (m.lines))));
end $$;

-- The same for whoever asks.
create function guard.document_classes() returns text[]
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  return guard.classes_of(guard.verify());
end $$;
grant execute on function guard.document_classes() to app_rw, app_worker, guard_definer;
reset role;
