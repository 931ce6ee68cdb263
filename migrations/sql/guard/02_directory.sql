-- Who and what there is: signing keys, lines, tenants, people, roles.
-- No login role has any right on a table of this schema.
set role guard_owner;

-- The key that signs contexts, as the two padded forms of RFC 2104: key xor 0x5c (o), xor 0x36 (i).
create table guard.hmac_key (
  kid text primary key,
  o   bytea not null check (length(o) = 64),
  i   bytea not null check (length(i) = 64)
);

-- A line is a part of a client's data that is granted by itself.
--   service: work done for clients; reader: sees heads of all lines; base: what every member needs
create table guard.line (
  line text primary key check (line ~ '^[a-z][a-z_]{1,29}$'),
  kind text not null check (kind in ('service', 'reader', 'base'))
);
insert into guard.line values
  ('accounting', 'service'), ('compliance', 'service'), ('tickets', 'service'),
  ('analytics', 'service'),
  ('oversight', 'reader'), ('security', 'reader'), ('billing', 'reader'),
  ('member', 'base'), ('intake', 'base');

-- creating and closing are reached by the worker only; suspended is read only.
create table guard.tenant (
  id          uuid primary key default uuidv7(),
  slug        text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name        text not null default '',
  state       text not null default 'creating'
              check (state in ('creating', 'active', 'suspended', 'closing', 'erased')),
  is_provider boolean not null default false
);
create unique index tenant_one_provider on guard.tenant ((true)) where is_provider;

create function guard.sha(x text) returns text
language sql immutable strict
return encode(sha256(convert_to(x, 'UTF8')), 'hex');

-- A system person (the operator's command line, the worker's own jobs) never logs in.
create table guard.person (
  id       uuid primary key default uuidv7(),
  side     text not null check (side in ('provider', 'client')),
  email    text not null check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
  name     text not null default '',
  system   boolean not null default false,
  left_at  timestamptz,
  mail_sha text not null generated always as (guard.sha('mail:' || lower(email))) stored unique
);
create unique index person_email on guard.person (lower(email));

insert into guard.person (id, side, email, name, system) values
  ('00000000-0000-7000-8000-000000000001', 'provider', 'operator@system.invalid', 'Operator', true),
  ('00000000-0000-7000-8000-000000000002', 'provider', 'platform@system.invalid', 'Platform', true);

-- A role is a bundle of permissions that an administrator may edit.
-- A shipped role comes from the program; once edited, the program no longer overwrites it.
-- lines and may_write are what the grant form proposes; they give nothing by themselves.
create table guard.role (
  role      text primary key check (role ~ '^[a-z][a-z0-9_]{1,39}$'),
  side      text not null check (side in ('provider', 'client')),
  title     text not null default '',
  lines     text[] not null default '{}',
  may_write boolean not null default false,
  shipped   boolean not null default false,
  edited_at timestamptz
);

create table guard.role_permission (
  role       text not null references guard.role,
  permission text not null check (permission ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$'),
  primary key (role, permission)
);

-- The dispatcher asks which clients may have jobs run; nothing else of this schema is granted.
grant select (id, state) on guard.tenant to guard_jobs;
reset role;
