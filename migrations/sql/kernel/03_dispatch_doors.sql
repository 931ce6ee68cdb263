-- The dispatcher's and the worker's doors: they see heads, never arguments, and need no context.
drop function if exists guard.claim_due(int, int);
drop function if exists guard.sweep();
drop function if exists guard.queue_figures();
grant create on schema guard to guard_jobs;
set role guard_jobs;

-- Claims due jobs up to the room of each queue. Tenants take turns (rank 1 of each first), and no
-- tenant holds more than p_share places, so one client's flood cannot keep the others waiting.
create function guard.claim_due(p_queues text[], p_room int[], p_share int)
returns table(tenant_id uuid, id uuid, fence bigint, queue text)
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
#variable_conflict use_column
begin
  return query
  with recursive waiting as (    -- a loose index scan: the tenants that have due jobs
    (select j.tenant_id from app.job j where j.state = 'due' order by j.tenant_id limit 1)
    union all
    select (select j.tenant_id from app.job j where j.state = 'due' and j.tenant_id > w.tenant_id
      order by j.tenant_id limit 1)
    from waiting w where w.tenant_id is not null
  ), room as (
    select q.queue, q.n from unnest(p_queues, p_room) q(queue, n) where q.n > 0
  ), busy as (
    select j.tenant_id, j.queue, count(*) k from app.job j where j.state = 'claimed' group by 1, 2
  ), due as (
    select j.tenant_id, j.id, r.queue, r.n, j.run_after, coalesce(b.k, 0)
      + row_number() over (partition by j.tenant_id, r.queue order by j.run_after, j.id) rank
    from waiting w
    join guard.tenant t on t.id = w.tenant_id and t.state in ('active', 'closing')
    cross join room r
    cross join lateral (select x.tenant_id, x.id, x.run_after from app.job x
      where x.tenant_id = w.tenant_id and x.queue = r.queue and x.state = 'due'
        and x.run_after <= now() order by x.run_after, x.id limit r.n) j
    left join busy b on b.tenant_id = j.tenant_id and b.queue = r.queue
  ), turn as (
    select d.*, row_number() over (partition by d.queue order by d.rank, d.run_after) place
    from due d where d.rank <= p_share
  ), pick as (
    select j.tenant_id, j.id from turn d
    join app.job j on j.tenant_id = d.tenant_id and j.id = d.id and j.state = 'due'
    where d.place <= d.n order by d.place for update of j skip locked
  )
  update app.job j set state = 'claimed', fence = j.fence + 1, started_at = null,
      lease_until = now() + interval '10 seconds'
    from pick where j.tenant_id = pick.tenant_id and j.id = pick.id
    returning j.tenant_id, j.id, j.fence, j.queue;
end $$;

-- How many jobs are claimed, by queue: the room that is left follows from it.
create function guard.in_flight() returns table(queue text, n bigint)
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select j.queue, count(*) from app.job j where j.state = 'claimed' group by 1
$$;

-- Keeps the leases of jobs that still stand in the transport's queue and wait for a worker.
create function guard.keep_queued(p_tenants uuid[], p_ids uuid[], p_fences bigint[]) returns bigint
language sql security definer set search_path=pg_catalog,pg_temp as $$
  with kept as (update app.job j set lease_until = now() + interval '10 seconds'
    from unnest(p_tenants, p_ids, p_fences) k(tenant_id, id, fence)
    where j.tenant_id = k.tenant_id and j.id = k.id and j.fence = k.fence
      and j.state = 'claimed' and j.started_at is null returning 1)
  select count(*) from kept
$$;

-- A worker begins: the fence must be the one it was handed. Says whose rights the job has.
create function guard.take_job(p_tenant uuid, p_id uuid, p_fence bigint)
returns table(kind text, line text, principal_id uuid, actor uuid, request_id text, attempt int,
  lease_seconds int, done int)
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
#variable_conflict use_column
begin
  return query update app.job j set started_at = clock_timestamp(), attempt = j.attempt + 1,
      lease_until = now() + j.lease_seconds * interval '1 second'
    where j.tenant_id = p_tenant and j.id = p_id and j.fence = p_fence and j.state = 'claimed'
      and j.started_at is null and not j.cancel_requested
    returning j.kind, j.line, j.principal_id, j.actor, j.request_id, j.attempt, j.lease_seconds,
      j.done;
  if not found then
    update app.job j set state = 'cancelled', finished_at = now(), lease_until = null
      where j.tenant_id = p_tenant and j.id = p_id and j.fence = p_fence and j.state = 'claimed'
        and j.cancel_requested;
  end if;
