-- The first people: the provider's administrators, and each client's first owner.
set role guard_owner;

-- Run once by the administrator: the provider's tenant, its administrators, and an invitation for
-- each whose secret's hash is given in the same place of secret_hashes.
create function guard.init_provider(
  p_slug text, p_name text, p_emails text[], p_secret_hashes text[]
) returns uuid
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  home uuid;
  c guard.claim;
begin
  if exists (select from guard.tenant where is_provider) then
    raise exception 'provider-exists' using errcode = 'BO409';
  end if;
  if cardinality(p_emails) is distinct from cardinality(p_secret_hashes)
     or cardinality(p_emails) < 1 then
    raise exception 'administrators-missing' using errcode = 'BO422';
  end if;
  insert into guard.role (role, side, title, shipped)
  values ('administrator', 'provider', 'Administrator', true)
  on conflict do nothing;  -- its permissions come with guard.seed_roles()
  insert into guard.tenant (slug, name, state, is_provider) values (p_slug, p_name, 'active', true)
  returning id into home;
  with made as (
    insert into guard.person (side, email) select 'provider', e from unnest(p_emails) e
    returning id, email
  ), invited as (
    insert into guard.one_time (secret_sha, purpose, person_id, expires_at)
    select i.secret_sha, 'invite', m.id, now() + interval '7 days'
      from unnest(p_emails, p_secret_hashes) i(email, secret_sha)
      join made m on m.email = i.email
  )
  insert into guard.membership (tenant_id, user_id, role, lines, may_write, basis)
  select home, m.id, 'administrator', '{member}', true, 'founding' from made m;
  perform guard.note(home, c, 'provider.init',
                     jsonb_build_object('people', cardinality(p_emails)));
  return home;
end $$;

-- The provider's name as given at the start, known before anybody signs in.
create function guard.provider_name() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select name from guard.tenant where is_provider
$$;

-- Who acts for the provider here: a person with the permission, or the operator's command line.
create function guard.founder() returns guard.claim
language plpgsql stable as $$
declare
  c guard.claim := guard.verify();
  c_person guard.person;
begin
  if c.mode is distinct from 'j' then
    c := guard.need('access.first_owner', true);
    if c.tenant <> guard.provider() then
      perform guard.refuse('first owner');
    end if;
    return c;
  end if;
  c := guard.worker_step();
  select * into c_person from guard.person where id = c.person and left_at is null;
  if c_person.email is distinct from 'operator@system.invalid'
     and not (c_person.side is not distinct from 'provider'
              and guard.holds(c, 'access.first_owner')) then
    perform guard.refuse('first owner');
  end if;
  return c;
end $$;

-- Names a client's first owner; somebody else of the provider confirms. The operator's command line
-- may be one of the two.
create function guard.propose_first_owner(p_tenant uuid, p_email text, p_name text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.founder();
  made uuid;
begin
  if not exists (select from guard.tenant
                  where id = p_tenant and not is_provider and state in ('creating', 'active')) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if exists (select from guard.membership m join guard.person u on u.id = m.user_id
              where m.tenant_id = p_tenant and u.side = 'client') then
    raise exception 'has-people-already' using errcode = 'BO409';
  end if;
  if p_email is null or p_email !~ '^[^@[:space:]]+@[^@[:space:]]+$'
     or exists (select from guard.person
                 where lower(email) = lower(p_email)
                   and (side <> 'client' or left_at is not null)) then
    raise exception 'invalid-email' using errcode = 'BO422';
  end if;
  insert into guard.first_owner (tenant_id, email, name, proposed_by)
  values (p_tenant, p_email, coalesce(p_name, ''), c.person)
  returning id into made;
  perform guard.note(p_tenant, c, 'first_owner.propose', jsonb_build_object('id', made));
  return made;
end $$;

-- Makes the owner: person, membership on every service line, invitation. p_secret_sha is taken from
-- the command line only, which prints the code; else the mailing job makes it.
create function guard.confirm_first_owner(p_id uuid, p_secret_sha text default null) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.founder();
  f guard.first_owner;
  u uuid;
begin
  select * into f from guard.first_owner where id = p_id and confirmed_at is null for update;
  if f.id is null then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if f.proposed_by = c.person then
    perform guard.refuse('a second person confirms');
  end if;
  if exists (select from guard.membership m join guard.person p on p.id = m.user_id
              where m.tenant_id = f.tenant_id and p.side = 'client') then
    raise exception 'has-people-already' using errcode = 'BO409';
  end if;
  update guard.first_owner set confirmed_by = c.person, confirmed_at = statement_timestamp()
   where tenant_id = f.tenant_id and id = f.id;
  insert into guard.person (side, email, name) values ('client', f.email, f.name)
  on conflict (mail_sha) do nothing
  returning id into u;
  if u is not null then
    insert into guard.one_time (secret_sha, purpose, person_id, made_by, expires_at)
    values (case when c.mode = 'j' then p_secret_sha end, 'invite', u, c.person,
            now() + interval '7 days');
  else
    select p.id into u from guard.person p
     where p.mail_sha = guard.sha('mail:' || lower(f.email)) and p.side = 'client'
       and p.left_at is null;
    if u is null then
      raise exception 'invalid-email' using errcode = 'BO422';
    end if;
  end if;
  insert into guard.membership (tenant_id, user_id, role, lines, may_write, basis)
  values (f.tenant_id, u, 'owner',
          array(select l.line from guard.line l where l.kind = 'service' order by 1), true,
          'founding');
  perform guard.note(f.tenant_id, c, 'first_owner.confirm',
                     jsonb_build_object('id', f.id, 'user', u, 'proposed_by', f.proposed_by));
  return u;
end $$;

grant execute on function guard.provider_name() to app_rw, app_worker;
grant execute on function
  guard.propose_first_owner(uuid, text, text), guard.confirm_first_owner(uuid, text)
  to app_rw, app_worker;
reset role;
