-- Doors of logging in (mode l). None says whether a person exists; a code is made by the worker's
-- mailing job, so an injection in the web process can neither choose nor read one.
set role guard_owner;

-- The credentials of the person proved, or of the address or passkey named: sealed secrets only.
create function guard.credential_for()
returns table (person_id uuid, side text, credential_id uuid, kind text, public bytea, secret bytea)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is distinct from 'l' then
    perform guard.refuse('a login step is needed');
  end if;
  return query
    select p.id, p.side, k.id, k.kind, k.public, k.secret
      from guard.person p
      left join guard.credential k on k.person_id = p.id
     where p.left_at is null and not p.system
       and (p.id = c.person or p.mail_sha = c.hash
            or exists (select from guard.credential h
                        where h.person_id = p.id and h.handle_sha = c.hash));
end $$;

-- After proof: the token names the person, its nonce opens once. p_replaces ends the session that
-- this one steps up or rotates. p_factors: what was proved, see guard.strong().
create function guard.open_principal(
  p_person uuid, p_secret_sha text, p_idle interval default '30 minutes',
  p_life interval default '12 hours', p_replaces uuid default null, p_factors text[] default null
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.login_step(false);
  opened uuid;
begin
  if c.person is distinct from p_person or c.principal is null
     or not exists (select from guard.person
                     where id = p_person and left_at is null and not system) then
    perform guard.refuse('person');
  end if;
  insert into guard.principal (kind, user_id, idle_until, expires_at, stepped_up_at, secret_sha,
                               nonce, factors)
  values ('person', p_person, now() + least(p_idle, interval '1 hour'),
          now() + least(p_life, interval '12 hours'), now(), p_secret_sha, c.principal,
          p_factors)
  on conflict (nonce) do nothing
  returning id into opened;
  if opened is null then
    perform guard.refuse('nonce');
  end if;
  if p_replaces is not null then
    update guard.principal set revoked_at = statement_timestamp()
     where id = p_replaces and user_id = p_person and kind = 'person';
  end if;
  perform guard.note(null, c, 'principal.open', jsonb_build_object('id', opened));
  return opened;
end $$;

-- The living principal behind a cookie, an API token or a link's secret; consumes nothing.
create function guard.principal_for()
returns table (id uuid, kind text, user_id uuid, tenant_id uuid, lines text[], object_type text,
               object_id uuid, stepped_up_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.login_step(true);
  n timestamptz := statement_timestamp();
begin
  return query
    select p.id, p.kind, p.user_id, p.tenant_id, p.lines, p.object_type, p.object_id,
           p.stepped_up_at
      from guard.principal p
     where p.secret_sha = c.hash and p.revoked_at is null and p.expires_at > n
       and (p.idle_until is null or p.idle_until > n);
end $$;

-- Asks for a code by mail, in the language of whoever asks unless the person chose one. A code to
-- log in is for clients' people only; at most five an hour.
create function guard.request_code(p_purpose text, p_locale text default '') returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.login_step(true);
begin
  if p_purpose is null or p_purpose not in ('reset', 'login') then
    perform guard.refuse('purpose');
  end if;
  insert into guard.one_time (purpose, person_id, locale, expires_at)
  select p_purpose, p.id, left(coalesce(p_locale, ''), 12), now() + interval '15 minutes'
    from guard.person p
   where p.mail_sha = c.hash and p.left_at is null and not p.system
     and (p_purpose = 'reset' or p.side = 'client')
     and (select count(*) from guard.one_time o
           where o.person_id = p.id and o.purpose = p_purpose
             and o.made_at > now() - interval '1 hour') < 5;
end $$;

-- The worker's mailing job takes the next waiting code and gives it the hash of its secret. The
-- language is the person's own choice for mails, else for screens, else the one asked with.
create function guard.issue_code(p_secret_sha text)
returns table (purpose text, email text, name text, locale text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.worker_step();
  return query
    with issued as (
      update guard.one_time x set secret_sha = p_secret_sha
       where x.id = (select y.id from guard.one_time y
                      where y.secret_sha is null and y.expires_at > now()
                      order by y.id limit 1 for update skip locked)
      returning x.purpose, x.person_id, x.locale)
    select i.purpose, p.email, p.name,
           coalesce(nullif(s.mail_locale, ''), nullif(s.locale, ''), i.locale)
      from issued i join guard.person p on p.id = i.person_id
      left join guard.person_setting s on s.person_id = p.id;
end $$;

-- Spends a code that was mailed for logging in; it proves the mailbox and sets nothing. What comes
-- with a credential is spent by guard.accept_code (identity/02).
create function guard.redeem() returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.login_step(true);
  u uuid;
begin
  update guard.one_time o set used_at = now()
    from guard.person p
   where o.secret_sha = c.hash and o.purpose = 'login' and o.used_at is null
     and o.expires_at > now() and p.id = o.person_id and p.left_at is null and not p.system
  returning o.person_id into u;
  if u is null then
    perform guard.refuse('code');
  end if;
  perform guard.note(null, c, 'code.login', jsonb_build_object('person', u));
  return u;
end $$;

grant execute on function
  guard.credential_for(),
  guard.open_principal(uuid, text, interval, interval, uuid, text[]),
  guard.principal_for(), guard.request_code(text, text), guard.redeem()
  to app_rw;
grant execute on function guard.issue_code(text) to app_worker;
reset role;