end $$;

-- A worker lives: 'ok', 'cancel' when somebody asked to stop, 'lost' when the fence moved on.
create function guard.beat(p_tenant uuid, p_id uuid, p_fence bigint) returns text
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare asked boolean;
begin
  update app.job set lease_until = clock_timestamp() + lease_seconds * interval '1 second'
    where tenant_id = p_tenant and id = p_id and fence = p_fence and state = 'claimed'
    returning cancel_requested into asked;
  return case when asked is null then 'lost' when asked then 'cancel' else 'ok' end;
end $$;

-- A step calls this at the end of its own transaction: now() would be that transaction's beginning,
-- and the lease of a step longer than a lease would be over before it is committed.
create function guard.job_progress(p_tenant uuid, p_id uuid, p_fence bigint, p_done int,
  p_total int, p_stage text, p_link text) returns text
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare asked boolean;
begin
  update app.job set done = coalesce(p_done, done), total = coalesce(p_total, total),
      stage = coalesce(left(p_stage, 300), stage), result_link = coalesce(p_link, result_link),
      lease_until = clock_timestamp() + lease_seconds * interval '1 second'
    where tenant_id = p_tenant and id = p_id and fence = p_fence and state = 'claimed'
    returning cancel_requested into asked;
  return case when asked is null then 'lost' when asked then 'cancel' else 'ok' end;
end $$;

-- Runs in the handler's own transaction: work and done-mark stand or fall together.
create function guard.finish_job(p_tenant uuid, p_id uuid, p_fence bigint) returns void
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
begin
  update app.job set state = 'done', finished_at = now(), lease_until = null, error_code = null
    where tenant_id = p_tenant and id = p_id and fence = p_fence and state = 'claimed';
  if not found then
    raise exception 'job-fence-lost' using errcode = 'BO409';
  end if;
end $$;

-- An attempt failed: again after min(600, 2^failures * 5) seconds and up to half of that by chance,
-- or dead after the last retry or at once when trying again cannot help.
create function guard.fail_job(p_tenant uuid, p_id uuid, p_fence bigint, p_code text,
  p_fatal boolean, p_cancelled boolean default false) returns text
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
#variable_conflict use_column
declare r text;
begin
  update app.job j set
      state = case when p_cancelled then 'cancelled'
        when p_fatal or j.failures + 1 >= j.retries then 'dead' else 'due' end,
      finished_at = case when p_cancelled or p_fatal or j.failures + 1 >= j.retries then now() end,
      run_after = now()
        + least(600, 5 * 2 ^ (j.failures + 1)) * (1 + random() / 2) * interval '1 second',
      failures = j.failures + 1, lease_until = null, error_code = left(p_code, 200)
    where j.tenant_id = p_tenant and j.id = p_id and j.fence = p_fence and j.state = 'claimed'
    returning j.state into r;
  return r;
end $$;

