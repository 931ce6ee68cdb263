-- Taking a client in from another package: its files with how each is read and what became of it,
-- where its accounts went, and which columns mean what in files of a shape seen before.
set role app_owner;

create table app.moving_file (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  stored_object_id uuid not null,
  name text not null check (length(name) between 1 and 255),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  size bigint not null check (size > 0),
  kind text check (kind in ('chart', 'contacts', 'opening', 'items', 'ledger')),
  -- refused: no table at all; mapping: to be looked at; importing: a job is at it
  state text not null check (state in ('refused', 'mapping', 'importing', 'imported', 'undone')),
  header jsonb not null default '[]',              -- the header's cells
  fingerprint text check (fingerprint ~ '^[0-9a-f]{64}$'),
  settings jsonb not null default '{}',
  report jsonb not null default '{}',              -- what is found and what is wrong
  error jsonb,                                     -- {code, row, params}
  made_accounts uuid[] not null default '{}',
  made_contacts uuid[] not null default '{}',
  job_id uuid,
  uploaded_by uuid not null,
  uploaded_at timestamptz not null default now(),
  imported_by uuid,
  imported_at timestamptz,
  version integer not null default 1,
  primary key (tenant_id, id),
  unique (tenant_id, sha256),
  check ((state = 'refused') = (error is not null)),
  foreign key (tenant_id, stored_object_id) references app.stored_object (tenant_id, id)
);
create index on app.moving_file (tenant_id, uploaded_at desc, id desc);
create index on app.moving_file (tenant_id, stored_object_id);

-- Where an account of the other package goes, decided once for all of the client's files: an
-- account of the chart, or a new one of a type.
create table app.moving_account (
  tenant_id uuid not null,
  source text not null check (length(source) between 1 and 200),   -- its code, else its name, folded
  account_id uuid,
  type text check (type in ('asset', 'liability', 'equity', 'income', 'expense')),
  decided_by uuid not null,
  decided_at timestamptz not null default now(),
  primary key (tenant_id, source),
  check (account_id is null or type is null),
  foreign key (tenant_id, account_id) references ledger.account (tenant_id, id)
);
create index on app.moving_account (tenant_id, account_id);

-- Which tax code a tax of the other package becomes on one side, sales or purchases; null: none.
create table app.moving_tax (
  tenant_id uuid not null,
  source text not null check (length(source) between 1 and 200),   -- name, rate and side, folded
  tax_code text,
  decided_by uuid not null,
  decided_at timestamptz not null default now(),
  primary key (tenant_id, source),
  foreign key (tenant_id, tax_code) references ledger.tax_code (tenant_id, code)
);
create index on app.moving_tax (tenant_id, tax_code);

-- A client's own mapping of a shape of file.
create table app.moving_mapping (
  tenant_id uuid not null,
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  settings jsonb not null,
  kept_at timestamptz not null default now(),
  primary key (tenant_id, fingerprint)
);

do $$
declare t text;
begin
  foreach t in array '{moving_file, moving_account, moving_tax, moving_mapping}'::text[] loop
    execute format('call guard.protect(%L, %L)', 'app.' || t, 'accounting');
    execute format('grant select on app.%I to app_rw, app_worker', t);
    execute format('grant select, insert on app.%I to app_restore', t);
    execute format('call guard.demand(%L, %L, %L)', 'app.' || t, '{insert,update}',
      '{accounting.accounts}');
  end loop;
end $$;
grant insert (tenant_id, id, stored_object_id, name, sha256, size, kind, state, header, fingerprint,
  settings, error, uploaded_by) on app.moving_file to app_rw, app_worker;
grant insert (tenant_id, source, account_id, type, decided_by)
  on app.moving_account to app_rw, app_worker;
grant insert (tenant_id, source, tax_code, decided_by) on app.moving_tax to app_rw, app_worker;
grant insert (tenant_id, fingerprint, settings) on app.moving_mapping to app_rw, app_worker;
grant update (kind, state, settings, report, made_accounts, made_contacts, job_id, imported_by,
  imported_at, version) on app.moving_file to app_rw, app_worker;
grant update (account_id, type) on app.moving_account to app_rw, app_worker;
grant update (tax_code) on app.moving_tax to app_rw, app_worker;
grant update (settings) on app.moving_mapping to app_rw, app_worker;
-- whether an entry comes of a file that is being imported (ledger/15)
call guard.admit('app.moving_file', 'ledger_writer', 'accounting');
grant select (tenant_id, id, state) on app.moving_file to ledger_writer;
call guard.sign('app.moving_file', '{uploaded_by,imported_by}');
call guard.sign('app.moving_account', '{decided_by}');
call guard.sign('app.moving_tax', '{decided_by}');
call guard.sign_change('app.moving_account', 'decided_by', 'decided_at');
call guard.sign_change('app.moving_tax', 'decided_by', 'decided_at');
call guard.stamp('app.moving_file', '{imported_at}');
call guard.sign_change('app.moving_mapping', '', 'kept_at');
call app.audit_table('app.moving_file', array['header', 'report', 'settings']);
call app.audit_table('app.moving_account');
call app.audit_table('app.moving_tax');

-- What the columns of a shape mean, over all clients: the hash of the header's words and places of
-- columns, nothing of any client. A proposal only; the person sees and confirms it.
create table app.moving_shape (
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  settings jsonb not null check (pg_column_size(settings) < 2000),
  uses bigint not null default 1,
  primary key (fingerprint, settings)
);
select guard.register('app.moving_shape', 'global', null, null);
grant select on app.moving_shape to app_rw, app_worker;

-- Counts one more use of a mapping after an import; only names of fields and small numbers pass.
create function app.remember_shape(p_fingerprint text, p_settings jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not guard.entitled('accounting.accounts') then
    raise exception 'refused: accounting.accounts' using errcode = '42501';
  elsif not guard.is_staff() then
    return;              -- a proposal reaches other clients: no client teaches it
  end if;
  if exists (select from jsonb_each(p_settings) s(k, v) where k not in ('kind', 'columns', 'order', 'comma'))
    or exists (select from jsonb_each(p_settings -> 'columns') c(k, v)
      where k !~ '^[a-z_]{2,20}$' or v::text !~ '^[0-9]{1,2}$')
    or coalesce(p_settings ->> 'kind', '') !~ '^[a-z]{2,20}$'
    or coalesce(p_settings ->> 'order', '') !~ '^[a-z]{0,3}$'
    or coalesce(p_settings ->> 'comma', '') not in ('', 'true', 'false') then
    raise exception 'refused: no mapping of columns' using errcode = '42501';
  end if;
  insert into app.moving_shape as s (fingerprint, settings) values (p_fingerprint, p_settings)
  on conflict (fingerprint, settings) do update set uses = s.uses + 1;
end $$;
reset role;
do $$
begin
  if not exists (select from pg_roles where rolname = 'moving_door') then
    begin
      create role moving_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('moving_door'::name, 'guard_definer', 'member') then
    grant guard_definer to moving_door;
  end if;
  alter default privileges for role moving_door revoke execute on functions from public;
end $$;
set role app_owner;
grant select, insert, update on app.moving_shape to moving_door;
reset role;
alter function app.remember_shape(text, jsonb) owner to moving_door;
revoke execute on function app.remember_shape(text, jsonb) from public;
grant execute on function app.remember_shape(text, jsonb) to app_rw, app_worker;
