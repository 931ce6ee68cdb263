-- What the operator's command line and the worker do for the provider (mode j in the provider's
-- tenant, which only the worker's login role can prove). Each act is noted. People and their grants
-- go through the operator's doors of identity.
set role guard_owner;

-- Serves a line for a client, from now on where no start is given: the same start changes its end.
create function guard.engage_by_worker(
  p_tenant uuid, p_line text, p_from timestamptz, p_to timestamptz, p_document uuid default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.worker_step();
begin
  -- the transaction's own start, so that a grant of the same transaction may rest on it
  p_from := coalesce(p_from, now());
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

-- Internal: the worker for the provider, or a provider person who may make clients.
create function guard.importer() returns void
language plpgsql stable as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode = 'j' then
    perform guard.worker_step();
  elsif (guard.need('client.create')).tenant is distinct from guard.provider() then
    perform guard.refuse('import');
  end if;
end $$;

-- Which of these addresses, slugs and grants exist already: for the dry run of an import.
create function guard.known_for_import(p_emails text[], p_slugs text[])
returns table (kind text, key text, id uuid, detail text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.importer();
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
  perform guard.importer();
  return query
    select 'role', r.role, r.side from guard.role r
    union all select 'line', l.line, l.kind from guard.line l;
end $$;
reset role;

revoke execute on function
  guard.engage_by_worker(uuid, text, timestamptz, timestamptz, uuid),
  guard.importer(), guard.known_for_import(text[], text[]), guard.import_words() from public;
grant execute on function
  guard.engage_by_worker(uuid, text, timestamptz, timestamptz, uuid),
  guard.known_for_import(text[], text[]), guard.import_words() to app_worker;
grant execute on function guard.known_for_import(text[], text[]), guard.import_words() to app_rw;

-- What a person starts on screen and the worker does as a system user; an import gives grants.
insert into app.system_job (kind, permission, fresh) values
  ('tenants.create', 'client.create', false),
  ('tenants.import', 'client.create', true);
