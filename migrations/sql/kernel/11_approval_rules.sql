-- Who has to approve what: policies by kind and amount, and approving in somebody's stead for a time.
-- Every version of a policy stays; an approval keeps the steps that held when it was asked.
set role app_owner;
create table app.approval_policy (
  tenant_id uuid not null,                       -- the provider's: for all clients
  id uuid not null,
  version int not null check (version >= 1),
  kind text not null references app.approval_kind,
  title text not null check (length(title) between 1 and 120),
  limits jsonb not null default '{}',            -- {currency: minor units}: from there on; {}: always
  provider_needed int not null check (provider_needed between 0 and 5),
  provider_people uuid[] not null default '{}',  -- nobody named: whoever holds approve.<kind>
  client_needed int not null check (client_needed between 0 and 5),
  client_people uuid[] not null default '{}',
  sequence text not null default 'beside' check (sequence in ('beside', 'provider', 'client')),
  second_factor jsonb,                           -- from which amount on, as limits; null: not asked
  days int check (days between 1 and 365),       -- how long an approval waits
  ended boolean not null default false,
  side text not null check (side in ('provider', 'client')),  -- whose rule it is, and who may change it
  made_by uuid not null,
  made_at timestamptz not null default now(),
  primary key (tenant_id, id, version),
  check (provider_needed + client_needed > 0)
);
create index approval_policy_kind on app.approval_policy (tenant_id, kind);
-- Somebody of one's own side decides in one's stead, for a time, wherever one may decide.
create table app.approval_delegation (
  tenant_id uuid not null,                       -- where it was written; it holds in all clients
  id uuid not null default uuidv7(),
  owner_id uuid not null,                        -- the approver
  to_person uuid not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  reason text not null default '' check (length(reason) <= 300),
  made_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (tenant_id, id),
  check (owner_id <> to_person),
  check (until_at > from_at and until_at <= from_at + interval '1 year')
);
create index approval_delegation_to on app.approval_delegation (tenant_id, to_person, until_at);
call guard.protect('app.approval_policy', 'member');
call guard.protect_personal('app.approval_delegation');
call guard.admit('app.approval_policy', 'approval_door', null);
grant select on app.approval_policy, app.approval_delegation to app_rw, app_worker;
grant select, insert on app.approval_policy to approval_door;
grant select, insert on app.approval_delegation to approval_door;
grant update (ended_at) on app.approval_delegation to approval_door;
grant select, insert, delete on app.approval_policy, app.approval_delegation to app_restore;
-- the provider's rules hold in every client, and a delegation wherever its owner may decide
create policy everywhere on app.approval_policy for select to approval_door
  using (tenant_id = (select guard.provider()));
create policy everywhere on app.approval_delegation to approval_door using (true) with check (true);
call app.audit_table('app.approval_policy');
call app.audit_table('app.approval_delegation');

-- Whether an amount is one that a rule asks about. A currency that the rule has no figure for, and
-- what has no amount, always is: nobody knows a rate that everybody agrees on.
create function app.approval_reaches(p_limits jsonb, p_amount bigint, p_currency text) returns boolean
language sql immutable set search_path=pg_catalog,pg_temp as $$
  select case when p_limits is null then false
    when p_amount is null or not p_limits ? p_currency then true
    else p_amount >= (p_limits ->> p_currency)::bigint end
$$;

-- The policies that ask for an approval of this kind and amount in the open client: its own and
-- the provider's.
create function app.approval_policies(p_kind text, p_amount bigint, p_currency text)
returns setof app.approval_policy
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select p.* from app.approval_policy p
   where p.tenant_id = any (array[guard.tenant_id(), guard.provider()]) and p.kind = p_kind
     and not p.ended
     and not exists (select from app.approval_policy n where n.tenant_id = p.tenant_id
       and n.id = p.id and n.version > p.version)
     and app.approval_reaches(p.limits, p_amount, p_currency)
   order by p.tenant_id = guard.provider() desc, p.id
$$;

-- Whether something has to be approved before it is done.
create function app.approval_needed(p_kind text, p_amount bigint, p_currency text) returns boolean
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select guard.tenant_id() is not null
    and exists (select from app.approval_policies(p_kind, p_amount, p_currency))
$$;

