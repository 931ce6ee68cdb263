-- For the owners of doors only, never for a login role.
set role guard_owner;

create function guard.claims() returns guard.claim
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
begin
  return guard.verify();
end $$;

-- All clients a door may touch; a link's own client too, though a link has no scope.
create function guard.door_scope() returns uuid[]
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if c.kind = 'link' then
    return array(
      select id from guard.tenant where id = c.tenant and state in ('active', 'suspended'));
  end if;
  return guard.reach(c, '*', false);
end $$;

-- Whether a link still opens anything. It lives as long as its maker may enter that client: it dies
-- with the grant, however it ends; a client's address (make_address) has no maker and is the
-- client's own.
create function guard.link_lives(p_principal uuid) returns boolean
language sql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from guard.principal p
     where p.id = p_principal and p.kind = 'link' and p.revoked_at is null
       and p.expires_at > statement_timestamp()
       and (p.made_by is null or exists (
         select from guard.living m
          where m.user_id = p.made_by and m.tenant_id = p.tenant_id)))
$$;

-- The client, if this transaction's link opens this object; else null.
create function guard.link_opens(otype text, oid uuid) returns uuid
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if c.kind = 'link' and c.object_type = otype and c.object_id = oid
     and guard.link_lives(c.principal) then
    return (select id from guard.tenant where id = c.tenant and state in ('active', 'suspended'));
  end if;
  return null;
end $$;

-- The same where something is brought: a client whose work rests takes nothing in.
create function guard.link_writes(otype text, oid uuid) returns uuid
language sql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
  select t.id from guard.tenant t
   where t.id = guard.link_opens(otype, oid) and t.state = 'active'
$$;

-- For a door of the operator's command line alone; answers the client that it acts in.
create function guard.demand_operator() returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is distinct from 'j' or c.person is distinct from '00000000-0000-7000-8000-000000000001' then
    raise exception 'refused: operator' using errcode = '42501';
  end if;
  return c.tenant;
end $$;

-- Restoring: told by the login role itself (session_user, never current_user), and confined to the
-- one client that the operator's tool names for the transaction.
create function guard.restoring() returns boolean
language sql stable parallel safe
return session_user = 'app_restore';

create function guard.restore_tenant() returns uuid
language sql stable parallel safe
return case when session_user = 'app_restore'
            then nullif(current_setting('app.restore_tenant', true), '')::uuid end;

grant execute on function
  guard.claims(), guard.door_scope(), guard.link_lives(uuid), guard.link_opens(text, uuid),
  guard.link_writes(text, uuid), guard.demand_operator()
  to guard_definer;
grant execute on function guard.restoring(), guard.restore_tenant()
  to app_rw, app_worker, app_restore, guard_definer, guard_jobs, app_owner;
reset role;
