-- Doors of people, grants and the leaver: who sees whom, who asks, who decides, who ends.
set role guard_owner;

-- Internal: a person's full session that holds the permission; read only, so without a note.
create function guard.seeing(perm text) returns guard.claim
language plpgsql stable as $$
declare c guard.claim := guard.verify();
begin
  if c.mode is distinct from 't' or c.kind not in ('person', 'token', 'job') or not guard.holds(c, perm) then
    perform guard.refuse('permission ' || perm);
  end if;
  if (guard.reach(c, '*', false))[1] is null then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  return c;
end $$;

-- Who may see what: of this client, and from the provider's tenant of all.
create function guard.access_rows(p_ended boolean default false)
returns table (tenant_id uuid, slug text, id uuid, user_id uuid, name text, email text, side text,
               role text, lines text[], classes text[], may_write boolean, basis text,
               valid_from timestamptz, valid_to timestamptz, living boolean, away_until date,
               covered_by text, end_reason text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.seeing('access.list');
  n timestamptz := statement_timestamp();
begin
  return query
    select m.tenant_id, t.slug, m.id, m.user_id, u.name, u.email, u.side, m.role, m.lines, m.classes,
           m.may_write, m.basis, m.valid_from, m.valid_to,
           m.valid_from <= n and (m.valid_to is null or m.valid_to > n)
             and (not m.on_engagement or exists (
               select 1 from guard.engagement e where e.tenant_id = m.tenant_id and e.valid_from <= n
                  and (e.valid_to is null or e.valid_to > n)
                  and (e.line = any (m.lines) or m.lines && '{oversight,security,billing}'))),
           a.until, k.name, m.end_reason
      from guard.membership m
      join guard.person u on u.id = m.user_id
      join guard.tenant t on t.id = m.tenant_id
      left join guard.absence a on a.person_id = u.id and a.until >= current_date
      left join guard.person k on k.id = a.covered_by
     where (m.tenant_id = c.tenant or c.tenant = guard.provider())
       and (p_ended or m.valid_to is null or m.valid_to > n)
     order by u.name, u.id, t.slug, m.valid_from;
end $$;

-- People with a membership here; from the provider's tenant everybody.
create function guard.person_rows()
returns table (id uuid, name text, email text, side text, left_at timestamptz, roles text[],
               clients bigint, invited_until timestamptz, last_seen timestamptz, factors text[],
               away_until date, covered_by text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.seeing('access.list');
  n timestamptz := statement_timestamp();
  all_of_them boolean := c.tenant = guard.provider();
begin
  return query
    select u.id, u.name, u.email, u.side, u.left_at, coalesce(m.roles, '{}'), coalesce(m.k, 0),
           (select max(o.expires_at) from guard.one_time o
             where o.person_id = u.id and o.purpose = 'invite' and o.used_at is null and o.expires_at > n),
           (select max(p.idle_until) - interval '30 minutes' from guard.principal p
             where p.user_id = u.id and p.kind = 'person'),
           array(select distinct k.kind from guard.credential k
                  where k.person_id = u.id and (all_of_them or u.side = 'client')),
           a.until, v.name
      from guard.person u
      left join lateral (
        select array_agg(distinct x.role) filter (where x.tenant_id = c.tenant) roles,
               count(distinct x.tenant_id) k
          from guard.membership x
         where x.user_id = u.id and x.valid_from <= n and (x.valid_to is null or x.valid_to > n)
           and (all_of_them or x.tenant_id = c.tenant)) m on true
      left join guard.absence a on a.person_id = u.id and a.until >= current_date
      left join guard.person v on v.id = a.covered_by
     where not u.system and (all_of_them or m.k > 0)
     order by u.left_at nulls first, u.name, u.id;
end $$;

-- A new invitation for somebody who lost every way in, or whose first one ran out.
create function guard.invite_again(p_person uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.need('person.invite'); u guard.person;
begin
  select p.* into u from guard.person p
   where p.id = p_person and p.left_at is null and not p.system and p.id <> c.person
     and (c.tenant = guard.provider() or exists (
       select 1 from guard.membership m where m.user_id = p.id and m.tenant_id = c.tenant));
  if u.id is null then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  -- somebody else's way in is not in a client's hands
  if c.tenant <> guard.provider() and (u.side = 'provider' or exists (
       select 1 from guard.membership m where m.user_id = p_person and m.tenant_id <> c.tenant)
       or exists (select 1 from guard.credential k where k.person_id = p_person)) then
    perform guard.refuse('invite again');
  end if;
  update guard.one_time set expires_at = now()
   where person_id = p_person and purpose = 'invite' and used_at is null and expires_at > now();
  insert into guard.one_time (purpose, person_id, locale, made_by, expires_at)
  values ('invite', p_person,
          coalesce((select o.locale from guard.one_time o
                     where o.person_id = p_person and o.purpose = 'invite'
                     order by o.id desc limit 1), ''),
          c.person, now() + interval '7 days');
  perform guard.note(c.tenant, c, 'person.invite-again', jsonb_build_object('id', p_person));
end $$;

-- Clients whom a grant may name, for staff who ask or give in the provider's tenant.
create function guard.tenant_named(p_slug text) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.seeing('access.request');
begin
  if c.tenant <> guard.provider() then
    return (select t.id from guard.tenant t where t.slug = p_slug and t.id = c.tenant);
  end if;
  return (select t.id from guard.tenant t where t.slug = p_slug and t.state in ('active', 'suspended'));
end $$;

create function guard.tenant_slugs() returns table (id uuid, slug text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.seeing('access.request');
begin
  return query select t.id, t.slug from guard.tenant t
    where not t.is_provider and t.state in ('active', 'suspended')
      and (c.tenant = guard.provider() or t.id = c.tenant) order by t.slug limit 5000;
end $$;

-- Internal: what a wish for access must look like to be asked for or given at all.
create function guard.check_access(g jsonb) returns void
language plpgsql stable as $$
declare u guard.person; side_of_role text; wrong text;
begin
  select * into u from guard.person where id = (g->>'user')::uuid and left_at is null and not system;
  select r.side into side_of_role from guard.role r where r.role = g->>'role';
  if u.id is null or side_of_role is distinct from u.side then
    raise exception 'role-of-other-side' using errcode = 'BO422';
  end if;
  if jsonb_array_length(coalesce(g->'lines', '[]')) = 0 then
    raise exception 'no-line' using errcode = 'BO422';
  end if;
  select l into wrong from jsonb_array_elements_text(g->'lines') l
   where not exists (select 1 from guard.line x where x.line = l) limit 1;
  if wrong is not null then
    raise exception 'unknown-line' using errcode = 'BO422';
  end if;
  if (g->>'to')::timestamptz <= greatest(now(), coalesce((g->>'from')::timestamptz, now())) then
    raise exception 'ends-before-it-starts' using errcode = 'BO422';
  end if;
end $$;

-- Internal: the membership that a decision gives, with the decision's id as its basis.
create function guard.make_membership(c guard.claim, t uuid, basis_id uuid, g jsonb) returns uuid
language plpgsql as $$
declare made uuid;
begin
  if t = guard.provider() and not exists (
       select 1 from guard.person u where u.id = (g->>'user')::uuid and u.side = 'provider') then
    raise exception 'role-of-other-side' using errcode = 'BO422';
  end if;
  insert into guard.basis values (t, basis_id, (g->>'user')::uuid, g->>'role', now());
  insert into guard.membership
    (tenant_id, user_id, role, lines, classes, may_write, basis, valid_from, valid_to)
  values (t, (g->>'user')::uuid, g->>'role',
          array(select jsonb_array_elements_text(g->'lines')),
          array(select jsonb_array_elements_text(coalesce(g->'classes', '[]'))),
          coalesce((g->>'may_write')::boolean, false), basis_id::text,
          coalesce((g->>'from')::timestamptz, now()), (g->>'to')::timestamptz)
  returning id into made;
  perform guard.note(t, c, 'access.grant', g || jsonb_build_object('id', made, 'basis', basis_id));
  return made;
end $$;

-- Staff ask, in the provider's tenant, for themselves or for a team: one row a person and client.
create function guard.request_access(p jsonb) returns uuid[]
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.need('access.request'); g jsonb; made uuid; done uuid[] := '{}';
begin
  if jsonb_array_length(p) > 500 then
    raise exception 'too-many' using errcode = 'BO422';
  end if;
  for g in select * from jsonb_array_elements(p) loop
    perform guard.check_access(g);
    if not exists (select 1 from guard.tenant t
                    where t.id = (g->>'tenant')::uuid and t.state = 'active') then
      raise exception 'not-found' using errcode = 'BO404';
    end if;
    if c.tenant <> guard.provider() and c.tenant <> (g->>'tenant')::uuid then
      perform guard.refuse('request elsewhere');
    end if;
    insert into guard.access_request
      (tenant_id, user_id, role, lines, classes, may_write, valid_from, valid_to, reason, requested_by)
    values ((g->>'tenant')::uuid, (g->>'user')::uuid, g->>'role',
            array(select jsonb_array_elements_text(g->'lines')),
            array(select jsonb_array_elements_text(coalesce(g->'classes', '[]'))),
            coalesce((g->>'may_write')::boolean, false), (g->>'from')::timestamptz,
            (g->>'to')::timestamptz, coalesce(g->>'reason', ''), c.person)
    returning id into made;
    perform guard.note((g->>'tenant')::uuid, c, 'access.request',
                       (g - 'reason') || jsonb_build_object('id', made));
    done := done || made;
  end loop;
  return done;
end $$;

create function guard.access_requests(p_open boolean default true)
returns table (tenant_id uuid, slug text, id uuid, user_id uuid, name text, email text, side text,
               role text, lines text[], classes text[], may_write boolean, valid_from timestamptz,
               valid_to timestamptz, reason text, requested_by uuid, requested_by_name text,
               state text, answer text, asked_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.seeing('access.list');
begin
  return query
    select r.tenant_id, t.slug, r.id, r.user_id, u.name, u.email, u.side, r.role, r.lines, r.classes,
           r.may_write, r.valid_from, r.valid_to, r.reason, r.requested_by, q.name, r.state, r.answer,
           uuid_extract_timestamp(r.id)
      from guard.access_request r
      join guard.tenant t on t.id = r.tenant_id
      join guard.person u on u.id = r.user_id
      join guard.person q on q.id = r.requested_by
     where (r.tenant_id = c.tenant or c.tenant = guard.provider())
       and (not p_open or r.state = 'open')
     order by r.id desc limit 500;
end $$;

-- Internal: may this claim decide this request? The client's own people decide about their data;
-- its first people are made by two of the provider, of whom this is the second.
create function guard.may_decide(c guard.claim, r guard.access_request) returns boolean
language plpgsql stable as $$
declare decider text; subject text;
begin
  if r.state <> 'open' or c.person in (r.requested_by, r.user_id) then
    return false;
  end if;
  select side into decider from guard.person where id = c.person;
  select side into subject from guard.person where id = r.user_id;
  return (c.tenant = r.tenant_id and decider = 'client')
      or (c.tenant = guard.provider() and decider = 'provider'
          and (r.tenant_id = guard.provider() or subject = 'client' and not exists (
            select 1 from guard.living m
              join guard.person p on p.id = m.user_id and p.side = 'client'
              join guard.role_permission rp on rp.role = m.role and rp.permission = 'access.grant'
             where m.tenant_id = r.tenant_id)));
end $$;

create function guard.decide_access(p uuid[], p_yes boolean, p_answer text default '') returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.need('access.grant', true); r guard.access_request; n int := 0;
begin
  for r in select * from guard.access_request
            where id = any (p) and (tenant_id = c.tenant or c.tenant = guard.provider())
            order by id for update loop
    if r.state <> 'open' then
      raise exception 'decided-already' using errcode = 'BO409';
    end if;
    if not guard.may_decide(c, r) then
      raise exception 'another-decides' using errcode = 'BO409';
    end if;
    update guard.access_request
       set state = case when p_yes then 'granted' else 'refused' end, decided_by = c.person,
           decided_at = statement_timestamp(), answer = coalesce(p_answer, '')
     where tenant_id = r.tenant_id and id = r.id;
    if p_yes then
      perform guard.make_membership(c, r.tenant_id, r.id, jsonb_build_object(
        'user', r.user_id, 'role', r.role, 'lines', r.lines, 'classes', r.classes,
        'may_write', r.may_write, 'from', greatest(r.valid_from, now()), 'to', r.valid_to));
    else
      perform guard.note(r.tenant_id, c, 'access.refuse', jsonb_build_object('id', r.id));
    end if;
    n := n + 1;
  end loop;
  if n <> cardinality(p) or n = 0 then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  return n;
end $$;

-- The decision is the actor's own: an owner about the own firm, an administrator about the
-- provider's people in the provider's tenant.
create function guard.give_access(p jsonb) returns uuid[]
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('access.grant', true);
  home boolean := c.tenant = guard.provider();
  own text; g jsonb; done uuid[] := '{}';
begin
  select side into own from guard.person where id = c.person;
  if (home and own <> 'provider') or (not home and own <> 'client')
     or (guard.reach(c, '*', true))[1] is null then
    perform guard.refuse('not your own firm');
  end if;
  for g in select * from jsonb_array_elements(p) loop
    perform guard.check_access(g);
    if (g->>'user')::uuid = c.person then
      perform guard.refuse('nobody grants to themselves');
    end if;
    done := done || guard.make_membership(c, c.tenant, uuidv7(), g);
  end loop;
  return done;
end $$;

-- Sets an earlier end, also for what stands in; a later one needs a new decision.
create function guard.limit_access(p uuid[], p_to timestamptz) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('access.end'); x record; named int := 0; n int := 0;
  home boolean := false;
begin
  if p_to <= statement_timestamp() then
    raise exception 'ends-before-it-starts' using errcode = 'BO422';
  end if;
  for x in update guard.membership m set valid_to = greatest(p_to, m.valid_from)
            where ((m.id = any (p) and m.valid_from < p_to) or m.covers = any (p))
              and (m.tenant_id = c.tenant or c.tenant = guard.provider())
              and (m.valid_to is null or m.valid_to > p_to)
           returning m.tenant_id, m.id, m.user_id loop
    n := n + 1;
    named := named + (x.id = any (p))::int;
    home := home or x.tenant_id = guard.provider();
    perform guard.note(x.tenant_id, c, 'access.limit',
                       jsonb_build_object('id', x.id, 'user', x.user_id, 'to', p_to));
  end loop;
  if named <> cardinality(p) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if home and guard.holders('access.grant', p_to) = 0 then
    raise exception 'last-administrator' using errcode = 'BO409';
  end if;
  return n;
end $$;

-- The guard's own log of this client (who let whom in, sign-ins, ends), for the audit page.
create function guard.guard_events(p_person uuid default null, p_act text default null,
                                   p_from timestamptz default null, p_to timestamptz default null,
                                   p_before uuid default null, p_limit int default 100)
returns table (id uuid, at timestamptz, actor uuid, actor_name text, act text, detail jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.seeing('audit.read');
begin
  return query
    select a.id, a.at, a.actor, coalesce(u.name, ''), a.act, a.detail
      from guard.audit a left join guard.person u on u.id = a.actor
     where a.tenant_id = c.tenant and (p_person is null or a.actor = p_person)
       and (p_act is null or a.act like p_act || '%') and (p_from is null or a.at >= p_from)
       and (p_to is null or a.at < p_to) and (p_before is null or a.id < p_before)
     order by a.id desc limit least(p_limit, 500);
end $$;

revoke execute on function guard.own_session(boolean), guard.put_credential(uuid, jsonb),
  guard.seeing(text), guard.check_access(jsonb), guard.make_membership(guard.claim, uuid, uuid, jsonb),
  guard.may_decide(guard.claim, guard.access_request) from public;
grant execute on function guard.access_rows(boolean) to app_worker;
grant execute on function guard.access_rows(boolean), guard.person_rows(), guard.tenant_named(text), guard.tenant_slugs(), guard.invite_again(uuid),
  guard.request_access(jsonb), guard.access_requests(boolean), guard.decide_access(uuid[], boolean, text),
  guard.give_access(jsonb), guard.limit_access(uuid[], timestamptz),
  guard.guard_events(uuid, text, timestamptz, timestamptz, uuid, int) to app_rw;
reset role;
