-- When the installation's key-encryption key is changed, everything that is wrapped or sealed under it
-- is wrapped anew: only by the operator's command, a client at a time, each value only where it still
-- is what was read, so that the command can be cut off and run again.
set role app_owner;
grant update (wrapped) on app.tenant_key to storage_door;
grant update (sealed) on app.document_address to paper_door;
call guard.admit('app.mail_message', 'storage_door', null);
grant select (tenant_id, id, sealed), update (sealed) on app.mail_message to storage_door;

create function app.demand_operator() returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
begin
  if c.mode is distinct from 'j' or c.person is distinct from '00000000-0000-7000-8000-000000000001' then
    raise exception 'refused: rewrap' using errcode = '42501';
  end if;
  return c.tenant;
end $$;

create function app.client_keys_to_rewrap() returns table (id uuid, sealed bytea, context text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select k.id, k.wrapped, 'client|' || k.tenant_id from app.tenant_key k
   where k.tenant_id = app.demand_operator() order by k.no
$$;
create function app.rewrap_client_key(p_id uuid, p_old bytea, p_new bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update app.tenant_key k set wrapped = p_new
   where k.tenant_id = app.demand_operator() and k.id = p_id and k.wrapped = p_old;
  return found;
end $$;

create function app.mails_to_reseal() returns table (id uuid, sealed bytea, context text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select m.id, m.sealed, 'mail|' || m.id from app.mail_message m
   where m.tenant_id = app.demand_operator() and m.sealed is not null order by m.id
$$;
create function app.reseal_mail(p_id uuid, p_old bytea, p_new bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update app.mail_message m set sealed = p_new
   where m.tenant_id = app.demand_operator() and m.id = p_id and m.sealed = p_old;
  return found;
end $$;

create function app.addresses_to_reseal() returns table (id uuid, sealed bytea, context text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select a.id, a.sealed, 'document-address|' || a.tenant_id from app.document_address a
   where a.tenant_id = app.demand_operator() order by a.id
$$;
create function app.reseal_address(p_id uuid, p_old bytea, p_new bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update app.document_address a set sealed = p_new
   where a.tenant_id = app.demand_operator() and a.id = p_id and a.sealed = p_old;
  return found;
end $$;
reset role;
alter function app.demand_operator() owner to storage_door;
alter function app.client_keys_to_rewrap() owner to storage_door;
alter function app.rewrap_client_key(uuid, bytea, bytea) owner to storage_door;
alter function app.mails_to_reseal() owner to storage_door;
alter function app.reseal_mail(uuid, bytea, bytea) owner to storage_door;
alter function app.addresses_to_reseal() owner to paper_door;
alter function app.reseal_address(uuid, bytea, bytea) owner to paper_door;
grant execute on function app.demand_operator() to paper_door;
grant execute on function app.client_keys_to_rewrap(), app.rewrap_client_key(uuid, bytea, bytea),
  app.mails_to_reseal(), app.reseal_mail(uuid, bytea, bytea), app.addresses_to_reseal(),
  app.reseal_address(uuid, bytea, bytea) to app_worker;

-- Ways to sign in belong to people, not to clients: passwords and authenticators are sealed too.
set role guard_owner;
create function guard.credentials_to_reseal(p_after uuid, p_most integer)
returns table (id uuid, sealed bytea, context text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
begin
  if c.mode is distinct from 'j' or c.person is distinct from '00000000-0000-7000-8000-000000000001' then
    raise exception 'refused: rewrap' using errcode = '42501';
  end if;
  return query select w.id, w.secret, w.kind || '|' || w.person_id from guard.credential w
    where w.secret is not null and w.id > p_after order by w.id limit p_most;
end $$;
create function guard.reseal_credential(p_id uuid, p_old bytea, p_new bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
begin
  if c.mode is distinct from 'j' or c.person is distinct from '00000000-0000-7000-8000-000000000001' then
    raise exception 'refused: rewrap' using errcode = '42501';
  end if;
  update guard.credential w set secret = p_new where w.id = p_id and w.secret = p_old;
  return found;
end $$;
grant execute on function guard.credentials_to_reseal(uuid, integer),
  guard.reseal_credential(uuid, bytea, bytea) to app_worker;
reset role;
