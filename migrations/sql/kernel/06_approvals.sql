-- Approvals: somebody asks, somebody else decides, on exactly the content that was shown. Both rows
-- are written by doors from the signed context; a login role can neither invent nor change one.
set role app_owner;
create table app.approval_kind (
  kind text primary key check (kind ~ '^[a-z][a-z_.-]{2,60}$'),
  side text not null check (side in ('client', 'provider', 'any')),   -- who decides
  needed int not null default 1 check (needed between 1 and 5),
  fresh boolean not null default false                     -- a step-up of the last five minutes
);
select guard.register('app.approval_kind', 'reference', null, null);
create table app.approval (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  kind text not null references app.approval_kind,
  line text not null,
  subject_type text not null check (length(subject_type) <= 80),
  subject_id uuid,
  title text not null check (length(title) <= 300),
  content jsonb not null check (pg_column_size(content) <= 262144),
  content_sha text not null check (content_sha ~ '^[0-9a-f]{64}$'),
  state text not null default 'pending'
    check (state in ('pending', 'approved', 'refused', 'withdrawn')),
  requested_by uuid not null,
  requested_at timestamptz not null default now(),
  expires_at timestamptz,
  decided_at timestamptz,
  primary key (tenant_id, id)
);
create index approval_pending on app.approval (tenant_id, requested_at) where state = 'pending';
create index approval_subject on app.approval (tenant_id, subject_type, subject_id);
create table app.approval_decision (
  tenant_id uuid not null,
  approval_id uuid not null,
  person_id uuid not null,
  line text not null,
  decision text not null check (decision in ('approve', 'refuse')),
  side text not null,
  content_sha text not null,
  reason text not null default '' check (length(reason) <= 2000),
  principal_id uuid not null,
  at timestamptz not null default now(),
  primary key (tenant_id, approval_id, person_id),
  foreign key (tenant_id, approval_id) references app.approval (tenant_id, id)
);
call guard.protect_shared('app.approval');
call guard.protect_shared('app.approval_decision');
call guard.admit('app.approval', 'approval_door', null);
call guard.admit('app.approval_decision', 'approval_door', null);
grant select on app.approval_kind, app.approval, app.approval_decision to app_rw, app_worker;
grant select on app.approval_kind to approval_door;
grant select, insert, update on app.approval to approval_door;
grant select, insert on app.approval_decision to approval_door;
grant select, insert, delete on app.approval, app.approval_decision to app_restore;
call app.audit_table('app.approval');
call app.audit_table('app.approval_decision');

-- Only a job of the worker may name another maker (p_for): a request carried over from elsewhere.
create function app.request_approval(p_kind text, p_type text, p_subject uuid, p_line text,
  p_title text, p_content jsonb, p_sha text, p_expires timestamptz, p_for uuid) returns uuid
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  t uuid := guard.tenant_id();
  r uuid;
begin
  if t is null or (c.mode <> 'j' and (guard.writable(p_line) is null or p_for is not null)) then
    raise exception 'refused: approval' using errcode = '42501';
  end if;
  if not exists (select from app.approval_kind where kind = p_kind) then
    raise exception 'approval-kind-unknown' using errcode = 'BO422';
  end if;
  insert into app.approval (tenant_id, kind, line, subject_type, subject_id, title, content,
      content_sha, requested_by, expires_at)
    values (t, p_kind, p_line, p_type, p_subject, p_title, p_content,
      coalesce(p_sha, encode(sha256(convert_to(p_content::text, 'UTF8')), 'hex')),
      coalesce(p_for, c.person), p_expires)
    returning id into r;
  return r;
end $$;

-- Everything about the decider comes from the context and the guard: person, side, right, freshness.
create function app.decide_approval(p_id uuid, p_decision text, p_sha text, p_reason text)
returns text
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  a app.approval;
  k app.approval_kind;
  own_side text;
  outcome text;
