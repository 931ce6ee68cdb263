-- Named permissions of an API token: it and its jobs hold these and no others, and never more than
-- its person.
-- The guard's own answers are kept under another name and narrowed here.
set role guard_owner;

-- What a token was narrowed to; null where nothing was named.
create function guard.token_permissions(p_principal uuid) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select n.permissions from guard.session_note n where n.principal_id = p_principal
$$;

alter function guard.holds(guard.claim, text) rename to holds_by_role;
create function guard.holds(c guard.claim, perm text) returns boolean
language plpgsql stable parallel safe as $$
begin
  return guard.holds_by_role(c, perm)
     and (c.kind is null or c.kind not in ('token', 'job')
          or coalesce(perm = any (guard.token_permissions(c.principal)), true));
end $$;

alter function guard.rights() rename to rights_by_role;
revoke execute on function guard.rights_by_role() from app_rw, app_worker;
create function guard.rights() returns jsonb
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  r jsonb := guard.rights_by_role();  -- verifies the context, or raises
  named text[];
begin
  if r = '{}' then
    return r;
  end if;
  named := guard.token_permissions(split_part(current_setting('app.ctx'), '|', 4)::uuid);
  if named is null then
    return r;
  end if;
  return jsonb_set(r, '{permissions}', coalesce((
    select jsonb_agg(p order by p) from jsonb_array_elements_text(r->'permissions') p
     where p = any (named)), '[]'));
end $$;
grant execute on function guard.rights() to app_rw, app_worker;
reset role;
