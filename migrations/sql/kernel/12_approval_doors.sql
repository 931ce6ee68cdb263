-- Asking and deciding. Everything about the decider comes from the context and the guard: person,
-- side, right, freshness; on whose behalf is asked and checked.
set role app_owner;
-- Works out who has to decide: every policy that matches, and the kind's own rule. All have to be met,
-- so that of two rules the stricter wins. Raises nothing; answers how long it waits at most.
create function app.lay_approval_steps(a app.approval) returns void
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  k app.approval_kind;
  p app.approval_policy;
  n int := 0;
  first text;
  part text;
  strong boolean := false;
  days int;
begin
  select * into k from app.approval_kind where kind = a.kind;
  for p in select * from app.approval_policies(a.kind, a.amount_minor, a.currency) loop
    strong := strong or app.approval_reaches(p.second_factor, a.amount_minor, a.currency);
    days := least(days, p.days);
    first := case when p.sequence = 'client' then 'client' else 'provider' end;
    foreach part in array array[first, case first when 'client' then 'provider' else 'client' end] loop
      continue when case part when 'client' then p.client_needed else p.provider_needed end = 0;
      n := n + 1;
      insert into app.approval_step (tenant_id, approval_id, round, no, line, side, needed, people,
          after_no, policy_id, policy_version, policy_title, policy_of)
        values (a.tenant_id, a.id, a.round, n, a.line, part,
          case part when 'client' then p.client_needed else p.provider_needed end,
          case part when 'client' then p.client_people else p.provider_people end,
          case when part <> first and p.sequence <> 'beside'
            and 0 < case first when 'client' then p.client_needed else p.provider_needed end
            then n - 1 end,
          p.id, p.version, p.title, p.side);
    end loop;
  end loop;
  if k.floor or n = 0 then
    insert into app.approval_step (tenant_id, approval_id, round, no, line, side, needed)
      values (a.tenant_id, a.id, a.round, n + 1, a.line, k.side, k.needed);
  end if;
  update app.approval x set fresh = k.fresh or strong, second_factor = strong,
      expires_at = least(x.asked_until, now() + make_interval(days => days))
    where x.tenant_id = a.tenant_id and x.id = a.id;
end $$;

-- Whoever asks about one thing of the client asks alone until their transaction ends, so that looking
-- for what was asked already and asking are one.
create function app.ask_alone(p_kind text, p_type text, p_subject uuid) returns void
language sql security definer set search_path=pg_catalog,pg_temp as $$
  select pg_advisory_xact_lock(hashtextextended(
      concat_ws('/', 'approval', guard.tenant_id(), p_kind, p_type, p_subject), 0))
   where guard.tenant_id() is not null
$$;

-- Only a job of the worker may name another maker (p_for): a request carried over from elsewhere.
create function app.request_approval(p_kind text, p_type text, p_subject uuid, p_line text,
  p_title text, p_content jsonb, p_sha text, p_expires timestamptz, p_for uuid,
  p_amount bigint default null, p_currency text default null) returns uuid
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  t uuid := guard.tenant_id();
  a app.approval;
begin
  if t is null or (c.mode <> 'j' and (guard.writable(p_line) is null or p_for is not null)) then
    raise exception 'refused: approval' using errcode = '42501';
  end if;
  if not exists (select from app.approval_kind where kind = p_kind) then
    raise exception 'approval-kind-unknown' using errcode = 'BO422';
  end if;
  insert into app.approval (tenant_id, kind, line, subject_type, subject_id, title, content,
      content_sha, requested_by, asked_until, amount_minor, currency)
    values (t, p_kind, p_line, p_type, p_subject, p_title, p_content,
      coalesce(p_sha, encode(sha256(convert_to(p_content::text, 'UTF8')), 'hex')),
      coalesce(p_for, c.person), p_expires, p_amount, p_currency)
    returning * into a;
  perform app.lay_approval_steps(a);
  return a.id;
end $$;

-- Other content for one's own open request: what was decided on the old one is void, and who has to
-- decide is worked out anew. Answers the round.
create function app.change_approval(p_id uuid, p_title text, p_content jsonb, p_sha text,
  p_amount bigint, p_currency text) returns int
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  a app.approval;
  sha text := coalesce(p_sha, encode(sha256(convert_to(p_content::text, 'UTF8')), 'hex'));
