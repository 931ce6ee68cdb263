-- Doors of clients as a whole: making one, its state, what the provider serves for it.
set role guard_owner;

-- The worker's act, in the provider's tenant; the new client is in state creating.
create function guard.create_tenant(p_slug text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.worker_step();
  made uuid;
begin
  insert into guard.tenant (slug) values (p_slug) returning id into made;
  perform guard.note(made, c, 'tenant.create', jsonb_build_object('id', made));
  return made;
end $$;

-- A client's state; suspended is read only, in the database. By a fresh session in the provider's
-- tenant, or by the worker there or in the client itself.
create function guard.set_state(p_tenant uuid, p_state text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if not coalesce(c.mode = 'j' and c.tenant in (p_tenant, guard.provider()), false) then
    c := guard.need('tenant.state', true);
    if c.tenant <> guard.provider() then
      perform guard.refuse('state');
    end if;
  end if;
  update guard.tenant set state = p_state
   where id = p_tenant and not is_provider
     and (state, p_state) in (('creating', 'active'), ('active', 'suspended'),
                              ('suspended', 'active'), ('active', 'closing'),
                              ('suspended', 'closing'));
  if not found then
    perform guard.refuse('state');
  end if;
  perform guard.note(p_tenant, c, 'tenant.state', jsonb_build_object('state', p_state));
end $$;

-- Which line is served from when until when; the same from changes the end.
create function guard.engage(
  p_tenant uuid, p_line text, p_from timestamptz, p_to timestamptz, p_document uuid default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('engagement.set', true);
begin
  if c.tenant <> guard.provider()
     or not exists (select from guard.line where line = p_line and kind = 'service')
     or not exists (select from guard.tenant where id = p_tenant and not is_provider) then
    perform guard.refuse('engagement');
  end if;
  if p_to < p_from then
    raise exception 'ends-before-it-starts' using errcode = 'BO422';
  end if;
  insert into guard.engagement (tenant_id, line, valid_from, valid_to, document_id)
  values (p_tenant, p_line, p_from, p_to, p_document)
  on conflict (tenant_id, line, valid_from) do update set valid_to = excluded.valid_to;
  perform guard.note(p_tenant, c, 'engagement.set',
                     jsonb_build_object('line', p_line, 'from', p_from, 'to', p_to));
end $$;

grant execute on function guard.create_tenant(text) to app_worker;
grant execute on function guard.set_state(uuid, text) to app_rw, app_worker;
grant execute on function guard.engage(uuid, text, timestamptz, timestamptz, uuid) to app_rw;
reset role;
