-- Doors of living principals: keeping a session awake, delegating, links, revoking.
set role guard_owner;

-- Sets one credential of the person who is signed in. One of the provider who has a second factor
-- must have used it: a session opened by less could otherwise register its own.
create function guard.set_credential(
  p_kind text, p_secret bytea, p_public bytea default null, p_handle_sha text default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is null or c.mode not in ('t', 's') or c.kind <> 'person'
     or coalesce(c.stepped_up_at, '-infinity') < statement_timestamp() - interval '5 minutes' then
    perform guard.refuse('own fresh session only');
  end if;
  if exists (
    select from guard.principal p join guard.person u on u.id = p.user_id
     where p.id = c.principal and u.side = 'provider' and not guard.strong(p.factors)
       and exists (select from guard.credential k
                    where k.person_id = u.id and k.kind in ('totp', 'passkey'))) then
    perform guard.refuse('second factor');
  end if;
  if p_kind <> 'passkey' then
    delete from guard.credential where person_id = c.person and kind = p_kind;
  end if;
  insert into guard.credential (person_id, kind, secret, public, handle_sha)
  values (c.person, p_kind, p_secret, p_public, p_handle_sha);
  perform guard.note(null, c, 'credential.set', jsonb_build_object('kind', p_kind));
end $$;

-- Keeps the own session awake; writes at most once a minute.
create function guard.touch_principal(p_idle interval default '30 minutes') returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is null or c.mode not in ('t', 's') or c.kind <> 'person' then
    perform guard.refuse('own session only');
  end if;
  update guard.principal set idle_until = now() + least(p_idle, interval '1 hour')
   where id = c.principal
     and idle_until < now() + least(p_idle, interval '1 hour') - interval '1 minute';
end $$;

-- A job's or an API token's principal in this client: never wider and never longer than the
-- principal that makes it, except that a job outlives its person's session.
create function guard.delegate(
  p_kind text, p_lines text[], p_life interval, p_secret_sha text default null
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
  made uuid;
  longest interval := case p_kind when 'job' then interval '24 hours' else interval '1 year' end;
  own_end timestamptz;
begin
  if c.mode is distinct from 't' or (guard.reach(c, '*', false))[1] is null
     or p_kind is null or p_kind not in ('job', 'token')
     or (p_kind = 'token' and (c.kind <> 'person' or not guard.holds(c, 'token.make'))) then
    perform guard.refuse('delegate');
  end if;
  if c.lines is not null and (p_lines is null or not p_lines <@ c.lines) then
    perform guard.refuse('wider than the caller');
  end if;
  -- a token outlives the session: it takes what giving access takes
  if p_kind = 'token' and exists (
    select from guard.principal p join guard.person u on u.id = p.user_id
     where p.id = c.principal and u.side = 'provider' and not guard.strong(p.factors)) then
    perform guard.refuse('second factor');
  end if;
  if p_kind = 'token' and coalesce(c.stepped_up_at, '-infinity')
                          < statement_timestamp() - interval '5 minutes' then
    perform guard.refuse('step up');
  end if;
  if c.kind <> 'person' then
    select expires_at into own_end from guard.principal where id = c.principal;
  end if;
  insert into guard.principal (kind, user_id, tenant_id, lines, expires_at, secret_sha, made_by)
  values (p_kind, c.person, c.tenant, p_lines,
          least(now() + least(coalesce(p_life, longest), longest), own_end), p_secret_sha, c.person)
  returning id into made;
  -- what a token was narrowed to (identity/01) goes on to its jobs, and to theirs
  insert into guard.session_note (principal_id, permissions)
  select made, n.permissions from guard.session_note n
   where n.principal_id = c.principal and c.kind in ('token', 'job') and n.permissions is not null;
  perform guard.note(c.tenant, c, 'principal.' || p_kind,
                     jsonb_build_object('id', made, 'lines', p_lines));
  return made;
end $$;

-- A link to one object. Called by doors only, after they read the object under the caller's own
-- line: by hand any line's id could be shared.
create function guard.make_link(
  p_type text, p_object uuid, p_life interval, p_secret_sha text, p_user uuid default null
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
  made uuid;
begin
  if c.mode is distinct from 't' or c.kind <> 'person' or (guard.reach(c, '*', true))[1] is null
     or not guard.holds(c, 'link.make') then
    perform guard.refuse('link');
  end if;
  insert into guard.principal (kind, user_id, tenant_id, object_type, object_id, expires_at,
                               secret_sha, made_by)
  values ('link', p_user, c.tenant, p_type, p_object, now() + least(p_life, interval '30 days'),
          p_secret_sha, c.person)
  returning id into made;
  perform guard.note(c.tenant, c, 'principal.link',
                     jsonb_build_object('id', made, 'type', p_type, 'object', p_object));
  return made;
end $$;

-- A link hands on a part of what it opens. Called by doors only, which know what that part is: it
-- lives no longer than its parent and ends with the grant of the same maker.
create function guard.hand_on(p_type text, p_object uuid, p_secret_sha text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
  made uuid;
begin
  if c.mode is distinct from 't' or c.kind is distinct from 'link'
     or guard.link_opens(c.object_type, c.object_id) is null then
    perform guard.refuse('link');
  end if;
  insert into guard.principal (kind, tenant_id, object_type, object_id, expires_at, secret_sha,
                               made_by)
  select 'link', p.tenant_id, p_type, p_object, p.expires_at, p_secret_sha, p.made_by
    from guard.principal p where p.id = c.principal
  returning id into made;
  perform guard.note(c.tenant, c, 'principal.link',
                     jsonb_build_object('id', made, 'type', p_type, 'object', p_object));
  return made;
end $$;

-- A standing address of the client itself, such as where its papers are mailed to: it brings things
-- in and opens nothing, and is ended or renewed by hand, so that it outlives whoever made it.
-- Called by doors only, as make_link.
create function guard.make_address(p_type text, p_object uuid, p_secret_sha text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
  made uuid;
begin
  if c.mode is distinct from 't' or c.kind <> 'person' or (guard.reach(c, '*', true))[1] is null
     or not guard.holds(c, 'link.make') then
    perform guard.refuse('address');
  end if;
  insert into guard.principal (kind, tenant_id, object_type, object_id, expires_at, secret_sha)
  values ('link', c.tenant, p_type, p_object, now() + interval '20 years', p_secret_sha)
  returning id into made;
  perform guard.note(c.tenant, c, 'principal.address',
                     jsonb_build_object('id', made, 'type', p_type, 'object', p_object));
  return made;
end $$;

-- The address that one of our mails asks replies to: it brings a message in and opens nothing. Made
-- by jobs, which alone write mails; called by doors only.
create function guard.make_reply_address(
  p_type text, p_object uuid, p_life interval, p_secret_sha text
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
  made uuid;
begin
  if session_user <> 'app_worker' or c.mode is null or c.mode not in ('t', 'j') or c.kind = 'link'
     or (guard.reach(c, '*', true))[1] is null then
    perform guard.refuse('address');
  end if;
  insert into guard.principal (kind, tenant_id, object_type, object_id, expires_at, secret_sha)
  values ('link', c.tenant, p_type, p_object, now() + least(p_life, interval '60 days'),
          p_secret_sha)
  returning id into made;
  perform guard.note(c.tenant, c, 'principal.address',
                     jsonb_build_object('id', made, 'type', p_type, 'object', p_object));
  return made;
end $$;

-- Ends a link or an address of this client. Called by doors only, which ask who may.
create function guard.end_link(p_principal uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
  done boolean;
begin
  if c.mode is null or c.mode not in ('t', 'j') or c.kind = 'link' then
    perform guard.refuse('end a link');
  end if;
  update guard.principal set revoked_at = statement_timestamp()
   where id = p_principal and kind = 'link' and tenant_id = c.tenant and revoked_at is null;
  done := found;
  perform guard.note(c.tenant, c, 'principal.revoke', jsonb_build_object('id', p_principal));
  return done;
end $$;

-- Ends a principal: one's own; any of the client with access.end; from the provider's tenant any.
create function guard.revoke(p_principal uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
  x guard.principal;
  done boolean;
begin
  select * into x from guard.principal where id = p_principal;
  if c.mode is null or c.mode not in ('t', 's', 'j') or x.id is null or c.kind = 'link' then
    perform guard.refuse('revoke');
  end if;
  if (x.id = c.principal
      or (c.kind = 'person' and c.lines is null and x.user_id = c.person)
      or (c.mode = 'j' and x.tenant_id = c.tenant)
      or (c.mode = 't' and c.kind = 'person' and c.lines is null
          and guard.holds(c, 'access.end')
          and (c.tenant = guard.provider() or c.tenant = x.tenant_id))) is not true then
    perform guard.refuse('revoke');
  end if;
  update guard.principal set revoked_at = statement_timestamp()
   where id = p_principal and revoked_at is null;
  done := found;
  perform guard.note(x.tenant_id, c, 'principal.revoke', jsonb_build_object('id', p_principal));
  return done;
end $$;

grant execute on function guard.set_credential(text, bytea, bytea, text) to app_rw;
grant execute on function
  guard.touch_principal(interval), guard.delegate(text, text[], interval, text), guard.revoke(uuid)
  to app_rw, app_worker;
grant execute on function guard.make_link(text, uuid, interval, text, uuid),
  guard.hand_on(text, uuid, text), guard.make_address(text, uuid, text),
  guard.make_reply_address(text, uuid, interval, text), guard.end_link(uuid)
  to guard_definer;
reset role;
