-- Doors of signing in and of a person's own account.
set role guard_owner;

-- What a code from a mail is for; consumes nothing, so that a mail scanner cannot spend it.
create function guard.code_state()
returns table (purpose text, person_id uuid, side text, email text, name text, state text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.login_step(true);
begin
  return query
    select o.purpose, p.id, p.side, p.email, p.name,
           case when p.left_at is not null then 'expired' when o.used_at is not null then 'used'
                when o.expires_at <= now() then 'expired' else 'open' end
      from guard.one_time o join guard.person p on p.id = o.person_id
     where o.secret_sha = c.hash;
end $$;

-- Internal: one credential of a person, replacing the old one where a kind is single.
create function guard.put_credential(p_person uuid, k jsonb) returns void
language plpgsql as $$
declare made uuid;
begin
  if k->>'kind' <> 'passkey' then
    delete from guard.credential where person_id = p_person and kind = k->>'kind';
  end if;
  insert into guard.credential (person_id, kind, secret, public, handle_sha)
  values (p_person, k->>'kind', decode(k->>'secret', 'hex'), decode(k->>'public', 'hex'), k->>'handle_sha')
  returning id into made;
  if k->>'kind' = 'passkey' then
    insert into guard.passkey_note (credential_id, name, sign_count)
    values (made, k->>'name', (k->>'sign_count')::bigint);
  end if;
end $$;

-- Accepts an invitation or a reset with all its credentials at once. Staff leave with a second
-- factor or not at all: a passkey (verified by the device), or a password together with a TOTP.
create function guard.accept_code(p_purpose text, p_credentials jsonb) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.login_step(true);
  kinds text[] := array(select k->>'kind' from jsonb_array_elements(p_credentials) k);
  u guard.person;
begin
  if p_purpose not in ('invite', 'reset') or cardinality(kinds) = 0 then
    perform guard.refuse('purpose');
  end if;
  update guard.one_time o set used_at = now()
    from guard.person p
   where o.secret_sha = c.hash and o.purpose = p_purpose and o.used_at is null
     and o.expires_at > now() and p.id = o.person_id and p.left_at is null
  returning p.* into u;
  if u.id is null then
    raise exception 'code-spent' using errcode = 'BO409';
  end if;
  if p_purpose = 'reset' and kinds <> '{password}' then
    perform guard.refuse('a reset sets a password only');
  end if;
  if p_purpose = 'invite' and u.side = 'provider'
     and not (kinds @> '{passkey}' or kinds @> '{password,totp}') then
    raise exception 'second-factor-needed' using errcode = 'BO422';
  end if;
  if p_purpose = 'invite' then
    -- a new invitation is a new start: what an earlier holder knew opens nothing any more
    delete from guard.credential where person_id = u.id;
  end if;
  perform guard.put_credential(u.id, k) from jsonb_array_elements(p_credentials) k;
  update guard.principal set revoked_at = statement_timestamp()
   where user_id = u.id and kind in ('person', 'token') and revoked_at is null;
  perform guard.note(null, c, 'code.' || p_purpose, jsonb_build_object('person', u.id));
  return u.id;
end $$;

-- The principal behind a cookie with its person and settings: one round trip a request.
create function guard.whoami()
returns table (id uuid, kind text, person_id uuid, tenant_id uuid, lines text[], permissions text[],
               stepped_up_at timestamptz, idle_until timestamptz, expires_at timestamptz, name text,
               email text, side text, home uuid, locale text, mail_locale text, time_zone text,
               theme text, density text, keys_on boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.login_step(true); n timestamptz := statement_timestamp();
begin
  return query
    select p.id, p.kind, u.id, p.tenant_id, p.lines, s.permissions, p.stepped_up_at, p.idle_until,
           p.expires_at, u.name, u.email, u.side,
           case when u.side = 'provider' then (select t.id from guard.tenant t where t.is_provider)
                else (select m.tenant_id from guard.membership m
                        join guard.tenant t on t.id = m.tenant_id and t.state in ('active', 'suspended')
                       where m.user_id = u.id and m.valid_from <= n and (m.valid_to is null or m.valid_to > n)
                       order by m.valid_from, m.id limit 1) end,
           coalesce(x.locale, ''), coalesce(x.mail_locale, ''), coalesce(x.time_zone, ''),
           coalesce(x.theme, 'auto'), coalesce(x.density, 'default'), coalesce(x.keys_on, true)
      from guard.principal p
      join guard.person u on u.id = p.user_id and u.left_at is null
      left join guard.session_note s on s.principal_id = p.id
      left join guard.person_setting x on x.person_id = u.id
     where p.secret_sha = c.hash and p.revoked_at is null and p.expires_at > n
       and (p.idle_until is null or p.idle_until > n);
end $$;

-- Device and place of the session just opened by this login step.
create function guard.session_opened(p_principal uuid, p_device text, p_address text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.login_step(false);
begin
  insert into guard.session_note (principal_id, device, address)
  select p.id, left(p_device, 120), left(p_address, 60) from guard.principal p
   where p.id = p_principal and p.user_id = c.person and p.kind = 'person'
  on conflict (principal_id) do nothing;
end $$;

-- A passkey was used: its counter must grow where the device counts at all (WebAuthn 7.2, 22).
create function guard.passkey_used(p_handle_sha text, p_count bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.login_step(false);
begin
  update guard.passkey_note n set sign_count = p_count, used_at = now()
    from guard.credential k
   where k.id = n.credential_id and k.handle_sha = p_handle_sha and k.person_id = c.person
     and (p_count > n.sign_count or (p_count = 0 and n.sign_count = 0));
  if not found then
    raise exception 'passkey-copied' using errcode = 'BO409';
  end if;
end $$;

-- Internal: the person's own, un-narrowed session; fresh where credentials change.
create function guard.own_session(fresh boolean) returns guard.claim
language plpgsql stable as $$
declare c guard.claim := guard.verify();
begin
  if c.mode is null or c.mode not in ('t', 's') or c.kind <> 'person' then
    perform guard.refuse('own session only');
  end if;
  if fresh and coalesce(c.stepped_up_at, '-infinity') < statement_timestamp() - interval '5 minutes' then
    perform guard.refuse('step up');
  end if;
  -- who has a second factor must have used it: a session opened by less could register its own
  if fresh and exists (
    select from guard.principal p join guard.person u on u.id = p.user_id
     where p.id = c.principal and u.side = 'provider' and not guard.strong(p.factors)
       and exists (select from guard.credential k
                    where k.person_id = u.id and k.kind in ('totp', 'passkey'))) then
    perform guard.refuse('second factor');
  end if;
  return c;
end $$;

create function guard.my_credentials()
returns table (id uuid, kind text, name text, made_at timestamptz, used_at timestamptz, secret bytea)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(false);
begin
  return query
    select k.id, k.kind, coalesce(n.name, ''), k.made_at, n.used_at,
           case when k.kind <> 'password' then k.secret end
      from guard.credential k left join guard.passkey_note n on n.credential_id = k.id
     where k.person_id = c.person order by k.made_at;
end $$;

create function guard.put_my_credential(k jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(true);
begin
  perform guard.put_credential(c.person, k);
  perform guard.note(null, c, 'credential.set', jsonb_build_object('kind', k->>'kind'));
end $$;

create function guard.name_passkey(p_id uuid, p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(false);
begin
  update guard.passkey_note n set name = p_name from guard.credential k
   where n.credential_id = p_id and k.id = p_id and k.person_id = c.person;
  if not found then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
end $$;

-- Takes a credential away; staff keep a second factor, everybody keeps a way in.
create function guard.drop_credential(p_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(true); gone text; kinds text[]; staff boolean;
begin
  delete from guard.credential where id = p_id and person_id = c.person returning kind into gone;
  if gone is null then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  kinds := array(select kind from guard.credential where person_id = c.person);
  select side = 'provider' into staff from guard.person where id = c.person;
  if staff and not (kinds @> '{passkey}' or kinds @> '{password,totp}') then
    raise exception 'last-factor' using errcode = 'BO409';
  end if;
  perform guard.note(null, c, 'credential.drop', jsonb_build_object('kind', gone));
end $$;

-- Living sessions (no tenant) and API tokens of the person.
create function guard.my_sessions()
returns table (id uuid, kind text, tenant_id uuid, slug text, lines text[], permissions text[], device text,
               address text, name text, opened_at timestamptz, idle_until timestamptz,
               expires_at timestamptz, is_this boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(false); n timestamptz := statement_timestamp();
begin
  return query
    select p.id, p.kind, p.tenant_id, t.slug, p.lines, s.permissions, coalesce(s.device, ''),
           coalesce(s.address, ''), coalesce(s.name, ''), s.opened_at, p.idle_until, p.expires_at,
           p.id = c.principal
      from guard.principal p
      left join guard.session_note s on s.principal_id = p.id
      left join guard.tenant t on t.id = p.tenant_id
     where p.user_id = c.person and p.kind in ('person', 'token') and p.revoked_at is null
       and p.expires_at > n and (p.idle_until is null or p.idle_until > n)
     order by p.id desc;
end $$;

create function guard.end_other_sessions() returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(false); k int;
begin
  update guard.principal set revoked_at = statement_timestamp()
   where user_id = c.person and kind = 'person' and id <> c.principal and revoked_at is null
     and expires_at > now();
  get diagnostics k = row_count;
  perform guard.note(null, c, 'principal.revoke-others', jsonb_build_object('n', k));
  return k;
end $$;

-- Name and scopes of a token this session has just made.
create function guard.name_token(p_principal uuid, p_name text, p_permissions text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(false);
begin
  insert into guard.session_note (principal_id, name, permissions)
  select p.id, p_name, p_permissions from guard.principal p
   where p.id = p_principal and p.user_id = c.person and p.kind = 'token'
  on conflict (principal_id) do nothing;
end $$;

create function guard.my_settings()
returns table (locale text, mail_locale text, time_zone text, theme text, density text, keys_on boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(false);
begin
  return query select s.locale, s.mail_locale, s.time_zone, s.theme, s.density, s.keys_on
    from guard.person_setting s where s.person_id = c.person;
end $$;

create function guard.set_settings(p jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(false);
begin
  insert into guard.person_setting as s
    (person_id, locale, mail_locale, time_zone, theme, density, keys_on)
  values (c.person, p->>'locale', p->>'mail_locale', p->>'time_zone', p->>'theme', p->>'density',
          (p->>'keys_on')::boolean)
  on conflict (person_id) do update set locale = excluded.locale, mail_locale = excluded.mail_locale,
    time_zone = excluded.time_zone, theme = excluded.theme, density = excluded.density,
    keys_on = excluded.keys_on;
end $$;

-- Your access: clients, lines, ends. Also what ended in the last 90 days.
create function guard.my_access()
returns table (tenant_id uuid, slug text, id uuid, role text, lines text[], classes text[],
               may_write boolean, basis text, valid_from timestamptz, valid_to timestamptz, living boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(false); n timestamptz := statement_timestamp();
begin
  return query
    select m.tenant_id, t.slug, m.id, m.role, m.lines, m.classes, m.may_write, m.basis, m.valid_from,
           m.valid_to, m.valid_from <= n and (m.valid_to is null or m.valid_to > n)
                       and t.state in ('active', 'suspended')
      from guard.membership m join guard.tenant t on t.id = m.tenant_id
     where m.user_id = c.person and (m.valid_to is null or m.valid_to > n - interval '90 days')
     order by t.slug, m.valid_from;
end $$;

create function guard.my_profile()
returns table (name text, email text, side text, away_until date, covered_by uuid)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(false);
begin
  return query select p.name, p.email, p.side, a.until, a.covered_by
    from guard.person p left join guard.absence a on a.person_id = p.id and a.until >= current_date
   where p.id = c.person;
end $$;

create function guard.set_absence(p_until date, p_covered_by uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c guard.claim := guard.own_session(false);
begin
  delete from guard.absence where person_id = c.person;
  if p_until is null then
    return;
  end if;
  if p_covered_by is not null and not exists (
       select 1 from guard.person a join guard.person b on b.side = a.side and b.left_at is null
        where a.id = c.person and b.id = p_covered_by and b.id <> a.id
          -- the name of whoever covers is shown: of another client's people it is nobody's business
          and (a.side = 'provider' or exists (
            select 1 from guard.membership m join guard.membership o on o.tenant_id = m.tenant_id
             where m.user_id = a.id and o.user_id = b.id))) then
    raise exception 'not-a-colleague' using errcode = 'BO422';
  end if;
  insert into guard.absence values (c.person, p_until, p_covered_by);
end $$;

grant execute on function guard.code_state(), guard.accept_code(text, jsonb), guard.whoami(),
  guard.session_opened(uuid, text, text), guard.passkey_used(text, bigint), guard.my_credentials(),
  guard.put_my_credential(jsonb), guard.name_passkey(uuid, text), guard.drop_credential(uuid),
  guard.my_sessions(), guard.end_other_sessions(), guard.name_token(uuid, text, text[]),
  guard.set_settings(jsonb), guard.my_settings(), guard.my_access(), guard.my_profile(), guard.set_absence(date, uuid) to app_rw;
reset role;