begin
  if c.mode is distinct from 't' or c.kind <> 'person' or c.lines is not null then
    raise exception 'refused: a full session is needed' using errcode = '42501';
  end if;
  select * into a from app.approval where tenant_id = guard.tenant_id() and id = p_id for update;
  if not found or a.tenant_id <> all(guard.scope(a.line)) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  select * into k from app.approval_kind where kind = a.kind;
  own_side := guard.side_of(c.person);
  if not guard.may('approve.' || a.kind) or (k.side <> 'any' and k.side is distinct from own_side) then
    raise exception 'refused: permission approve.%', a.kind using errcode = '42501';
  end if;
  if k.fresh and coalesce(c.stepped_up_at, '-infinity') < statement_timestamp() - interval '5 minutes' then
    raise exception 'refused: step up' using errcode = '42501';
  end if;
  if a.requested_by = c.person then
    raise exception 'approval-own-request' using errcode = 'BO409';
  end if;
  if a.state <> 'pending' or a.expires_at <= now() then
    raise exception 'approval-not-pending' using errcode = 'BO409';
  end if;
  if p_sha is distinct from a.content_sha then
    raise exception 'approval-content-changed' using errcode = 'BO409';
  end if;
  begin
    insert into app.approval_decision (tenant_id, approval_id, person_id, line, decision, side,
        content_sha, reason, principal_id)
      values (a.tenant_id, a.id, c.person, a.line, p_decision, own_side, p_sha, coalesce(p_reason, ''),
        c.principal);
  exception when unique_violation then
    raise exception 'approval-decided-already' using errcode = 'BO409';
  end;
  outcome := case when p_decision = 'refuse' then 'refused'
    when (select count(*) from app.approval_decision d where d.tenant_id = a.tenant_id
      and d.approval_id = a.id and d.decision = 'approve') >= k.needed then 'approved'
    else 'pending' end;
  if outcome <> 'pending' then
    update app.approval set state = outcome, decided_at = now()
      where tenant_id = a.tenant_id and id = a.id;
  end if;
  -- the basis of a grant is what was approved, so its content must be what the hash covers
  if outcome = 'approved' and a.kind = 'access.grant' then
    if a.content_sha <> encode(sha256(convert_to(a.content::text, 'UTF8')), 'hex') then
      raise exception 'approval-content-changed' using errcode = 'BO409';
    end if;
    perform guard.record_basis(a.id, (a.content ->> 'user')::uuid, a.content ->> 'role',
      array(select jsonb_array_elements_text(a.content -> 'lines')),
      coalesce((a.content ->> 'may_write')::boolean, false));
  end if;
  return outcome;
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

-- For other doors: is this exactly what was approved?
create function app.approval_holds(p_id uuid, p_kind text, p_subject uuid, p_sha text)
returns boolean
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select exists (select from app.approval a where a.tenant_id = guard.tenant_id() and a.id = p_id
    and a.kind = p_kind and a.state = 'approved' and a.subject_id is not distinct from p_subject
    and a.content_sha = p_sha and (a.expires_at is null or a.expires_at > now()))
$$;
reset role;
alter function app.request_approval(text, text, uuid, text, text, jsonb, text, timestamptz, uuid)
  owner to approval_door;
alter function app.decide_approval(uuid, text, text, text) owner to approval_door;
alter function app.withdraw_approval(uuid) owner to approval_door;
alter function app.approval_holds(uuid, text, uuid, text) owner to approval_door;
grant execute on function
  app.request_approval(text, text, uuid, text, text, jsonb, text, timestamptz, uuid),
  app.decide_approval(uuid, text, text, text), app.withdraw_approval(uuid) to app_rw, app_worker;
grant execute on function app.approval_holds(uuid, text, uuid, text)
  to guard_definer, app_rw, app_worker;
insert into app.approval_kind (kind, side, needed, fresh) values
  ('access.grant', 'client', 1, true);