begin
  select * into a from app.approval x where x.tenant_id = guard.tenant_id() and x.id = p_id
    and x.requested_by = c.person for update;
  if not found or c.mode is distinct from 't' or guard.writable(a.line) is null then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if a.state <> 'pending' or a.expires_at <= now() then
    raise exception 'approval-not-pending' using errcode = 'BO409';
  end if;
  if (a.content_sha, a.title, a.content, a.amount_minor, a.currency)
     is not distinct from (sha, p_title, p_content, p_amount, p_currency) then
    return a.round;
  end if;
  update app.approval_decision d set voided_at = now()
    where d.tenant_id = a.tenant_id and d.approval_id = a.id and d.voided_at is null;
  update app.approval x set title = p_title, content = p_content, content_sha = sha,
      amount_minor = p_amount, currency = p_currency, round = x.round + 1, requested_at = now()
    where x.tenant_id = a.tenant_id and x.id = a.id returning * into a;
  perform app.lay_approval_steps(a);
  return a.round;
end $$;

-- The steps of an approval on which somebody has a say, and those that wait for them now.
create function app.approval_says(a app.approval, p_person uuid, out says int[], out counts int[])
language plpgsql stable security definer set search_path=pg_catalog,pg_temp as $$
declare
  own_side text := guard.side_of(p_person);
  holds boolean := guard.person_may(p_person, a.tenant_id, 'approve.' || a.kind, a.line);
  writes boolean := guard.person_may(p_person, a.tenant_id, null, a.line);
begin
  with step as (
    select s.*, s.needed <= (select count(*) from app.approval_decision d
        where d.tenant_id = a.tenant_id and d.approval_id = a.id and d.round = a.round
          and d.voided_at is null and d.decision = 'approve' and s.no = any (d.steps)) as met
      from app.approval_step s
     where s.tenant_id = a.tenant_id and s.approval_id = a.id and s.round = a.round
  )
  select coalesce(array_agg(s.no order by s.no), '{}'),
         coalesce(array_agg(s.no order by s.no) filter (where not s.met and (s.after_no is null
           or exists (select from step f where f.no = s.after_no and f.met))), '{}')
    into says, counts
    from step s
   where s.side in ('any', own_side)
     and (p_person = any (s.people) and writes or s.people = '{}' and holds);
end $$;

-- Refuses whoever may not decide; answers the steps that the decision counts for.
create function app.demand_decider(a app.approval, c guard.claim, p_for uuid, p_decision text)
returns int[]
language plpgsql stable security definer set search_path=pg_catalog,pg_temp as $$
declare
  said record;
begin
  if p_for is not null and (p_for = c.person or p_for not in (select app.delegators())
       or not guard.colleagues(p_for, c.person)
       or not guard.person_may(c.person, a.tenant_id, null, a.line)) then
    raise exception 'delegation-over' using errcode = 'BO403';
  end if;
  said := app.approval_says(a, coalesce(p_for, c.person));
  if said.says = '{}' then
    raise exception 'refused: permission approve.%', a.kind using errcode = '42501';
  end if;
  if a.fresh and coalesce(c.stepped_up_at, '-infinity') < statement_timestamp() - interval '5 minutes' then
    raise exception 'refused: step up' using errcode = '42501';
  elsif a.second_factor and not guard.proved_twice() then
    raise exception 'second-factor-needed' using errcode = 'BO403';
  end if;
  if a.requested_by in (c.person, p_for) then
    raise exception 'approval-own-request' using errcode = 'BO409';
  end if;
  if a.state <> 'pending' or a.expires_at <= now() then
    raise exception 'approval-not-pending' using errcode = 'BO409';
  end if;
  if p_decision = 'approve' and said.counts = '{}' then
    raise exception 'approval-not-your-turn' using errcode = 'BO409';
  end if;
  return case p_decision when 'approve' then said.counts else said.says end;
end $$;

create function app.decide_approval(p_id uuid, p_decision text, p_sha text, p_reason text,
  p_for uuid default null) returns text
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  a app.approval;
  counted int[];
  outcome text;
