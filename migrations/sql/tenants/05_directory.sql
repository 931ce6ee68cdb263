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
  tenant_id uuid, slug text, name text, legal_name text, country char(2), base_currency char(3),
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
    select k.tenant_id, k.slug, k.name, k.legal_name, k.country, k.base_currency, k.hue, k.state,
           k.is_provider, k.created_at, coalesce(s.lines, '{}'), s.until
    from app.client k
    left join guard.lines_served(statement_timestamp()) s on s.tenant_id = k.tenant_id;
end $$;
alter function app.client_directory() owner to client_mirror;
revoke execute on function app.client_directory() from public;
grant execute on function app.client_directory() to app_rw, app_worker;

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
