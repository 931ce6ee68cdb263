-- Doors of people: adding, naming, leaving.
set role guard_owner;

-- Adds a person and asks for an invitation in a language. A known address of the same side answers
-- its id and changes nothing; one of the other side answers null.
create function guard.add_person(
  p_side text, p_email text, p_name text, p_locale text default ''
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('person.invite');
  u uuid;
begin
  if p_side = 'provider' and c.tenant <> guard.provider() then
    perform guard.refuse('side');
  end if;
  if p_email is null or p_email !~ '^[^@[:space:]]+@[^@[:space:]]+$' then
    raise exception 'invalid-email' using errcode = 'BO422';
  end if;
  insert into guard.person (side, email, name) values (p_side, p_email, p_name)
  on conflict (mail_sha) do nothing
  returning id into u;
  if u is null then
    return (select id from guard.person
             where mail_sha = guard.sha('mail:' || lower(p_email)) and side = p_side
               and left_at is null and not system);
  end if;
  insert into guard.one_time (purpose, person_id, locale, made_by, expires_at)
  values ('invite', u, left(coalesce(p_locale, ''), 12), c.person, now() + interval '7 days');
  perform guard.note(c.tenant, c, 'person.add', jsonb_build_object('id', u));
  return u;
end $$;

-- First letters of the first and the last word of a name, for round badges.
create function guard.initials(name text) returns text
language sql immutable parallel safe
return upper(left(btrim(name), 1)
             || case when btrim(name) ~ '\s' then left(substring(btrim(name) from '\S+$'), 1)
                     else '' end);

-- Everybody who has or had a membership in a client that this scope reaches; no addresses.
create function guard.people() returns table (id uuid, name text, side text, initials text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  reached uuid[] := guard.reach(guard.verify(), 'member', false);
begin
  return query
    select u.id, u.name, u.side, guard.initials(u.name)
      from guard.person u
     where u.id in (select m.user_id from guard.membership m where m.tenant_id = any (reached));
end $$;

-- Names of authors, set-based: only of people who ever had a membership in a client that this
-- scope reaches, of the provider's people who act there, of system people, and of oneself.
create function guard.person_name(p_ids uuid[])
returns table (id uuid, name text, side text, initials text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
  reached uuid[] := guard.reach(c, '*', false);
begin
  if cardinality(reached) = 0 then
    return;
  end if;
  return query
    select u.id, u.name, u.side, guard.initials(u.name)
      from guard.person u
     where u.id = any (p_ids)
       and (u.system or u.id = c.person
            or exists (select from guard.membership m
                        where m.user_id = u.id and m.tenant_id = any (reached || guard.provider())));
end $$;

-- The leaver command, in the provider's tenant: ends what a person is and may do, everywhere.
create function guard.leave(p_person uuid) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('person.leave', true);
  x record;
  n int := 0;
begin
  if c.tenant <> guard.provider() or p_person is null or p_person = c.person then
    perform guard.refuse('leave');
  end if;
  update guard.person set left_at = statement_timestamp()
   where id = p_person and left_at is null and not system;
  if not found then
    perform guard.refuse('person');
  end if;
  update guard.principal set revoked_at = statement_timestamp()
   where (user_id = p_person or (kind = 'link' and made_by = p_person)) and revoked_at is null;
  update guard.one_time set expires_at = now()
   where person_id = p_person and used_at is null and expires_at > now();
  delete from guard.credential where person_id = p_person;
  update guard.access_request
     set state = 'refused', decided_at = now(), decided_by = c.person, answer = 'left'
   where user_id = p_person and state = 'open';
  for x in
    update guard.membership m set valid_to = greatest(statement_timestamp(), m.valid_from)
     where (m.user_id = p_person
            or exists (select from guard.membership o
                        where o.tenant_id = m.tenant_id and o.id = m.covers
                          and o.user_id = p_person))
       and (m.valid_to is null or m.valid_to > statement_timestamp())
    returning m.tenant_id, m.id
  loop
    n := n + 1;
    perform guard.note(x.tenant_id, c, 'person.leave',
                       jsonb_build_object('user', p_person, 'membership', x.id));
  end loop;
  if guard.holders('access.grant') = 0 then
    raise exception 'last-administrator' using errcode = 'BO409';
  end if;
  perform guard.note(null, c, 'person.leave', jsonb_build_object('user', p_person, 'ended', n));
  return n;
end $$;

grant execute on function guard.add_person(text, text, text, text), guard.leave(uuid) to app_rw;
grant execute on function guard.people(), guard.person_name(uuid[]) to app_rw, app_worker;
reset role;
