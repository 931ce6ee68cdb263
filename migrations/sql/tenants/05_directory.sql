-- The provider's directory of all clients, also of those the reader holds no grant for: names,
-- states and lines served, nothing of their business. Mode t in the provider's tenant only.
grant execute on function guard.provider() to client_mirror;

create function guard.lines_served(p_at timestamptz)
returns table (tenant_id uuid, lines text[], until timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select e.tenant_id, array_agg(distinct e.line order by e.line), min(e.valid_to)
  from guard.engagement e
  where e.valid_from <= p_at and (e.valid_to is null or e.valid_to > p_at)
  group by e.tenant_id
$$;
alter function guard.lines_served(timestamptz) owner to guard_owner;
revoke execute on function guard.lines_served(timestamptz) from public;
grant execute on function guard.lines_served(timestamptz) to client_mirror;

create function app.client_directory()
returns table (
  tenant_id uuid, slug text, name text, legal_name text, country char(2), currency char(3),
  hue smallint, state text, is_provider boolean, created_at timestamptz, lines text[],
  until timestamptz
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  c guard.claim := guard.claims();
begin
  if c.mode is null or c.mode not in ('t', 'j') or c.tenant is distinct from guard.provider()
     or (c.mode = 't' and not guard.may('tenant.list')) then
    raise exception 'refused: the directory' using errcode = '42501';
  end if;
  return query
    select k.tenant_id, k.slug, k.name, k.legal_name, k.country, k.currency, k.hue, k.state,
           k.is_provider, k.created_at, coalesce(s.lines, '{}'), s.until
    from app.client k
    left join guard.lines_served(statement_timestamp()) s on s.tenant_id = k.tenant_id;
end $$;
alter function app.client_directory() owner to client_mirror;
revoke execute on function app.client_directory() from public;
grant execute on function app.client_directory() to app_rw, app_worker;

-- Whether a client is the one that these words name; for what is decided about it at the provider by
-- people who need not hold the directory.
create function app.client_is(p_tenant uuid, p_slug text, p_name text) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
begin
  return c.mode in ('t', 'j') and c.tenant = guard.provider() and exists (
    select from app.client k
     where k.tenant_id = p_tenant and k.slug = p_slug and k.name = p_name and not k.is_provider);
end $$;
alter function app.client_is(uuid, text, text) owner to client_mirror;
revoke execute on function app.client_is(uuid, text, text) from public;
grant execute on function app.client_is(uuid, text, text) to app_rw, app_worker;

-- The engagement of the client one stands in: what is served, from when until when.
create function guard.engagements()
returns table (tenant_id uuid, line text, valid_from timestamptz, valid_to timestamptz,
               document_id uuid)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  c guard.claim := guard.verify();
  reached uuid[] := guard.reach(c, 'member', false);
begin
  if c.mode in ('t', 'j') and c.tenant = guard.provider()
     and (c.mode = 'j' or guard.holds(c, 'tenant.list')) then
    return query select e.tenant_id, e.line, e.valid_from, e.valid_to, e.document_id
                 from guard.engagement e order by 1, 2, 3;
    return;
  end if;
  return query select e.tenant_id, e.line, e.valid_from, e.valid_to, e.document_id
               from guard.engagement e where e.tenant_id = any (reached) order by 1, 2, 3;
end $$;
alter function guard.engagements() owner to guard_owner;
revoke execute on function guard.engagements() from public;
grant execute on function guard.engagements() to app_rw, app_worker;

-- The clients this principal reaches on any line (a link its own): what every page and every path
-- of the API begins with. A token narrowed to lines reaches no 'member' row, so it cannot read
-- app.client itself.
create function app.my_clients(p_slug text default null)
returns setof app.client
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select k.* from app.client k
  where k.tenant_id = any ((select guard.door_scope())::uuid[])
    and (p_slug is null or k.slug = p_slug)
$$;
alter function app.my_clients(text) owner to client_mirror;
revoke execute on function app.my_clients(text) from public;
grant execute on function app.my_clients(text) to app_rw, app_worker;

-- The provider as everybody sees it, also before signing in: name, accent, logo. No context needed.
create policy brand on app.provider_setting for select to client_mirror using (true);
grant select on app.provider_setting to client_mirror;

create function app.brand()
returns table (name text, slug text, accent text, sender_name text, sender_address text,
               logo_type text, changed_at timestamptz, locale text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.name, k.slug, s.accent, s.sender_name, s.sender_address, s.logo_type, s.changed_at,
         k.locale
  from app.provider_setting s join app.client k on k.tenant_id = s.tenant_id and k.is_provider
$$;
create function app.brand_logo() returns table (logo_type text, logo bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.logo_type, s.logo
  from app.provider_setting s join app.client k on k.tenant_id = s.tenant_id and k.is_provider
  where s.logo is not null
$$;
alter function app.brand() owner to client_mirror;
alter function app.brand_logo() owner to client_mirror;
revoke execute on function app.brand(), app.brand_logo() from public;
grant execute on function app.brand(), app.brand_logo() to app_rw, app_worker;
