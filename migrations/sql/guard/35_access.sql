-- Granting, ending and showing access.
set role guard_owner;

-- Written by the door that decides approvals, and by nobody else. lines and may_write: what the
-- approval allows at most; null where it said nothing.
create function guard.record_basis(
  p_approval uuid, p_user uuid, p_role text, p_lines text[] default null,
  p_may_write boolean default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if (guard.reach(c, '*', true))[1] is null and not guard.holds(c, 'access.grant') then
    perform guard.refuse('basis');
  end if;
  insert into guard.basis (tenant_id, approval_id, user_id, role, lines, may_write)
  values (c.tenant, p_approval, p_user, p_role, p_lines, p_may_write);
end $$;

-- What stands against one wish for access; null when nothing does.
create function guard.grant_fault(
  c guard.claim, g_tenant uuid, g_user uuid, g_role text, g_lines text[], g_may_write boolean,
  g_basis text, g_covers uuid, g_to timestamptz
) returns text
language plpgsql stable as $$
declare
  t guard.tenant;
  u guard.person;
  o guard.membership;
begin
  select * into t from guard.tenant where id = g_tenant;
  select * into u from guard.person where id = g_user;
  if t.id is null or (t.id <> c.tenant and c.tenant is distinct from guard.provider()) then
    return 'tenant';
  end if;
  if u.id is null or u.left_at is not null or u.system then
    return 'person';
  end if;
  if u.id = c.person then
    return 'oneself';
  end if;
  if t.is_provider and u.side <> 'provider' then
    return 'side';
  end if;
  if not exists (select from guard.role r where r.role = g_role and r.side = u.side) then
    return 'role of the other side';
  end if;
  if g_lines is null
     or exists (select from unnest(g_lines) l
                 where not exists (select from guard.line x where x.line = l)) then
    return 'line';
  end if;

  if g_covers is not null then
    -- standing in: at most what the absent person has, and not longer
    select * into o from guard.membership m where m.tenant_id = t.id and m.id = g_covers;
    if o.id is null or o.user_id = u.id or not g_lines <@ o.lines
       or (coalesce(g_may_write, false) and not o.may_write)
       or g_to is null or g_to > o.valid_to or o.valid_to <= statement_timestamp()
       or o.covers is not null then
      return 'cover';
    end if;
  end if;

  if g_basis = 'engagement' then
    if u.side <> 'provider' or t.is_provider then
      return 'engagement';
    end if;
    if exists (
      select from unnest(g_lines) l
        join guard.line x on x.line = l and x.kind = 'service'
       where not exists (select from guard.running e where e.tenant_id = t.id and e.line = l)) then
      return 'no engagement';
    end if;
    return null;
  end if;
  if not exists (
    select from guard.basis b
     where b.tenant_id = t.id and b.approval_id::text = g_basis and b.user_id = u.id
       and b.role = g_role and b.used_at is null
       and (b.lines is null or g_lines <@ b.lines)
       and (b.may_write is null or b.may_write or not coalesce(g_may_write, false))) then
    return 'approval';
  end if;
  return null;
end $$;

-- Makes memberships, all or none, in a client or (from the provider's tenant) in many:
-- [{tenant, user, role, lines, classes, may_write, basis, from, to, covers}]. Nobody grants to
-- themselves; the basis is a running engagement or an approval not used yet.
create function guard.grant_access(p jsonb) returns uuid[]
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('access.grant', true);
  bad text;
  made uuid[];
begin
  select f.fault || ' ' || to_jsonb(g)::text into bad
    from jsonb_to_recordset(p) g(tenant uuid, "user" uuid, role text, lines text[],
                                 may_write boolean, basis text, covers uuid, "to" timestamptz),
         lateral guard.grant_fault(c, g.tenant, g."user", g.role, g.lines, g.may_write, g.basis,
                                   g.covers, g."to") f(fault)
   where f.fault is not null
   limit 1;
  if bad is not null then
    perform guard.refuse('grant: ' || bad);
  end if;

  if exists (select from jsonb_to_recordset(p) g(tenant uuid, "user" uuid, basis text)
              where g.basis <> 'engagement'
              group by g.tenant, g."user", g.basis having count(*) > 1) then
    perform guard.refuse('grant: one approval gives one membership');
  end if;

  with wanted as (
    select * from jsonb_to_recordset(p) g(tenant uuid, "user" uuid, role text, lines text[],
      classes text[], may_write boolean, basis text, "from" timestamptz, "to" timestamptz,
      covers uuid)
  ), ins as (
    insert into guard.membership (tenant_id, user_id, role, lines, classes, may_write, basis,
                                  covers, valid_from, valid_to)
    select tenant, "user", role, lines, coalesce(classes, '{}'), coalesce(may_write, false), basis,
           covers, coalesce("from", now()), "to"
      from wanted
    returning *
  ), used as (
    update guard.basis b set used_at = now()
      from ins
     where b.tenant_id = ins.tenant_id and b.approval_id::text = ins.basis
       and b.user_id = ins.user_id
  ), noted as (
    select guard.note(i.tenant_id, c, 'access.grant', to_jsonb(i)) from ins i
  )
  select array_agg(ins.id) into made
    from ins, lateral (select count(*) from noted where ins.id is not null) z;
  return coalesce(made, '{}');
end $$;

-- Ends memberships, and with them what stands in for them, and the person's jobs and tokens there
-- and the links they gave out. The reason stands with each membership; the audit names nobody, so
-- it is not told there.
create function guard.end_access(p uuid[], p_reason text default '') returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('access.end');
  x record;
  named int := 0;
  n int := 0;
begin
  for x in
    update guard.membership m set valid_to = greatest(statement_timestamp(), m.valid_from),
       end_reason = coalesce(p_reason, '')
     where (m.id = any (p) or m.covers = any (p))
       and (m.tenant_id = c.tenant or c.tenant = guard.provider())
       and (m.valid_to is null or m.valid_to > statement_timestamp())
    returning m.tenant_id, m.id, m.user_id
  loop
    n := n + 1;
    named := named + (x.id = any (p))::int;
    update guard.principal set revoked_at = statement_timestamp()
     where tenant_id = x.tenant_id and revoked_at is null
       and ((user_id = x.user_id and kind in ('job', 'token', 'link'))
            or (made_by = x.user_id and kind = 'link'));
    perform guard.note(x.tenant_id, c, 'access.end',
                       jsonb_build_object('id', x.id, 'user', x.user_id));
  end loop;
  if p is null or named <> cardinality(p) then
    perform guard.refuse('unknown membership');
  end if;
  if guard.holders('access.grant') = 0 then
    raise exception 'last-administrator' using errcode = 'BO409';
  end if;
  return n;
end $$;

-- Every membership of this client, or from the provider's tenant of all; noted each time.
create function guard.list_access()
returns table (tenant_id uuid, id uuid, user_id uuid, email text, role text, lines text[],
               classes text[], may_write boolean, basis text, valid_from timestamptz,
               valid_to timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('access.list');
begin
  perform guard.note(c.tenant, c, 'access.list', null);
  return query
    select m.tenant_id, m.id, m.user_id, u.email, m.role, m.lines, m.classes, m.may_write, m.basis,
           m.valid_from, m.valid_to
      from guard.membership m
      join guard.person u on u.id = m.user_id
     where m.tenant_id = c.tenant or c.tenant = guard.provider();
end $$;

-- Who may see what in my firm, for the client's owner: names and roles of both sides, living ones
-- and those to come; not noted, since it tells owners about their own firm only.
create function guard.access_of_client()
returns table (id uuid, user_id uuid, name text, side text, role text, role_title text,
               lines text[], may_write boolean, covers uuid, valid_from timestamptz,
               valid_to timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is distinct from 't' or c.kind is distinct from 'person'
     or not guard.holds(c, 'access.list') or (guard.reach(c, '*', false))[1] is null then
    perform guard.refuse('permission access.list');
  end if;
  return query
    select m.id, m.user_id, u.name, u.side, m.role, r.title, m.lines, m.may_write, m.covers,
           m.valid_from, m.valid_to
      from guard.membership m
      join guard.person u on u.id = m.user_id
      join guard.role r on r.role = m.role
     where m.tenant_id = c.tenant
       and (m.valid_to is null or m.valid_to > statement_timestamp())
     order by u.side desc, u.name, m.id;
end $$;

grant execute on function guard.record_basis(uuid, uuid, text, text[], boolean) to approval_door;
grant execute on function
  guard.grant_access(jsonb), guard.end_access(uuid[], text), guard.list_access(), guard.access_of_client()
  to app_rw;
reset role;
