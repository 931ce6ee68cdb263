-- Figures are kept by definer triggers of the service lines through these two functions.
create policy figures on app.client_figure to figure_door using (true) with check (true);
grant usage on schema app, guard to figure_door;
grant select, insert, update on app.client_figure to figure_door;

-- Sets one figure: n (a count, or minor units where the name says so), the oldest instant behind
-- it, and a state word. Only owners of definer triggers may call it.
create function app.set_figure(
  p_tenant uuid, p_line text, p_name text, p_n bigint,
  p_oldest timestamptz default null, p_state text default ''
) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into app.client_figure as f (tenant_id, line, name, n, oldest, state)
  values (p_tenant, p_line, p_name, p_n, p_oldest, coalesce(p_state, ''))
  on conflict (tenant_id, line, name) do update
  set n = excluded.n, oldest = excluded.oldest, state = excluded.state, changed_at = now()
  where (f.n, f.oldest, f.state) is distinct from (excluded.n, excluded.oldest, excluded.state)
$$;

-- Adds to one figure; `oldest` and `state` stay where null is given.
create function app.add_figure(
  p_tenant uuid, p_line text, p_name text, p_delta bigint,
  p_oldest timestamptz default null, p_state text default null
) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into app.client_figure as f (tenant_id, line, name, n, oldest, state)
  values (p_tenant, p_line, p_name, p_delta, p_oldest, coalesce(p_state, ''))
  on conflict (tenant_id, line, name) do update
  set n = f.n + p_delta,
      oldest = coalesce(p_oldest, f.oldest),
      state = coalesce(p_state, f.state),
      changed_at = now()
$$;

alter function app.set_figure(uuid, text, text, bigint, timestamptz, text) owner to figure_door;
alter function app.add_figure(uuid, text, text, bigint, timestamptz, text) owner to figure_door;
revoke execute on function app.set_figure(uuid, text, text, bigint, timestamptz, text) from public;
revoke execute on function app.add_figure(uuid, text, text, bigint, timestamptz, text) from public;
grant execute on function app.set_figure(uuid, text, text, bigint, timestamptz, text)
  to guard_definer, app_owner;
grant execute on function app.add_figure(uuid, text, text, bigint, timestamptz, text)
  to guard_definer, app_owner;
