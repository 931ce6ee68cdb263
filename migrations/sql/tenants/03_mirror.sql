-- The guard's slug and state, mirrored into the directory row: readers need one table only, and
-- nobody but the guard's own doors can change either.
create policy mirror on app.client to client_mirror using (true) with check (true);
grant usage on schema app, guard to client_mirror;
grant select, update (slug, state, is_provider) on app.client to client_mirror;

create function app.mirror_tenant() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update app.client
  set slug = new.slug, state = new.state, is_provider = new.is_provider
  where tenant_id = new.id
    and (slug, state, is_provider) is distinct from (new.slug, new.state, new.is_provider);
  return null;
end $$;
alter function app.mirror_tenant() owner to client_mirror;
revoke execute on function app.mirror_tenant() from public;

create trigger mirror after update on guard.tenant
  for each row execute function app.mirror_tenant();

-- A new directory row takes slug, state and side from the guard, whatever was written.
create function app.take_from_guard() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not guard.restoring() then
    select t.slug, t.state, t.is_provider into new.slug, new.state, new.is_provider
    from guard.tenant t where t.id = new.tenant_id;
  end if;
  -- the colour of its badge, one of six, that stays with the client for life
  new.hue := (('x' || substr(md5(new.tenant_id::text), 1, 6))::bit(24)::int) % 6 + 1;
  return new;
end $$;
alter function app.take_from_guard() owner to guard_owner;
revoke execute on function app.take_from_guard() from public;

create trigger take_from_guard before insert on app.client
  for each row execute function app.take_from_guard();