begin
  if c.mode is distinct from 't' or c.kind <> 'person' or c.lines is not null then
    raise exception 'refused: a full session is needed' using errcode = '42501';
  end if;
  select * into a from app.approval where tenant_id = guard.tenant_id() and id = p_id for update;
  if not found or a.tenant_id <> all(guard.scope(a.line)) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  counted := app.demand_decider(a, c, p_for, p_decision);
  if p_decision = 'refuse' and coalesce(trim(p_reason), '') = '' then
    raise exception 'refusal-reason' using errcode = 'BO422';
  end if;
  if p_sha is distinct from a.content_sha then
    raise exception 'approval-content-changed' using errcode = 'BO409';
  end if;
  begin
    insert into app.approval_decision (tenant_id, approval_id, person_id, for_person, round, steps,
        line, decision, side, content_sha, reason, principal_id)
      values (a.tenant_id, a.id, c.person, p_for, a.round, counted, a.line, p_decision,
        guard.side_of(c.person), p_sha, coalesce(p_reason, ''), c.principal);
  exception when unique_violation then
    raise exception 'approval-decided-already' using errcode = 'BO409';
  end;
  outcome := case when p_decision = 'refuse' then 'refused'
    when app.approval_met(a) then 'approved' else 'pending' end;
  if outcome <> 'pending' then
    update app.approval set state = outcome, decided_at = now()
      where tenant_id = a.tenant_id and id = a.id;
  end if;
  if outcome = 'approved' and a.kind = 'access.grant' then
    perform app.allow_access(a);
  end if;
  return outcome;
end $$;

create function app.approval_met(a app.approval) returns boolean
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select exists (select from app.approval_step s where s.tenant_id = a.tenant_id
      and s.approval_id = a.id and s.round = a.round)
    and not exists (select from app.approval_step s
     where s.tenant_id = a.tenant_id and s.approval_id = a.id and s.round = a.round
       and s.needed > (select count(*) from app.approval_decision d
         where d.tenant_id = a.tenant_id and d.approval_id = a.id and d.round = a.round
           and d.voided_at is null and d.decision = 'approve' and s.no = any (d.steps)))
$$;

-- The basis of a grant is what was approved, so its content must be what the hash covers.
create function app.allow_access(a app.approval) returns void
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
begin
  if a.content_sha <> encode(sha256(convert_to(a.content::text, 'UTF8')), 'hex') then
    raise exception 'approval-content-changed' using errcode = 'BO409';
  end if;
  perform guard.record_basis(a.id, (a.content ->> 'user')::uuid, a.content ->> 'role',
    array(select jsonb_array_elements_text(a.content -> 'lines')),
    coalesce((a.content ->> 'may_write')::boolean, false));
end $$;

-- One's own decision back, as long as nothing was carried out: the approval waits again.
create function app.take_back_decision(p_id uuid) returns void
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  a app.approval;
begin
  if c.mode is distinct from 't' or c.kind <> 'person' or c.lines is not null then
    raise exception 'refused: a full session is needed' using errcode = '42501';
  end if;
  select * into a from app.approval where tenant_id = guard.tenant_id() and id = p_id for update;
  if not found or a.tenant_id <> all(guard.scope(a.line)) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if a.carried_at is not null or a.state in ('withdrawn', 'failed')
     or a.state <> 'approved' and a.expires_at <= now()
     or a.state = 'approved' and not (select k.marks from app.approval_kind k where k.kind = a.kind)
     or a.decided_at < now() - interval '24 hours' then
    raise exception 'undo-not-possible' using errcode = 'BO409';
  end if;
  update app.approval_decision d set voided_at = now()
    where d.tenant_id = a.tenant_id and d.approval_id = a.id and d.round = a.round
      and d.person_id = c.person and d.voided_at is null;
  if not found then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  -- a step that waited for the one this decision met is open again, and what met it too early is void
  update app.approval_decision d set voided_at = now()
    where d.tenant_id = a.tenant_id and d.approval_id = a.id and d.round = a.round
      and d.voided_at is null and d.decision = 'approve' and exists (
        select from app.approval_step s join app.approval_step f on f.tenant_id = s.tenant_id
          and f.approval_id = s.approval_id and f.round = s.round and f.no = s.after_no
         where s.tenant_id = a.tenant_id and s.approval_id = a.id and s.round = a.round
           and s.no = any (d.steps)
           and f.needed > (select count(*) from app.approval_decision x
             where x.tenant_id = a.tenant_id and x.approval_id = a.id and x.round = a.round
               and x.voided_at is null and x.decision = 'approve' and f.no = any (x.steps)));
  update app.approval x set state = 'pending', decided_at = null
    where x.tenant_id = a.tenant_id and x.id = a.id;
