-- What the operator's command line and the worker do for the provider (mode j in the provider's
-- tenant, which only the worker's login role can prove). Each act is noted.
set role guard_owner;

-- Serves a line for a client: the same start changes its end.
create function guard.engage_by_worker(
  p_tenant uuid, p_line text, p_from timestamptz, p_to timestamptz, p_document uuid default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.worker_step();
begin
  if not exists (select from guard.line where line = p_line and kind = 'service')
     or not exists (select from guard.tenant where id = p_tenant and not is_provider)
     or p_to <= p_from then
    perform guard.refuse('engagement');
  end if;
  insert into guard.engagement (tenant_id, line, valid_from, valid_to, document_id)
  values (p_tenant, p_line, p_from, p_to, p_document)
  on conflict (tenant_id, line, valid_from) do update set valid_to = excluded.valid_to;
  perform guard.note(p_tenant, c, 'engagement.set', jsonb_build_object(
    'line', p_line, 'from', p_from, 'to', p_to, 'by', 'worker'));
end $$;

-- Adds people: [{side, email, name}]; known addresses of the same side are left as they are.
-- Each new person gets an invitation whose code the mailing job makes.
create function guard.add_people_by_worker(p jsonb)
returns table (email text, id uuid, known boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  c guard.claim := guard.worker_step();
begin
  if exists (
    select from jsonb_to_recordset(p) g(side text, email text)
    join guard.person x on lower(x.email) = lower(g.email)
    where x.side <> g.side or x.left_at is not null) then
    perform guard.refuse('side');
  end if;
  return query
    with wanted as (
      select distinct on (lower(g.email)) g.side, g.email, coalesce(g.name, '') as name
      from jsonb_to_recordset(p) g(side text, email text, name text)),
    made as (
      insert into guard.person (side, email, name)
      select w.side, w.email, w.name from wanted w
      on conflict (mail_sha) do nothing
      returning id, email),
    invited as (
      insert into guard.one_time (purpose, person_id, made_by, expires_at)
      select 'invite', m.id, c.person, now() + interval '7 days' from made m
      returning person_id),
    noted as (
      select guard.note(guard.provider(), c, 'person.add', jsonb_build_object('id', i.person_id))
      from invited i)
    select m.email, m.id, false from made m, lateral (select count(*) from noted) z
    union all
    select x.email, x.id, true from wanted w
    join guard.person x on lower(x.email) = lower(w.email)
    where not exists (select from made m where lower(m.email) = lower(w.email));
end $$;

-- Grants by the operator, the second hand beside the provider person who asked for it:
-- [{tenant, user, role, lines, classes, may_write, from, to}], all or none. Provider staff stand on
-- the engagement; client people on this act, whose id becomes their basis.
create function guard.grant_by_worker(p jsonb) returns uuid[]
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.worker_step();
  act uuid := uuidv7();
  bad jsonb;
  made uuid[];
begin
  select to_jsonb(g) into bad
  from jsonb_to_recordset(p) g(tenant uuid, "user" uuid, role text, lines text[],
                               "from" timestamptz, "to" timestamptz)
  left join guard.tenant t on t.id = g.tenant
  left join guard.person u on u.id = g."user" and u.left_at is null
  left join guard.role r on r.role = g.role
  where t.id is null or u.id is null or r.side is distinct from u.side
     or (u.side = 'client' and t.is_provider) or g.lines is null or g."to" <= g."from"
     or exists (select from unnest(g.lines) l
                where not exists (select from guard.line x where x.line = l))
     or (u.side = 'provider' and not t.is_provider and exists (
           select from unnest(g.lines) l join guard.line x on x.line = l and x.kind = 'service'
           where not exists (
             select from guard.engagement e
             where e.tenant_id = g.tenant and e.line = l and e.valid_from <= now()
               and (e.valid_to is null or e.valid_to > now()))))
  limit 1;
  if bad is not null then
    perform guard.refuse('grant ' || bad::text);
  end if;
  with made_rows as (
    insert into guard.membership (tenant_id, user_id, role, lines, classes, may_write, basis,
                                  valid_from, valid_to)
    select g.tenant, g."user", g.role, g.lines, coalesce(g.classes, '{}'),
           coalesce(g.may_write, false),
           case when u.side = 'provider' and not t.is_provider then 'engagement' else act::text end,
           coalesce(g."from", now()), g."to"
    from jsonb_to_recordset(p) g(tenant uuid, "user" uuid, role text, lines text[], classes text[],
                                 may_write boolean, "from" timestamptz, "to" timestamptz)
    join guard.person u on u.id = g."user"
    join guard.tenant t on t.id = g.tenant
    returning *),
  noted as (
    select guard.note(m.tenant_id, c, 'access.grant', to_jsonb(m) || '{"by":"worker"}')
    from made_rows m)
  select array_agg(m.id) into made
  from made_rows m, lateral (select count(*) from noted) z;
  return coalesce(made, '{}');
end $$;

-- Which of these addresses, slugs and grants exist already: for the dry run of an import.
create function guard.known_for_import(p_emails text[], p_slugs text[])
returns table (kind text, key text, id uuid, detail text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.worker_step();
  return query
    select 'person', lower(x.email), x.id,
           case when x.left_at is null then x.side else 'left' end
    from guard.person x where lower(x.email) = any (p_emails)
    union all
    select 'client', t.slug, t.id, case when t.is_provider then 'provider' else t.state end
    from guard.tenant t where t.slug = any (p_slugs)
    union all
    select 'grant', lower(x.email) || ' ' || t.slug || ' ' || m.role, m.id, ''
    from guard.membership m
    join guard.person x on x.id = m.user_id
    join guard.tenant t on t.id = m.tenant_id
    where lower(x.email) = any (p_emails) and t.slug = any (p_slugs)
      and (m.valid_to is null or m.valid_to > now());
end $$;

-- The words an import may use.
create function guard.import_words()
returns table (kind text, word text, detail text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.worker_step();
  return query
    select 'role', r.role, r.side from guard.role r
    union all select 'line', l.line, l.kind from guard.line l;
end $$;
reset role;

revoke execute on function
  guard.engage_by_worker(uuid, text, timestamptz, timestamptz, uuid),
  guard.add_people_by_worker(jsonb), guard.grant_by_worker(jsonb),
  guard.known_for_import(text[], text[]), guard.import_words() from public;
grant execute on function
  guard.engage_by_worker(uuid, text, timestamptz, timestamptz, uuid),
  guard.add_people_by_worker(jsonb), guard.grant_by_worker(jsonb),
  guard.known_for_import(text[], text[]), guard.import_words() to app_worker;
