-- What a claim reaches and holds: the two questions every policy and every door asks.
set role guard_owner;

-- The part of reach() for a worklist, all clients of a person at once; base: l is no service line.
-- Sets are merged: guessing one row, the planner would read every tenant once a membership.
create function guard.reached(c guard.claim, l text, base boolean) returns uuid[]
language plpgsql stable parallel safe
set plan_cache_mode = force_generic_plan set enable_nestloop = off as $$
begin
  if base then
    return array(
      select distinct m.tenant_id from guard.living m
       where m.user_id = c.person
         and (c.p_tenant is null or m.tenant_id = c.p_tenant)
         and (l = any (m.lines) or l = 'member'
              or (l = '*' and (c.lines is null or 'member' = any (c.lines) or m.lines && c.lines)))
         and (not m.on_engagement or exists (
               select from guard.running e
                where e.tenant_id = m.tenant_id
                  and (e.line = any (m.lines) or m.lines && '{oversight,security,billing}'))));
  end if;

  -- A service line, by itself: this form keeps the plan of 500 clients fast.
  return array(
    select distinct m.tenant_id from guard.living m
     where m.user_id = c.person
       and (c.p_tenant is null or m.tenant_id = c.p_tenant)
       and l = any (m.lines)
       and (not m.on_engagement or exists (
             select from guard.running e where e.tenant_id = m.tenant_id and e.line = l)));
end $$;

-- The clients reached on a line, for reading or (w) for writing.
-- l is a registered line, 'member' (any membership), or '*' (anything there at all).
-- A service line of a membership that rests on the engagement counts while that line's engagement runs; what
-- is not a service line counts while any engagement of the membership's lines runs, a reader's
-- membership while any runs at all.
create function guard.reach(c guard.claim, l text, w boolean) returns uuid[]
language plpgsql stable parallel safe as $$
declare
  base boolean := l in ('member', '*', 'oversight', 'security', 'billing', 'intake');
begin
  if c.mode is null or c.mode = 'l' or c.kind = 'link' or (w and c.mode = 's') then
    return '{}';
  end if;

  if c.mode = 'j' then
    return array(
      select t.id from guard.tenant t where t.id = c.tenant and (not w or t.state <> 'suspended'));
  end if;

  if c.lines is not null and l <> '*' and l <> all (c.lines) then
    return '{}';
  end if;

  if c.mode = 't' then
    if exists (
      select from guard.living m
       where m.user_id = c.person and m.tenant_id = c.tenant
         and (l = any (m.lines) or l = 'member'
              or (l = '*' and (c.lines is null or 'member' = any (c.lines) or m.lines && c.lines)))
         and (not w or (m.may_write and m.state = 'active'))
         and (not m.on_engagement or exists (
               select from guard.running e
                where e.tenant_id = c.tenant
                  and (e.line = l
                       or (base and (e.line = any (m.lines)
                                     or m.lines && '{oversight,security,billing}')))))) then
      return array[c.tenant];
    end if;
    return '{}';
  end if;

  return guard.reached(c, l, base);
end $$;

-- A permission of a role held in the claim's client or in the provider's tenant.
-- A principal narrowed to lines has only '<its line>.<act>'.
create function guard.holds(c guard.claim, perm text) returns boolean
language plpgsql stable parallel safe as $$
declare
  here uuid[] := array(select t.id from guard.tenant t where t.is_provider) || c.tenant;
begin
  if c.person is null or c.mode is null or c.mode = 'l' or c.kind = 'link'
     or split_part(perm, '.', 1) <> all (c.lines) then
    return false;
  end if;
  return exists (
    select from guard.living m
      join guard.role_permission rp on rp.role = m.role and rp.permission = perm
     where m.user_id = c.person
       and m.tenant_id = any (here)
       and (not m.on_engagement or exists (
             select from guard.running e
              where e.tenant_id = m.tenant_id
                and (e.line = any (m.lines) or m.lines && '{oversight,security,billing}'))));
end $$;

-- What policies ask. A generic plan: custom ones hash whole tables in a worklist.
create function guard.scope(line text) returns uuid[]
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  return guard.reach(guard.verify(), line, false);
end $$;

create function guard.writable(line text) returns uuid
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  return (guard.reach(guard.verify(), line, true))[1];
end $$;

-- The client of this transaction, where it reaches anything there.
create function guard.tenant_id() returns uuid
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode in ('t', 'j') then
    return (guard.reach(c, '*', false))[1];
  end if;
  return null;
end $$;

create function guard.user_id() returns uuid
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  return case when c.mode in ('t', 's', 'j') then c.person end;
end $$;

create function guard.may(permission text) returns boolean
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  return guard.holds(guard.verify(), permission);
end $$;

-- Whether one of these permissions is held, or a system user's job acts: what guard.demand() asks.
create function guard.entitled(variadic permissions text[]) returns boolean
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  c guard.claim := guard.verify();
  p text;
begin
  if c.mode = 'j' then
    return true;
  end if;
  foreach p in array permissions loop
    if guard.holds(c, p) then
      return true;
    end if;
  end loop;
  return false;
end $$;

grant execute on function
  guard.scope(text), guard.writable(text), guard.tenant_id(), guard.user_id(), guard.may(text),
  guard.entitled(text[])
  to app_rw, app_worker, guard_definer;
reset role;
