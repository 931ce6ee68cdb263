-- Approvals: somebody asks, somebody else decides, on exactly the content that was shown. Both rows
-- are written by doors from the signed context; a login role can neither invent nor change one.
set role app_owner;
create table app.approval_kind (
  kind text primary key check (kind ~ '^[a-z][a-z_.-]{2,60}$'),
  side text not null check (side in ('client', 'provider', 'any')),   -- who decides
  needed int not null default 1 check (needed between 1 and 5),
  fresh boolean not null default false,                    -- a step-up of the last five minutes
  -- whether side and number hold beside every policy, or only where no policy says otherwise
  floor boolean not null default true,
  amounts boolean not null default false,                  -- whether policies may ask from an amount on
  marks boolean not null default false    -- carrying it out marks it, so a decision can be taken back before
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
  -- the largest entry of a form or a call, of 1,000,000 bytes, and what its rows are here
  content jsonb not null check (pg_column_size(content) <= 2097152),
  content_sha text not null check (content_sha ~ '^[0-9a-f]{64}$'),
  state text not null default 'pending'
    check (state in ('pending', 'approved', 'refused', 'withdrawn', 'failed')),
  requested_by uuid not null,
  requested_at timestamptz not null default now(),
  asked_until timestamptz,                                 -- how long whoever asked lets it wait
  expires_at timestamptz,                                  -- and the rules: for what nobody decided
  decided_at timestamptz,
  amount_minor bigint check (amount_minor >= 0),           -- what it is about, where it has an amount
  currency text check (currency ~ '^[A-Z]{3}$'),
  round int not null default 1,                            -- another content begins another round
  fresh boolean not null default false,
  second_factor boolean not null default false,            -- and both factors in these five minutes
  carried_at timestamptz,
  failed_code text check (failed_code ~ '^[a-z][a-z0-9-]{1,60}$'),   -- why it was not carried out
  failed_params jsonb not null default '{}' check (pg_column_size(failed_params) <= 4000),
  primary key (tenant_id, id),
  check ((amount_minor is null) = (currency is null)),
  check ((state = 'failed') = (failed_code is not null))
);
create index approval_pending on app.approval (tenant_id, requested_at) where state = 'pending';
create index approval_subject on app.approval (tenant_id, subject_type, subject_id);
-- Who has to decide, as it was worked out when it was asked: all steps of a round have to be met.
create table app.approval_step (
  tenant_id uuid not null,
  approval_id uuid not null,
  round int not null,
  no int not null,
  line text not null,
  side text not null check (side in ('client', 'provider', 'any')),
  needed int not null check (needed between 1 and 5),
  people uuid[] not null default '{}',           -- these; nobody named: who holds the permission
  after_no int,                                  -- counts only once that step is met
  policy_id uuid,                                -- null: the kind's own rule
  policy_version int,
  policy_title text not null default '',
  policy_of text not null default '' check (policy_of in ('', 'provider', 'client')),
  primary key (tenant_id, approval_id, round, no),
  foreign key (tenant_id, approval_id) references app.approval (tenant_id, id)
);
create table app.approval_decision (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  approval_id uuid not null,
  person_id uuid not null,                       -- who decided
  for_person uuid,                               -- on whose behalf, where that was delegated
  round int not null default 1,
  steps int[] not null default '{}',             -- the steps it counts for
  voided_at timestamptz,                         -- taken back, or the content changed after it
  line text not null,
  decision text not null check (decision in ('approve', 'refuse')),
  side text not null,
  content_sha text not null,
  reason text not null default '' check (length(reason) <= 2000),
  principal_id uuid not null,
  at timestamptz not null default now(),
  primary key (tenant_id, id),
  check (for_person <> person_id),
  foreign key (tenant_id, approval_id) references app.approval (tenant_id, id)
);
create index approval_decision_of on app.approval_decision (tenant_id, approval_id, at);
-- one voice each: not twice as oneself, and not once as oneself and once by somebody else
create unique index approval_decision_once
  on app.approval_decision (tenant_id, approval_id, round, person_id) where voided_at is null;
create unique index approval_decision_voice
  on app.approval_decision (tenant_id, approval_id, round, coalesce(for_person, person_id))
  where voided_at is null;
do $$
declare t text;
begin
  foreach t in array '{approval, approval_step, approval_decision}'::text[] loop
    execute format('call guard.protect_shared(%L)', 'app.' || t);
    execute format('call guard.admit(%L, %L, null)', 'app.' || t, 'approval_door');
    execute format('grant select on app.%I to app_rw, app_worker', t);
    execute format('grant select, insert on app.%I to approval_door', t);
    execute format('grant select, insert, delete on app.%I to app_restore', t);
  end loop;
end $$;
grant select on app.approval_kind to app_rw, app_worker, approval_door;
grant update on app.approval to approval_door;
grant update (voided_at) on app.approval_decision to approval_door;
call app.audit_table('app.approval');
call app.audit_table('app.approval_decision');
insert into app.approval_kind (kind, side, needed, fresh) values ('access.grant', 'client', 1, true);
insert into app.approval_kind (kind, side, needed, floor, amounts, marks) values
  ('entry.post', 'provider', 1, false, true, true),
  ('period.close', 'provider', 1, false, false, true),
  ('report.publish', 'provider', 1, false, false, true);
-- Who decides last need not hold what carrying out takes: it is done as a job of the system.
insert into app.system_job (kind) values ('approval.carry-out');
reset role;
