-- The same answers, all at once: for the web's request and for a door that asks only once.
set role guard_owner;

-- Everything this scope may do, {} where it reaches nothing (the web then answers 404):
--   permissions  in t those guard.may() answers yes to; in s those of every client reached
--   lines        reached for reading, here (t) or anywhere (s)
--   may_write    whether any membership here may write and the client is not suspended; never in s
--   role, side   the role here (of the widest membership), the side the person stands on
create function guard.rights() returns jsonb
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  c guard.claim := guard.verify();
  counting uuid[];   -- clients whose memberships may count
  r jsonb;
begin
  if c.mode is null or c.mode not in ('t', 's') or c.kind = 'link' then
    return '{}';
  end if;
  counting := case c.mode
    when 't' then array(select t.id from guard.tenant t where t.is_provider) || c.tenant
    else array(select m.tenant_id from guard.membership m where m.user_id = c.person) end;
  with mine as materialized (          -- memberships that count
    select m.tenant_id, m.role, m.lines, m.may_write and m.state = 'active' as writes,
           case when c.mode = 't' then m.tenant_id = c.tenant
                else c.p_tenant is null or m.tenant_id = c.p_tenant end as here,
           m.is_provider, g.served
      from guard.living m
      cross join lateral (
        select case when m.on_engagement then array(
                 select e.line from guard.running e where e.tenant_id = m.tenant_id) end
        offset 0) g(served)            -- asked once a membership, not once a mention
     where m.user_id = c.person and m.tenant_id = any (counting)
       and (g.served is null or g.served && m.lines
            or (g.served <> '{}' and m.lines && '{oversight,security,billing}'))
  ), reached as (
    select * from mine m
     where m.here
       and (c.lines is null or 'member' = any (c.lines) or m.lines && c.lines)
  ), line as (
    select distinct x.l
      from reached m, unnest(m.lines || '{member}'::text[]) x(l)
      join guard.line k on k.line = x.l
     where (c.lines is null or x.l = any (c.lines))
       and (k.kind <> 'service' or m.served is null or x.l = any (m.served))
  )
  select jsonb_build_object(
           'permissions', coalesce((
             select jsonb_agg(distinct rp.permission order by rp.permission)
               from guard.role_permission rp
              where rp.role = any (array(
                      select distinct m.role from mine m where m.here or m.is_provider))
                and (c.lines is null or split_part(rp.permission, '.', 1) = any (c.lines))), '[]'),
           'lines', coalesce((select jsonb_agg(l order by l) from line), '[]'),
           'may_write', c.mode = 't' and bool_or(m.writes),
           'role', (array_agg(m.role order by m.writes desc, cardinality(m.lines) desc, m.role))[1],
           'side', (select p.side from guard.person p where p.id = c.person),
           'person', c.person,
           'stepped_up_at', c.stepped_up_at)
    into r
    from reached m
  having count(*) > 0;
  return coalesce(r, '{}');
end $$;
grant execute on function guard.rights() to app_rw, app_worker;

-- Client, person and role of a claim on a line, or 42501; can_write is false for a reader and in a
-- suspended client; role is 'job' for a system user's job.
create function guard.admitted(c guard.claim, line text, out tenant uuid, out who uuid,
                               out role text, out can_write boolean)
language plpgsql stable as $$
begin
  if c.mode = 't' and c.kind <> 'link' and (c.lines is null or admitted.line = any (c.lines)) then
    select m.tenant_id, m.user_id, m.role, m.may_write and m.state = 'active'
      into tenant, who, role, can_write
      from guard.living m
     where m.user_id = c.person and m.tenant_id = c.tenant
       and (admitted.line = any (m.lines) or admitted.line = 'member')
       and (not m.on_engagement or exists (
             select from guard.running e
              where e.tenant_id = m.tenant_id
                and (e.line = admitted.line
                     or (admitted.line in ('member', 'oversight', 'security', 'billing', 'intake')
                         and (e.line = any (m.lines)
                              or m.lines && '{oversight,security,billing}')))))
     order by m.may_write desc
     limit 1;
  elsif c.mode = 'j' then
    select t.id, c.person, 'job', t.state <> 'suspended'
      into tenant, who, role, can_write
      from guard.tenant t
     where t.id = c.tenant;
  end if;
  if tenant is null then
    raise exception 'refused: no grant on %', line using errcode = '42501';
  end if;
end $$;

-- For a door's first line: verifies once and names client, person and role, or raises 42501.
create function guard.enter(line text, out tenant uuid, out who uuid, out role text,
                            out can_write boolean)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  a record := guard.admitted(guard.verify(), line);
begin
  tenant := a.tenant; who := a.who; role := a.role; can_write := a.can_write;
end $$;

-- The same, and in the same verification whether a permission is held. A system user's job holds
-- none: what it may do, its code says (role 'job').
create function guard.enter(line text, permission text, out tenant uuid, out who uuid,
                            out role text, out can_write boolean, out holds boolean)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  c guard.claim := guard.verify();
  a record := guard.admitted(c, line);
begin
  tenant := a.tenant; who := a.who; role := a.role; can_write := a.can_write;
  holds := guard.holds(c, permission);
end $$;
grant execute on function guard.enter(text), guard.enter(text, text) to guard_definer;
reset role;
