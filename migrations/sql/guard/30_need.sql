-- What the guard's own doors ask first, and how they write down what was done.
set role guard_owner;

-- The provider's own tenant: what concerns all clients is done there.
create function guard.provider() returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select id from guard.tenant where is_provider
$$;
grant execute on function guard.provider() to app_rw, app_worker;

create function guard.refuse(why text) returns void
language plpgsql as $$
begin
  raise exception 'refused: %', why using errcode = '42501';
end $$;

-- Two different proofs of one sign-in: a passkey verified by its device counts as two.
create function guard.strong(factors text[]) returns boolean
language sql immutable parallel safe
return factors is not null and cardinality(array(
  select distinct f from unnest(factors) f where f in ('password', 'totp', 'passkey', 'user_verified')
)) >= 2;

-- A person's own, un-narrowed session that holds the permission. The provider's people must have
-- proved two factors; fresh asks for a proof of identity of the last five minutes.
create function guard.need(perm text, fresh boolean default false) returns guard.claim
language plpgsql stable as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is distinct from 't' or c.kind <> 'person' or c.lines is not null
     or c.p_tenant is not null then
    perform guard.refuse('a full session is needed');
  end if;
  if not guard.holds(c, perm) then
    perform guard.refuse('permission ' || perm);
  end if;
  if exists (
    select from guard.principal p join guard.person u on u.id = p.user_id
     where p.id = c.principal and u.side = 'provider' and not guard.strong(p.factors)) then
    perform guard.refuse('second factor');
  end if;
  if fresh and coalesce(c.stepped_up_at, '-infinity')
               < statement_timestamp() - interval '5 minutes' then
    perform guard.refuse('step up');
  end if;
  return c;
end $$;

-- One row of the guard's audit: in a client's, or (t null) in the provider's. sha covers the rest.
create function guard.note(t uuid, c guard.claim, act text, detail jsonb) returns void
language plpgsql as $$
declare
  x guard.audit;
begin
  x.tenant_id := coalesce(t, guard.provider());
  if x.tenant_id is null then
    return;  -- before there is a provider nobody acts but the administrator
  end if;
  x.id := uuidv7();
  x.at := clock_timestamp();
  x.actor := c.person;
  x.principal := case when c.mode in ('t', 's') then c.principal end;
  x.login := session_user;
  x.act := act;
  x.detail := coalesce(detail, '{}');
  x.sha := sha256(convert_to(jsonb_build_array(
    'guard/1', x.tenant_id, x.id, extract(epoch from x.at), x.actor, x.principal, x.login, x.act,
    x.detail)::text, 'UTF8'));
  insert into guard.audit values (x.*);
end $$;

-- A step of logging in, by what the caller knows (by_hash) or as a person already proved.
create function guard.login_step(by_hash boolean) returns guard.claim
language plpgsql stable as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is distinct from 'l'
     or (case when by_hash then c.hash else c.person::text end) is null then
    perform guard.refuse('a login step is needed');
  end if;
  return c;
end $$;

-- A system user's job in the provider's tenant: from the worker's login role only.
create function guard.worker_step() returns guard.claim
language plpgsql stable as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is distinct from 'j' or c.tenant is distinct from guard.provider() then
    perform guard.refuse('the worker, in the provider''s tenant');
  end if;
  return c;
end $$;
reset role;
