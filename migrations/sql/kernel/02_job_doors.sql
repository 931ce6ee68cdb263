-- How people and jobs put jobs into the table. Who acts comes from the signed context, never from
-- an argument: a forged row could otherwise borrow another person's principal.
set role app_owner;

-- Refuses who may not start a kind that the worker does as a system user; answers whether it is one.
create function app.starts_system_job(c guard.claim, p_kind text) returns boolean
language plpgsql stable set search_path=pg_catalog,pg_temp as $$
declare x app.system_job;
begin
  select * into x from app.system_job where kind = p_kind;
  if x.kind is null or c.mode <> 't' then return false; end if;
  if x.permission is not null and not guard.may(x.permission) then
    raise exception 'refused: permission %', x.permission using errcode = '42501';
  end if;
  if x.fresh and (c.kind <> 'person' or coalesce(c.stepped_up_at, '-infinity')
      < statement_timestamp() - interval '5 minutes') then
    raise exception 'refused: step up' using errcode = '42501';
  end if;
  return true;
end $$;

create function app.enqueue_job(
  p_kind text, p_args jsonb, p_key text, p_title text, p_line text, p_queue text,
  p_run_after timestamptz, p_retries int, p_lease int, p_request text
) returns uuid
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  t uuid := guard.tenant_id();
  own uuid;
  r uuid;
begin
  if t is null or (c.mode <> 'j' and t <> all(guard.scope(p_line))) then
    raise exception 'refused: job line' using errcode = '42501';
  end if;
  -- these keys make schedules, hand-overs and wakes happen once: taking one would make it never
  if c.mode <> 'j' and p_key ~ '^(schedule|from|wake):' then
    raise exception 'refused: job key' using errcode = '42501';
  end if;
  select id into r from app.job where tenant_id = t and key = p_key;
  if found then return r; end if;
  if not app.starts_system_job(c, p_kind) and c.mode = 't' then
    own := guard.delegate('job', c.lines, interval '24 hours');
  end if;
  insert into app.job (tenant_id, kind, key, title, line, queue, run_after, retries, lease_seconds,
      principal_id, actor, request_id)
    values (t, p_kind, coalesce(p_key, uuidv7()::text), p_title, p_line, p_queue,
      coalesce(p_run_after, now()), p_retries, p_lease, own, c.person, left(p_request, 100))
    on conflict (tenant_id, key) do nothing returning id into r;
  if r is null then
    return (select id from app.job where tenant_id = t and key = p_key);
  end if;
  insert into app.job_args (tenant_id, job_id, line, args) values (t, r, p_line, p_args);
  return r;
end $$;

-- Whose job it is, who may write in its line, or who may see to jobs.
create function app.own_job(p_id uuid, p_permission text) returns app.job
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  x app.job;
begin
  select * into x from app.job where tenant_id = guard.tenant_id() and id = p_id for update;
  if not found or (c.mode = 't' and x.tenant_id <> all(guard.scope(x.line))
      and not guard.may(p_permission)) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if c.mode = 't' and x.actor is distinct from c.person
      and guard.writable(x.line) is null and not guard.may(p_permission) then
    raise exception 'refused: permission %', p_permission using errcode = '42501';
  end if;
  return x;
end $$;

create function app.cancel_job(p_id uuid) returns text
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare x app.job := app.own_job(p_id, 'job.cancel');
begin
  if x.state not in ('due', 'claimed') then
    raise exception 'job-has-ended' using errcode = 'BO409';
  end if;
  update app.job set cancel_requested = true,
      state = case when state = 'due' then 'cancelled' else state end,
      finished_at = case when state = 'due' then now() end
    where tenant_id = x.tenant_id and id = x.id;
  return case x.state when 'due' then 'cancelled' else 'asked' end;
end $$;

-- A dead or cancelled job once more, as whoever asks; a system user's job stays one.
create function app.replay_job(p_id uuid) returns void
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  x app.job := app.own_job(p_id, 'job.replay');
  own uuid;
begin
  if x.state not in ('dead', 'cancelled') then
    raise exception 'job-is-not-dead' using errcode = 'BO409';
  end if;
  if x.principal_id is not null then
    if c.mode <> 't' then
      raise exception 'refused: a person''s job' using errcode = '42501';
    end if;
    own := guard.delegate('job', c.lines, interval '24 hours');
  elsif c.mode = 't' and not guard.may('job.replay') then
    raise exception 'refused: permission job.replay' using errcode = '42501';
  end if;
  perform app.starts_system_job(c, x.kind);
  update app.job set state = 'due', attempt = 0, failures = 0, losses = 0, lost_done = 0,
      run_after = now(), lease_until = null,
      started_at = null, finished_at = null, error_code = null, cancel_requested = false,
      principal_id = own, principal_ended = false,
      actor = case when own is null then actor else c.person end
    where tenant_id = x.tenant_id and id = x.id;
end $$;

-- A job in another tenant, for a registered pair of event and direction; nothing is read there.
create function app.hand_over(p_event text, p_tenant uuid, p_args jsonb, p_key text) returns uuid
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  own uuid := guard.tenant_id();
  route app.hand_over_route;
  r uuid := uuidv7();
begin
  select * into route from app.hand_over_route h where h.event = p_event
    and h.direction = case when p_tenant = guard.provider() then 'to_provider' else 'to_client' end;
  if own is null or route.event is null or p_tenant = own
      or (own <> guard.provider() and p_tenant <> guard.provider())
      or (c.mode = 't' and guard.writable(route.line) is null) then
    raise exception 'refused: hand-over' using errcode = '42501';
  end if;
  begin
    insert into app.job (tenant_id, id, kind, key, line, queue, source_tenant, actor)
      values (p_tenant, r, p_event, 'from:' || own || ':' || p_key, route.line, route.queue, own,
        c.person);
    insert into app.job_args (tenant_id, job_id, line, args) values (p_tenant, r, route.line, p_args);
  exception when unique_violation then return null;   -- handed over already
  end;
  return r;
end $$;
reset role;
alter function app.enqueue_job(text, jsonb, text, text, text, text, timestamptz, int, int, text)
  owner to job_door;
alter function app.starts_system_job(guard.claim, text) owner to job_door;
alter function app.own_job(uuid, text) owner to job_door;
alter function app.cancel_job(uuid) owner to job_door;
alter function app.replay_job(uuid) owner to job_door;
alter function app.hand_over(text, uuid, jsonb, text) owner to handover_door;
grant execute on function
  app.enqueue_job(text, jsonb, text, text, text, text, timestamptz, int, int, text),
  app.cancel_job(uuid), app.replay_job(uuid), app.hand_over(text, uuid, jsonb, text)
  to app_rw, app_worker;
