-- What is known of people beside their rights. Owner guard_owner, no grant to any login role:
-- each table is reached through the doors of this folder only.
set role guard_owner;

create table guard.person_setting (
  person_id uuid primary key references guard.person,
  locale text not null default '',
  mail_locale text not null default '',
  time_zone text not null default '',
  theme text not null default 'auto' check (theme in ('auto', 'light', 'dark')),
  density text not null default 'default' check (density in ('compact', 'default', 'comfortable')),
  keys_on boolean not null default true,
  check (length(locale) <= 12 and length(mail_locale) <= 12 and length(time_zone) <= 60)
);

-- Device and place of a session in words, or the name and scopes of an API token.
create table guard.session_note (
  principal_id uuid primary key references guard.principal,
  device text not null default '' check (length(device) <= 120),
  address text not null default '' check (length(address) <= 60),
  name text not null default '' check (length(name) <= 80),
  permissions text[],
  opened_at timestamptz not null default now()
);

create table guard.passkey_note (
  credential_id uuid primary key references guard.credential on delete cascade,
  name text not null check (length(name) between 1 and 80),
  sign_count bigint not null check (sign_count >= 0),
  used_at timestamptz
);

-- Away until, covered by: shown to whoever gives out work.
create table guard.absence (
  person_id uuid primary key references guard.person,
  until date not null,
  covered_by uuid references guard.person check (covered_by <> person_id)
);

create table guard.access_request (
  tenant_id uuid not null references guard.tenant,
  id uuid not null default uuidv7(),
  user_id uuid not null references guard.person,
  role text not null references guard.role,
  lines text[] not null,
  classes text[] not null default '{}',
  may_write boolean not null default false,
  valid_from timestamptz,
  valid_to timestamptz,
  reason text not null default '' check (length(reason) <= 500),
  requested_by uuid not null references guard.person,
  decided_by uuid references guard.person,
  decided_at timestamptz,
  state text not null default 'open' check (state in ('open', 'granted', 'refused')),
  answer text not null default '' check (length(answer) <= 500),
  primary key (tenant_id, id),
  check (valid_to > coalesce(valid_from, '-infinity')),
  check ((state = 'open') = (decided_at is null))
);
create index access_request_open on guard.access_request (tenant_id) where state = 'open';
create index access_request_by_person on guard.access_request (user_id);

reset role;
