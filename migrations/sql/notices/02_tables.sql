-- What people are told, and how they want to be told. A notice holds no words: kind and subject are
-- put into words when it is read, in the reader's language and with the reader's rights.
set role app_owner;

create table app.notice (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  class text not null default 'normal' check (class in ('normal', 'payroll', 'owner_only')),
  owner_id uuid not null,                         -- whose it is
  kind text not null check (kind ~ '^[a-z]+\.[a-z-]{1,60}$'),
  subject_type text not null check (subject_type ~ '^[a-z][a-z_]{0,59}$'),
  subject_key text not null check (length(subject_key) between 1 and 200),
  actor_id uuid,                                  -- who did it last; null: a link, or the platform
  adds boolean not null default false,            -- more of the same count up instead of standing once
  count integer not null default 1 check (count > 0),
  in_app boolean not null default true,           -- false: wanted by mail alone
  mail text not null default 'digest' check (mail in ('off', 'digest', 'at_once')),
  to_mail boolean not null default false,         -- waits for a mail
  made_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  read_at timestamptz,
  mailed_at timestamptz,
  primary key (tenant_id, id)
);
-- One unread notice of a kind at a thing: what comes on top is counted there.
create unique index notice_open on app.notice (tenant_id, owner_id, kind, subject_type, subject_key)
  where read_at is null;
create index notice_mine on app.notice (owner_id, last_at desc, id desc) where in_app;
create index notice_unread on app.notice (owner_id, last_at desc, id desc)
  where in_app and read_at is null;
create index notice_kind on app.notice (owner_id, kind, last_at desc, id desc) where in_app;
create index notice_client on app.notice (tenant_id, owner_id, last_at desc, id desc) where in_app;
create index notice_to_mail on app.notice (tenant_id, owner_id) where to_mail and read_at is null;
create index notice_old on app.notice (tenant_id, last_at);

call guard.protect_shared('app.notice');
-- One's own, on a line and of a class that are still one's own.
create policy own on app.notice as restrictive to app_rw, app_worker
  using (owner_id = (select guard.user_id())) with check (owner_id = (select guard.user_id()));
create policy class on app.notice as restrictive to app_rw, app_worker
  using (class = 'normal'
    or tenant_id || ':' || class = any ((select guard.document_classes())::text[]));
grant select on app.notice to app_rw, app_worker;

-- How a person wants a kind, in their home. `*` is every mail that can be stopped. What concerns
-- the safety of the account is always told.
create table app.notice_choice (
  tenant_id uuid not null,
  owner_id uuid not null,
  kind text not null check (kind = '*' or kind ~ '^[a-z]+\.[a-z-]{1,60}$'),
  in_app boolean not null default true,
  by_mail text not null default 'digest' check (by_mail in ('off', 'digest', 'at_once')),
  changed_at timestamptz not null default now(),
  primary key (tenant_id, owner_id, kind),
  check (kind not like 'security.%' or in_app and by_mail <> 'off')
);
create index notice_choice_of on app.notice_choice (owner_id, kind);

-- When a person wants the digest: whole hours of their own zone, on working days or on all; no mail
-- in the quiet hours, and none but of safety until the day a pause ends.
create table app.notice_hours (
  tenant_id uuid not null,
  owner_id uuid not null,
  hours smallint[] not null default '{8,13}'
    check (cardinality(hours) <= 6 and hours <@ '{0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23}'::smallint[]),
  every_day boolean not null default false,
  quiet_from smallint not null default 19 check (quiet_from between 0 and 23),
  quiet_to smallint not null default 7 check (quiet_to between 0 and 23),
  paused_until date check (paused_until between '1900-01-01' and '2200-12-31'),
  changed_at timestamptz not null default now(),
  primary key (tenant_id, owner_id)
);
create index notice_hours_of on app.notice_hours (owner_id);

-- The hour whose digest a person has had last.
create table app.notice_slot (
  tenant_id uuid not null,
  owner_id uuid not null,
  slot timestamptz not null,
  primary key (tenant_id, owner_id)
);

-- The hash of what the stopping link of a person's mails proves; nothing keeps the secret.
create table app.notice_stop (
  tenant_id uuid not null,
  owner_id uuid not null,
  kind text not null check (length(kind) between 1 and 80),
  sha text not null check (length(sha) = 64),
  before jsonb,                                   -- the choice a stop replaced, for the way back
  primary key (tenant_id, owner_id, kind),
  unique (tenant_id, sha)
);
create index notice_stop_sha on app.notice_stop (sha);

do $$
declare t text;
begin
  foreach t in array '{notice_choice, notice_hours, notice_slot, notice_stop}'::text[] loop
    execute format('call guard.protect_personal(%L)', 'app.' || t);
  end loop;
  -- The doors see all of them and say themselves what they let through: mails go over all clients,
  -- a link's holder and the dispatcher have none.
  foreach t in array '{notice, notice_choice, notice_hours, notice_slot, notice_stop}'::text[] loop
    execute format('create policy doors on app.%I to notice_door using (true) with check (true)', t);
    execute format('grant select, insert, update, delete on app.%I to notice_door', t);
    execute format('grant select, insert, update, delete on app.%I to app_restore', t);
  end loop;
end $$;
grant select, insert (tenant_id, owner_id, kind, in_app, by_mail), update (in_app, by_mail), delete
  on app.notice_choice to app_rw, app_worker;
grant select, insert (tenant_id, owner_id, hours, every_day, quiet_from, quiet_to, paused_until),
  update (hours, every_day, quiet_from, quiet_to, paused_until) on app.notice_hours
  to app_rw, app_worker;
call guard.sign_change('app.notice_choice', '', 'changed_at');
call guard.sign_change('app.notice_hours', '', 'changed_at');
call app.audit_table('app.notice_hours');
reset role;
