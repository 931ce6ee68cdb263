-- How people prove themselves, and the principals that come of it.
set role guard_owner;

-- Secrets arrive sealed with a key that is not in the database: public and secret are opaque here.
create table guard.credential (
  id         uuid primary key default uuidv7(),
  person_id  uuid not null references guard.person,
  kind       text not null check (kind in ('password', 'totp', 'passkey')),
  handle_sha text unique,
  public     bytea,
  secret     bytea,
  made_at    timestamptz not null default now()
);
create unique index credential_one_of_kind on guard.credential (person_id, kind)
  where kind <> 'passkey';
create index credential_person on guard.credential (person_id);

-- One-time codes. The worker's mailing job makes the secret; the web never sees one.
create table guard.one_time (
  id         uuid primary key default uuidv7(),
  secret_sha text unique,
  purpose    text not null check (purpose in ('invite', 'reset', 'login')),
  person_id  uuid not null references guard.person,
  locale     text not null default '' check (length(locale) <= 12),   -- of the mail
  made_by    uuid,
  made_at    timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index one_time_person on guard.one_time (person_id, made_at);
create index one_time_waiting on guard.one_time (id) where secret_sha is null;

-- A principal is what acts: a login session (person), an API token, a link, a job.
-- lines null means everything the person's memberships give; else it is narrowed to these.
-- factors: what was proved when it was opened; the provider's people need two to administer.
create table guard.principal (
  id            uuid primary key default uuidv7(),
  kind          text not null check (kind in ('person', 'token', 'link', 'job')),
  user_id       uuid references guard.person,
  tenant_id     uuid references guard.tenant,
  lines         text[],
  object_type   text,
  object_id     uuid,
  factors       text[] check (factors <@ '{password,totp,passkey,user_verified,mail}'),
  made_at       timestamptz not null default now(),
  idle_until    timestamptz,
  expires_at    timestamptz not null,
  stepped_up_at timestamptz,
  revoked_at    timestamptz,
  secret_sha    text unique,
  nonce         uuid unique,
  made_by       uuid,
  check (kind = 'person' or tenant_id is not null),
  check ((kind = 'link') = (object_id is not null)),
  check (kind = 'link' or user_id is not null)
);
create index principal_user on guard.principal (user_id);
reset role;