-- Takes back what nobody holds any more. Lost before a worker began: at once, uncounted. Lost with
-- its worker: at once after the first loss, later with backoff. A loss is no failure: a busy machine
-- loses leases of sound jobs. Only ten losses in a row without `done` getting further end a job, for
-- it may be what kills its workers. A locked row is left: whoever holds it is at work on this job.
-- Ends the principals of ended jobs.
create function guard.sweep() returns table(again bigint, dead bigint)
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
#variable_conflict use_column
declare ended uuid[];
begin
  with x as (update app.job set principal_ended = true
    where principal_id is not null and not principal_ended and state in ('done', 'dead', 'cancelled')
    returning principal_id)
  select array_agg(principal_id) into ended from x;
  if ended is not null then perform guard.end_job_principals(ended); end if;
  return query with silent as (
    select j.tenant_id, j.id, j.started_at is not null begun,
      case when j.started_at is null then j.losses when j.done > j.lost_done then 1
        else j.losses + 1 end losses
    from app.job j where j.state = 'claimed' and j.lease_until < now() for update skip locked
  ), x as (update app.job j set
      state = case when not s.begun then 'due' when j.cancel_requested then 'cancelled'
        when s.losses >= 10 then 'dead' else 'due' end,
      finished_at = case when s.begun and (j.cancel_requested or s.losses >= 10) then now() end,
      error_code = case when s.begun then 'worker-lost' else j.error_code end,
      run_after = now() + case when not s.begun or s.losses = 1 then 0
        else least(600, 5 * 2 ^ s.losses) * (1 + random() / 2) end * interval '1 second',
      losses = s.losses, lost_done = case when s.begun then greatest(j.lost_done, j.done)
        else j.lost_done end,
      lease_until = null
    from silent s where j.tenant_id = s.tenant_id and j.id = s.id returning j.state)
  select count(*) filter (where state = 'due'), count(*) filter (where state = 'dead') from x;
end $$;

create function guard.queue_figures()
returns table(queue text, state text, n bigint, oldest timestamptz)
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select j.queue, j.state, count(*), min(j.run_after) from app.job j
    where j.state in ('due', 'claimed', 'dead') group by 1, 2
$$;

-- One job for one due time of a schedule, in the provider's tenant or in each living client:
-- the unique key (tenant, schedule and due time) is what makes it fire once.
create function guard.fire_schedule(p_kind text, p_due timestamptz, p_clients boolean,
  p_queue text, p_line text, p_retries int, p_lease int, p_actor uuid) returns bigint
language sql security definer set search_path=pg_catalog,pg_temp as $$
  with fired as (insert into app.job (tenant_id, kind, key, line, queue, run_after, retries,
      lease_seconds, actor)
    select t.id, p_kind, 'schedule:' || p_kind || ':' || extract(epoch from p_due)::bigint, p_line,
      p_queue, p_due, p_retries, p_lease, p_actor
    from guard.tenant t where t.state = 'active'
      and (t.id = guard.provider()) is distinct from p_clients
    on conflict (tenant_id, key) do nothing returning 1)
  select count(*) from fired
$$;

-- A named system job in the provider's tenant, unless one waits already.
create function guard.wake_job(p_kind text, p_queue text, p_line text, p_retries int, p_lease int,
  p_actor uuid) returns bigint
language sql security definer set search_path=pg_catalog,pg_temp as $$
  with woken as (insert into app.job (tenant_id, kind, key, line, queue, retries, lease_seconds,
      actor)
    select guard.provider(), p_kind, 'wake:' || p_kind || ':' || uuidv7(), p_line, p_queue,
      p_retries, p_lease, p_actor
    where guard.provider() is not null and not exists (select from app.job j
      where j.tenant_id = guard.provider() and j.state = 'due' and j.kind = p_kind)
    returning 1)
  select count(*) from woken
$$;

-- Ended jobs are kept for a while and then go; dead ones wait for somebody.
create function guard.purge_jobs(p_before timestamptz, p_most int) returns bigint
language sql security definer set search_path=pg_catalog,pg_temp as $$
  with gone as (delete from app.job j using (select x.tenant_id, x.id from app.job x
      where x.state in ('done', 'cancelled') and x.finished_at < p_before limit p_most) o
    where j.tenant_id = o.tenant_id and j.id = o.id returning 1)
  select count(*) from gone
$$;
reset role;
revoke create on schema guard from guard_jobs;
grant execute on function
  guard.claim_due(text[], int[], int), guard.in_flight(),
  guard.keep_queued(uuid[], uuid[], bigint[]), guard.take_job(uuid, uuid, bigint),
  guard.beat(uuid, uuid, bigint),
  guard.job_progress(uuid, uuid, bigint, int, int, text, text),
  guard.finish_job(uuid, uuid, bigint),
  guard.fail_job(uuid, uuid, bigint, text, boolean, boolean), guard.sweep(),
  guard.queue_figures(),
  guard.fire_schedule(text, timestamptz, boolean, text, text, int, int, uuid),
  guard.wake_job(text, text, text, int, int, uuid), guard.purge_jobs(timestamptz, int)
  to app_worker;
