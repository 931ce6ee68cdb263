-- Rolling forward, told and counted: what the platform's hourly job does in one client. Each door
-- asks the guard once, where the same statements by the worker's role would ask it for every line
-- and row. Only a system user's job may call them, for the client of its own signed context.
set role app_owner;
call guard.admit('app.task_item', 'work_door', null);
call guard.admit('app.repeat', 'work_door', null);
grant insert (tenant_id, id, line, kind, title, description, class, due_on, due_zone, assignee_id,
  reviewer_id, repeat_id, period_start, item_no, made_by), update (told_due_at)
  on app.task to work_door;
grant insert (tenant_id, task_id, line, position, text) on app.task_item to work_door;
grant select, update (state, next_start, make_on, version) on app.repeat to work_door;

-- The client and the system user of the job that acts; refuses everybody else, and a suspended client.
create function app.working_job(out tenant uuid, out person uuid)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
begin
  tenant := guard.writable('*');
  person := c.person;
  if c.mode is distinct from 'j' or tenant is distinct from c.tenant or person is null then
    raise exception 'refused: the work of a job' using errcode = '42501';
  end if;
end $$;

-- The repeats whose next period is to be made by a day, locked till the end of the transaction.
create function app.repeats_to_make(p_today date) returns setof app.repeat
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := (app.working_job()).tenant;
begin
  return query
    select r.* from app.repeat r
     where r.tenant_id = t and r.state = 'active' and r.make_on <= p_today
     order by r.id for update;
end $$;

-- Makes tasks of repeats with their checklists, each period and item once, and says where each
-- repeat stands next; returns the tasks that are new. Whose a task is, its line, class and zone are
-- its repeat's: the job says only what of which period is due when.
create function app.make_work(p_tasks json, p_next json) returns table (task_id uuid)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  job record := app.working_job();
begin
  return query
    with said as materialized (
      select * from json_to_recordset(p_tasks) n(id uuid, repeat uuid, start date, number int,
        kind text, title text, text text, day date, checks json)),
    fresh as (
      insert into app.task (tenant_id, id, line, kind, title, description, class, due_on, due_zone,
          assignee_id, reviewer_id, repeat_id, period_start, item_no, made_by)
        select job.tenant, n.id, r.line, n.kind, n.title, n.text, r.class, n.day, r.due_zone,
               r.assignee_id, r.reviewer_id, r.id, n.start, n.number, job.person
          from said n
          join app.repeat r on r.tenant_id = job.tenant and r.id = n.repeat and r.state = 'active'
      on conflict (tenant_id, repeat_id, period_start, item_no) do nothing
      returning id, line),
    points as (
      insert into app.task_item (tenant_id, task_id, line, position, text)
        select job.tenant, f.id, f.line, k.place - 1, k.text
          from said n
          join fresh f on f.id = n.id
         cross join json_array_elements_text(n.checks) with ordinality k(text, place)),
    placed as (
      update app.repeat r
         set state = n.state, next_start = n.start, make_on = n.day, version = r.version + 1
        from json_to_recordset(p_next) n(id uuid, state text, start date, day date)
       where r.tenant_id = job.tenant and r.id = n.id and r.state = 'active')
    select f.id from fresh f;
end $$;

-- What became late by the clock is counted anew; open tasks due by p_until that were not told of
-- are marked as told and returned, once each.
create function app.tell_work(p_until timestamptz)
returns table (task_id uuid, person_id uuid, day date)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := (app.working_job()).tenant;
  x text;
begin
  for x in select distinct k.line from app.task k
            where k.tenant_id = t and k.state in ('todo', 'doing', 'waiting', 'review') loop
    perform app.count_tasks(t, x);
  end loop;
  if exists (select from app.task k where k.tenant_id = t and k.told_due_at is null
               and k.state in ('todo', 'doing', 'waiting', 'review') and k.due_at <= p_until) then
    return query
      update app.task k set told_due_at = now()
       where k.tenant_id = t and k.told_due_at is null
         and k.state in ('todo', 'doing', 'waiting', 'review') and k.due_at <= p_until
      returning k.id, k.assignee_id, k.due_on;
  end if;
end $$;
reset role;
alter function app.repeats_to_make(date) owner to work_door;
alter function app.make_work(json, json) owner to work_door;
alter function app.tell_work(timestamptz) owner to work_door;
grant execute on function app.working_job() to work_door;
grant execute on function app.repeats_to_make(date), app.make_work(json, json),
  app.tell_work(timestamptz) to app_worker;