create function app.limits_hold(p_limits jsonb) returns boolean
language sql immutable set search_path=pg_catalog,pg_temp as $$
  select jsonb_typeof(p_limits) = 'object' and not exists (
    select from jsonb_each(p_limits) e where e.key !~ '^[A-Z]{3}$'
      or jsonb_typeof(e.value) <> 'number' or e.value::text !~ '^[0-9]{1,15}$')
$$;

-- Named people of one side, each once: enough of them, and each with a way in here.
create function app.approvers_named(p_tenant uuid, p_people uuid[], p_side text, p_needed int)
returns boolean
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select cardinality(p_people) = 0 or (
    cardinality(p_people) between greatest(p_needed, 1) and 20
    and cardinality(p_people) = (select count(distinct x) from unnest(p_people) x)
    and not exists (select from unnest(p_people) x where guard.side_of(x) is distinct from p_side
      or (p_tenant <> guard.provider() and not guard.person_may(x, p_tenant, null, 'member'))))
$$;

-- Writes a version of a policy: by an owner of rules, freshly proved, of the side whose rule it is.
-- p_version is the version that was looked at, 0 for a new one. Requests under way keep their steps.
create function app.keep_approval_policy(p_id uuid, p_version int, p_kind text, p_title text,
  p_limits jsonb, p_provider_needed int, p_provider_people uuid[], p_client_needed int,
  p_client_people uuid[], p_sequence text, p_second_factor jsonb, p_days int, p_ended boolean)
returns int
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  t uuid := guard.tenant_id();
  own_side text := guard.side_of(c.person);
  last app.approval_policy;
begin
  if c.mode is distinct from 't' or c.kind <> 'person' or c.lines is not null
     or guard.writable('member') is null or not guard.may('approval.policy') then
    raise exception 'refused: permission approval.policy' using errcode = '42501';
  end if;
  if coalesce(c.stepped_up_at, '-infinity') < statement_timestamp() - interval '5 minutes' then
    raise exception 'refused: step up' using errcode = '42501';
  elsif not guard.proved_twice() then
    raise exception 'second-factor-needed' using errcode = 'BO403';
  end if;
  select * into last from app.approval_policy p where p.tenant_id = t and p.id = p_id
    order by p.version desc limit 1;
  if coalesce(last.version, 0) <> p_version or last.ended then
    raise exception 'changed-meanwhile' using errcode = 'BO409';
  end if;
  if last.side <> own_side or last.kind <> p_kind then
    raise exception 'approval-policy-of-other-side' using errcode = 'BO403';
  end if;
  if not exists (select from app.approval_kind k where k.kind = p_kind
       and (k.amounts or p_limits = '{}')) then
    raise exception 'approval-kind-unknown' using errcode = 'BO422';
  end if;
  if not app.limits_hold(p_limits) or not app.limits_hold(coalesce(p_second_factor, '{}')) then
    raise exception 'approval-limits' using errcode = 'BO422';
  end if;
  if not app.approvers_named(t, p_provider_people, 'provider', p_provider_needed)
     or not app.approvers_named(t, p_client_people, 'client', p_client_needed) then
    raise exception 'approval-people' using errcode = 'BO422';
  end if;
  if p_provider_needed + p_client_needed = 0 then
    raise exception 'approval-nobody' using errcode = 'BO422';
  end if;
  begin
    insert into app.approval_policy (tenant_id, id, version, kind, title, limits, provider_needed,
        provider_people, client_needed, client_people, sequence, second_factor, days, ended, side,
        made_by)
      values (t, p_id, p_version + 1, p_kind, p_title, p_limits, p_provider_needed, p_provider_people,
        p_client_needed, p_client_people, p_sequence, p_second_factor, p_days, p_ended, own_side,
        c.person);
  exception when unique_violation then
    raise exception 'changed-meanwhile' using errcode = 'BO409';
  end;
  return p_version + 1;
end $$;

-- The provider's rules as a client's owners of rules see them: they hold here too.
create function app.approval_rules_above() returns setof app.approval_policy
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select p.* from app.approval_policy p
   where guard.tenant_id() is not null and p.tenant_id = guard.provider()
     and p.tenant_id <> guard.tenant_id() and not p.ended
     and not exists (select from app.approval_policy n where n.tenant_id = p.tenant_id
       and n.id = p.id and n.version > p.version)
   order by p.kind, p.id