end $$;

create function app.withdraw_approval(p_id uuid) returns void
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare c guard.claim := guard.claims();
begin
  if c.mode not in ('t', 'j') or c.mode is null then
    raise exception 'refused: approval' using errcode = '42501';
  end if;
  update app.approval set state = 'withdrawn', decided_at = now()
    where tenant_id = guard.tenant_id() and id = p_id and state = 'pending'
      and requested_by = c.person;
  if not found then raise exception 'not-found' using errcode = 'BO404'; end if;
end $$;

-- Carrying out was refused, for good: the job that tried says why. False where it is done, or not
-- approved any more.
create function app.fail_approval(p_id uuid, p_code text, p_params jsonb) returns boolean
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
begin
  if (guard.claims()).mode is distinct from 'j' then
    raise exception 'refused: approval' using errcode = '42501';
  end if;
  update app.approval set state = 'failed', failed_code = p_code, failed_params = p_params
    where tenant_id = guard.tenant_id() and id = p_id and state = 'approved' and carried_at is null;
  return found;
end $$;

-- For other doors: is this exactly what was approved? Only what nobody decided lapses.
create function app.approval_holds(p_id uuid, p_kind text, p_subject uuid, p_sha text)
returns boolean
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select exists (select from app.approval a where a.tenant_id = guard.tenant_id() and a.id = p_id
    and a.kind = p_kind and a.state = 'approved' and a.subject_id is not distinct from p_subject
    and a.content_sha = p_sha)
$$;

-- For other doors: takes an approval of exactly this for carrying it out, once. p_id null: whichever
-- covers it. False where none does.
create function app.take_approval(p_id uuid, p_kind text, p_sha text, p_amount bigint,
  p_currency text) returns boolean
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare taken uuid;
begin
  select a.id into taken from app.approval a
    where a.tenant_id = guard.tenant_id() and (p_id is null or a.id = p_id) and a.kind = p_kind
      and a.state = 'approved' and a.content_sha = p_sha and a.carried_at is null
      and (p_amount is null or a.amount_minor is null
           or (a.amount_minor, a.currency) = (p_amount, p_currency))
    order by a.id limit 1 for update;
  update app.approval x set carried_at = now()
    where x.tenant_id = guard.tenant_id() and x.id = taken;
  return found;
end $$;

-- What waits for the acting person, the oldest first: these, or all after a place, so many at most.
-- voices: as whom they may decide, null as themselves. Rights are asked once for each client, kind and
-- line; whose turn it is (approval_says) only where one has a say and nobody else has to begin, one by one
-- until there are enough.
create function app.approvals_mine(p_ids uuid[], p_at timestamptz default null,
  p_last uuid default null, p_most int default null)
