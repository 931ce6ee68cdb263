-- The operator's command line: the worker's login role, as a system user, in the provider's tenant.
set role guard_owner;

create function guard.operator_person(p_email text)
returns table (id uuid, side text, name text, left_at timestamptz, memberships bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.worker_step(); n timestamptz := statement_timestamp();
begin
  return query
    select u.id, u.side, u.name, u.left_at,
           (select count(*) from guard.membership m
             where m.user_id = u.id and (m.valid_to is null or m.valid_to > n))
      from guard.person u where not u.system and u.mail_sha = guard.sha('mail:' || lower(p_email));
end $$;

create function guard.operator_tenant(p_slug text) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.worker_step();
  return (select t.id from guard.tenant t where t.slug = p_slug);
end $$;

-- Adds a person and asks for an invitation; a known address of the same side is just answered.
create function guard.operator_add_person(
  p_side text, p_email text, p_name text, p_locale text default ''
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.worker_step(); u guard.person;
begin
  select * into u from guard.person where mail_sha = guard.sha('mail:' || lower(p_email));
  if u.id is not null then
    if u.side <> p_side or u.left_at is not null then
      raise exception 'person-of-other-side' using errcode = 'BO409';
    end if;
    return u.id;
  end if;
  insert into guard.person (side, email, name) values (p_side, p_email, p_name) returning * into u;
  insert into guard.one_time (purpose, person_id, locale, made_by, expires_at)
  values ('invite', u.id, left(coalesce(p_locale, ''), 12), null, now() + interval '7 days');
  perform guard.note(c.tenant, c, 'person.add', jsonb_build_object('id', u.id));
  return u.id;
end $$;

-- Grants on an engagement, in the provider's tenant, or to a client's first people: the operator
-- is the second of two there, which the audit says by naming the login role and the system user.
-- A person's import runs as that person: it gives what they could give, to others only. A client's
-- first people are made by two of the provider: the import asks, somebody else decides.
create function guard.operator_give(p jsonb) returns uuid[]
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.worker_step();
  g jsonb; t guard.tenant; u guard.person; lacking text; made uuid; done uuid[] := '{}';
  personal boolean := not exists (select from guard.person where id = c.person and system);
  owned uuid[] := array(
    select m.tenant_id from guard.living m
      join guard.person p on p.id = m.user_id and p.side = 'client'
      join guard.role_permission rp on rp.role = m.role and rp.permission = 'access.grant');
begin
  if personal and not guard.holds(c, 'access.grant') then
    perform guard.refuse('permission access.grant');
  end if;
  for g in select * from jsonb_array_elements(p) loop
    perform guard.check_access(g);
    select * into t from guard.tenant where id = (g->>'tenant')::uuid and state in ('active', 'suspended');
    select * into u from guard.person where id = (g->>'user')::uuid;
    if t.id is null then
      raise exception 'not-found' using errcode = 'BO404';
    end if;
    if personal and u.id = c.person then
      perform guard.refuse('nobody grants to themselves');
    end if;
    if personal and u.side = 'client' and t.id = any (owned) then
      raise exception 'another-decides' using errcode = 'BO409';
    end if;
    if personal and u.side = 'client' then
      insert into guard.access_request
        (tenant_id, user_id, role, lines, classes, may_write, valid_from, valid_to, requested_by)
      values (t.id, u.id, g->>'role', array(select jsonb_array_elements_text(g->'lines')),
              array(select jsonb_array_elements_text(coalesce(g->'classes', '[]'))),
              coalesce((g->>'may_write')::boolean, false), (g->>'from')::timestamptz,
              (g->>'to')::timestamptz, c.person)
      returning id into made;
      perform guard.note(t.id, c, 'access.request', g || jsonb_build_object('id', made));
      continue;
    end if;
    if t.is_provider or u.side = 'client' then
      done := done || guard.make_membership(c, t.id, uuidv7(), g);
      continue;
    end if;
    select l into lacking from jsonb_array_elements_text(g->'lines') l
      join guard.line x on x.line = l and x.kind = 'service'
     where not exists (select 1 from guard.engagement e
                        where e.tenant_id = t.id and e.line = l and e.valid_from <= now()
                          and (e.valid_to is null or e.valid_to > now())) limit 1;
    if lacking is not null then
      raise exception 'no-engagement' using errcode = 'BO422', detail = jsonb_build_object('line', lacking)::text;
    end if;
    insert into guard.membership
      (tenant_id, user_id, role, lines, classes, may_write, basis, valid_from, valid_to)
    values (t.id, u.id, g->>'role', array(select jsonb_array_elements_text(g->'lines')),
            array(select jsonb_array_elements_text(coalesce(g->'classes', '[]'))),
            coalesce((g->>'may_write')::boolean, false), 'engagement',
            coalesce((g->>'from')::timestamptz, now()), (g->>'to')::timestamptz)
    returning id into made;
    perform guard.note(t.id, c, 'access.grant', g || jsonb_build_object('id', made, 'basis', 'engagement'));
    done := done || made;
  end loop;
  return done;
end $$;

-- The leaver command of the operator: the same as guard.leave, said by the worker's role.
create function guard.operator_leave(p_person uuid) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.worker_step(); x record; n int := 0;
begin
  update guard.person set left_at = statement_timestamp() where id = p_person and left_at is null and not system;
  if not found then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  update guard.principal set revoked_at = statement_timestamp()
   where (user_id = p_person or (kind = 'link' and made_by = p_person)) and revoked_at is null;
  delete from guard.credential where person_id = p_person;
  update guard.one_time set expires_at = now() where person_id = p_person and used_at is null;
  update guard.access_request set state = 'refused', decided_at = now(), answer = 'left'
   where user_id = p_person and state = 'open';
  for x in update guard.membership m set valid_to = greatest(statement_timestamp(), m.valid_from)
            where (m.user_id = p_person
                   or exists (select from guard.membership o
                               where o.tenant_id = m.tenant_id and o.id = m.covers
                                 and o.user_id = p_person))
              and (m.valid_to is null or m.valid_to > statement_timestamp())
           returning m.tenant_id, m.id loop
    n := n + 1;
    perform guard.note(x.tenant_id, c, 'person.leave',
                       jsonb_build_object('user', p_person, 'membership', x.id));
  end loop;
  perform guard.note(null, c, 'person.leave', jsonb_build_object('user', p_person, 'ended', n));
  return n;
end $$;

grant execute on function guard.operator_person(text), guard.operator_tenant(text), guard.operator_add_person(text, text, text, text),
  guard.operator_give(jsonb), guard.operator_leave(uuid) to app_worker;
reset role;