$$;

-- Whom a policy of the open tenant can name: everybody who writes there.
create function app.approval_people() returns table(person_id uuid, side text)
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select w.person_id, w.side from guard.people_who_may(guard.tenant_id(), null, 'member') w
   where guard.may('approval.policy')
$$;

-- Lets a colleague decide in one's stead from one moment until another. There is no chain: what
-- counts are the rights of who delegates, never what was delegated to them.
create function app.delegate_approvals(p_to uuid, p_from timestamptz, p_until timestamptz,
  p_reason text) returns uuid
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  r uuid;
begin
  if c.mode is distinct from 't' or c.kind <> 'person' or c.lines is not null
     or guard.tenant_id() is null then
    raise exception 'refused: a full session is needed' using errcode = '42501';
  end if;
  if p_to = c.person or not guard.colleagues(c.person, p_to) then
    raise exception 'delegate-colleague' using errcode = 'BO422';
  end if;
  if p_from is null or p_until is null or p_until <= greatest(p_from, now())
     or p_until > greatest(p_from, now()) + interval '92 days' then
    raise exception 'delegate-days' using errcode = 'BO422', detail = '{"most": 92}';
  end if;
  if exists (select from app.approval_delegation d where d.owner_id = c.person
       and d.ended_at is null and d.until_at > greatest(p_from, now()) and d.from_at < p_until) then
    raise exception 'delegated-already' using errcode = 'BO409';
  end if;
  insert into app.approval_delegation (tenant_id, owner_id, to_person, from_at, until_at, reason)
    values (guard.tenant_id(), c.person, p_to, greatest(p_from, now()), p_until, coalesce(p_reason, ''))
    returning id into r;
  return r;
end $$;

create function app.end_delegation(p_id uuid) returns void
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare c guard.claim := guard.claims();
begin
  update app.approval_delegation set ended_at = now()
    where id = p_id and owner_id = c.person and ended_at is null and until_at > now()
      and c.mode = 't' and c.kind = 'person' and c.lines is null;
  if not found then raise exception 'not-found' using errcode = 'BO404'; end if;
end $$;

-- What the acting person delegated or was given, the newest first.
create function app.my_delegations()
returns table(id uuid, owner_id uuid, to_person uuid, from_at timestamptz, until_at timestamptz,
  reason text, ended_at timestamptz)
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select d.id, d.owner_id, d.to_person, d.from_at, d.until_at, d.reason, d.ended_at
    from app.approval_delegation d
   where guard.user_id() in (d.owner_id, d.to_person) order by d.id desc limit 100
$$;

-- For whom the acting person may decide just now.
create function app.delegators() returns setof uuid
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select d.owner_id from app.approval_delegation d
   where d.to_person = guard.user_id() and d.ended_at is null
     and d.from_at <= statement_timestamp() and d.until_at > statement_timestamp()
$$;
reset role;
do $$
declare f text;
begin
  foreach f in array array['approval_policies(text, bigint, text)',
    'approval_needed(text, bigint, text)', 'approvers_named(uuid, uuid[], text, int)',
    'keep_approval_policy(uuid, int, text, text, jsonb, int, uuid[], int, uuid[], text, jsonb, int,'
      ' boolean)', 'approval_rules_above()', 'approval_people()',
    'delegate_approvals(uuid, timestamptz, timestamptz, text)', 'end_delegation(uuid)',
    'my_delegations()', 'delegators()'] loop
    execute format('alter function app.%s owner to approval_door', f);
  end loop;
end $$;
grant execute on function app.approval_reaches(jsonb, bigint, text), app.limits_hold(jsonb)
  to approval_door;
grant execute on function app.approval_needed(text, bigint, text)
  to guard_definer, app_rw, app_worker;
grant execute on function
  app.keep_approval_policy(uuid, int, text, text, jsonb, int, uuid[], int, uuid[], text, jsonb, int,
    boolean),
  app.approval_rules_above(), app.approval_people(),
  app.delegate_approvals(uuid, timestamptz, timestamptz, text),
  app.end_delegation(uuid), app.my_delegations(), app.delegators() to app_rw, app_worker;
