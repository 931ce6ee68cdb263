-- The desk's figures of work: what is late, when the next is due, what waits for the client.
set role app_owner;
call guard.admit('app.task', 'work_door', null);
grant select on app.task to work_door;
grant usage on schema app, guard to work_door;

-- Counts one line of one client anew. A figure's row is locked before counting, so that of two who
-- act at the same time the later one counts what the earlier has done. Nothing is due "to do" that
-- lies ahead: `tasks_next` counts nothing and carries the next day alone.
create function app.count_tasks(p_tenant uuid, p_line text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  late bigint;
  late_since timestamptz;
  next_due timestamptz;
  waiting bigint;
  waiting_since timestamptz;
begin
  perform app.add_figure(p_tenant, p_line, 'tasks_late', 0);
  select count(*) filter (where t.due_at <= now()),
         min(t.due_at) filter (where t.due_at <= now()),
         min(t.due_at) filter (where t.due_at > now()),
         count(*) filter (where t.state = 'waiting'),
         min(t.due_at) filter (where t.state = 'waiting')
    into late, late_since, next_due, waiting, waiting_since
    from app.task t
   where t.tenant_id = p_tenant and t.line = p_line
     and t.state in ('todo', 'doing', 'waiting', 'review');
  perform app.set_figure(p_tenant, p_line, 'tasks_late', late, late_since, '');
  perform app.set_figure(p_tenant, p_line, 'tasks_next', 0, next_due, '');
  perform app.set_figure(p_tenant, p_line, 'tasks_waiting', waiting, waiting_since, '');
end $$;

create function app.task_figures() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  x record;
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  for x in select distinct tenant_id, line from changed order by tenant_id, line loop
    perform app.count_tasks(x.tenant_id, x.line);
  end loop;
  return null;
end $$;

-- The same after a change: only what a figure is made of counts, a state and the day it is due.
create function app.task_figures_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  x record;
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  for x in select distinct n.tenant_id, n.line
             from changed n join before o on o.tenant_id = n.tenant_id and o.id = n.id
            where (n.state, n.due_at) is distinct from (o.state, o.due_at)
            order by n.tenant_id, n.line loop
    perform app.count_tasks(x.tenant_id, x.line);
  end loop;
  return null;
end $$;
create trigger figure_added after insert on app.task
  referencing new table as changed for each statement execute function app.task_figures();
create trigger figure_changed after update on app.task
  referencing old table as before new table as changed
  for each statement execute function app.task_figures_changed();
reset role;
alter function app.count_tasks(uuid, text) owner to work_door;
alter function app.task_figures() owner to work_door;
alter function app.task_figures_changed() owner to work_door;