returns table(id uuid, requested_at timestamptz, voices uuid[])
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  with me as materialized (select guard.user_id() as id),
  voice as materialized (
    select w.whose, guard.side_of(w.whose) as side
      from (select m.id as whose from me m union select app.delegators()) w),
  waits as materialized (
    select a as one, a.tenant_id, a.id, a.kind, a.line, a.round, a.requested_at
      from app.approval a
     where a.tenant_id = any ((select guard.door_scope())::uuid[]) and a.state = 'pending'
       and (p_ids is null or a.id = any (p_ids)) and a.requested_by <> (select m.id from me m)
       and (a.expires_at is null or a.expires_at > now())
       and (p_at is null or (a.requested_at, a.id) > (p_at, p_last))
       and not exists (select from app.approval_decision d where d.tenant_id = a.tenant_id
         and d.approval_id = a.id and d.round = a.round and d.voided_at is null
         and d.person_id = (select m.id from me m))),
  rights as materialized (
    select g.tenant_id, g.kind, g.line, v.whose, v.side,
        guard.person_may(v.whose, g.tenant_id, 'approve.' || g.kind, g.line) as holds
      from (select distinct w.tenant_id, w.kind, w.line from waits w) g cross join voice v cross join me m
     where v.whose = m.id or guard.person_may(m.id, g.tenant_id, null, g.line)),
  said as (
    select w.one, w.tenant_id, w.id, w.kind, w.line, w.round, w.requested_at from waits w
     where exists (select from app.approval_step s
         join rights r on (r.tenant_id, r.kind, r.line) = (w.tenant_id, w.kind, w.line)
           and s.side in ('any', r.side) and (s.people = '{}' and r.holds or r.whose = any (s.people))
         where s.tenant_id = w.tenant_id and s.approval_id = w.id and s.round = w.round
           and (s.after_no is null or exists (select from app.approval_decision d
             where d.tenant_id = w.tenant_id and d.approval_id = w.id and d.round = w.round
               and d.voided_at is null and d.decision = 'approve' and s.after_no = any (d.steps))))
     order by w.requested_at, w.id offset 0)
  select w.id, w.requested_at, h.voices from said w
    cross join lateral (
      select array_agg(nullif(r.whose, m.id)) as voices
        from me m cross join rights r cross join lateral app.approval_says(w.one, r.whose) s
       where (r.tenant_id, r.kind, r.line) = (w.tenant_id, w.kind, w.line)
         and s.counts <> '{}' and r.whose <> (w.one).requested_by
         and not exists (select from app.approval_decision d where d.tenant_id = w.tenant_id
           and d.approval_id = w.id and d.round = w.round and d.voided_at is null
           and coalesce(d.for_person, d.person_id) = r.whose)) h
   where h.voices is not null
   order by w.requested_at, w.id limit p_most
$$;

-- Who may still decide, step by step; for whoever sees the approval.
create function app.approval_deciders(p_id uuid) returns table(no int, person_id uuid)
language plpgsql stable security definer set search_path=pg_catalog,pg_temp as $$
declare a app.approval;
begin
  select * into a from app.approval x where x.tenant_id = guard.tenant_id() and x.id = p_id;
  if not found or a.state <> 'pending'
     or (guard.claims()).mode = 't' and a.tenant_id <> all (guard.scope(a.line)) then
    return;
  end if;
  return query
    select c.no, w.person_id
      from guard.people_who_may(a.tenant_id, null, a.line) w
      cross join lateral app.approval_says(a, w.person_id) s
      cross join lateral unnest(s.counts) c(no)
     where w.person_id <> a.requested_by and not exists (
       select from app.approval_decision d where d.tenant_id = a.tenant_id
         and d.approval_id = a.id and d.round = a.round and d.voided_at is null
         and coalesce(d.for_person, d.person_id) = w.person_id);
end $$;
reset role;
do $$
declare f text;
begin
  foreach f in array array['lay_approval_steps(app.approval)', 'ask_alone(text, text, uuid)',
    'request_approval(text, text, uuid, text, text, jsonb, text, timestamptz, uuid, bigint, text)',
    'change_approval(uuid, text, jsonb, text, bigint, text)', 'approval_says(app.approval, uuid)',
    'demand_decider(app.approval, guard.claim, uuid, text)',
    'decide_approval(uuid, text, text, text, uuid)', 'approval_met(app.approval)',
    'allow_access(app.approval)', 'take_back_decision(uuid)', 'withdraw_approval(uuid)',
    'fail_approval(uuid, text, jsonb)',
    'approval_holds(uuid, text, uuid, text)', 'take_approval(uuid, text, text, bigint, text)',
    'approvals_mine(uuid[], timestamptz, uuid, int)', 'approval_deciders(uuid)'] loop
    execute format('alter function app.%s owner to approval_door', f);
  end loop;
end $$;
grant execute on function app.ask_alone(text, text, uuid),
  app.request_approval(text, text, uuid, text, text, jsonb, text, timestamptz, uuid, bigint, text),
  app.change_approval(uuid, text, jsonb, text, bigint, text),
  app.decide_approval(uuid, text, text, text, uuid), app.take_back_decision(uuid),
  app.withdraw_approval(uuid), app.approvals_mine(uuid[], timestamptz, uuid, int),
  app.approval_deciders(uuid)
  to app_rw, app_worker;
grant execute on function app.fail_approval(uuid, text, jsonb) to app_worker;
grant execute on function app.approval_holds(uuid, text, uuid, text)
  to guard_definer, app_rw, app_worker;
grant execute on function app.take_approval(uuid, text, text, bigint, text) to guard_definer;
