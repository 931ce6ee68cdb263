set role app_owner;

-- The directory: one row a client firm, one for the provider's own firm.
create table app.client (
  tenant_id uuid primary key,
  slug text not null check (slug ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' and length(slug) between 2 and 40),
  name text not null check (length(name) between 1 and 120),
  legal_name text not null check (length(legal_name) between 1 and 200),
  country char(2) not null check (country ~ '^[A-Z]{2}$'),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  time_zone text not null check (length(time_zone) between 1 and 64),
  locale text not null default 'en' check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  fiscal_year_start_month smallint not null default 1 check (fiscal_year_start_month between 1 and 12),
  chart_template text not null check (chart_template ~ '^[a-z][a-z0-9_-]{1,39}$'),
  hue smallint not null check (hue between 1 and 6),
  is_provider boolean not null default false,
  state text not null default 'creating'
    check (state in ('creating', 'active', 'suspended', 'closing')),
  created_at timestamptz not null default now()
);

create unique index client_slug on app.client (tenant_id, slug);
call guard.protect('app.client', 'member');
call guard.demand('app.client', '{update}', '{engagement.set}');
-- slug, state and is_provider are the guard's: the mirror below keeps them.
grant select on app.client to app_rw, app_worker;
grant update (name, legal_name, country, time_zone, locale) on app.client to app_rw, app_worker;
grant insert (tenant_id, slug, name, legal_name, country, currency, time_zone, locale,
  fiscal_year_start_month, chart_template, hue, is_provider, state) on app.client to app_worker;
grant select, insert, update on app.client to app_restore;

-- What the clients see of the provider: one row, in the provider's own tenant.
create table app.provider_setting (
  tenant_id uuid primary key,
  name text not null check (length(name) between 1 and 120),
  logo_type text check (logo_type in ('image/png', 'image/svg+xml')),
  logo bytea check (octet_length(logo) <= 200000),
  accent text not null default '#2457a6' check (accent ~ '^#[0-9a-f]{6}$'),
  sender_name text not null default '' check (length(sender_name) <= 120),
  sender_address text not null default '' check (length(sender_address) <= 254),
  changed_at timestamptz not null default now(),
  check ((logo is null) = (logo_type is null))
);

call guard.protect('app.provider_setting', 'member');
call guard.demand('app.provider_setting', '{insert,update}', '{provider.settings}');
grant select, insert (tenant_id, name, logo_type, logo, accent, sender_name, sender_address),
  update (name, logo_type, logo, accent, sender_name, sender_address)
  on app.provider_setting to app_rw, app_worker;
grant select, insert, update on app.provider_setting to app_restore;
call guard.sign_change('app.provider_setting', '', 'changed_at');

-- What the desk shows of a client: counts and dates, nothing of the content.
create table app.client_figure (
  tenant_id uuid not null,
  line text not null,
  name text not null check (name ~ '^[a-z][a-z0-9_-]{1,59}$'),
  n bigint not null default 0,
  oldest timestamptz,
  state text not null default '' check (length(state) <= 40),
  changed_at timestamptz not null default now(),
  primary key (tenant_id, line, name)
);

call guard.protect_cross('app.client_figure', null, 'oversight');
grant select on app.client_figure to app_rw, app_worker;
grant select, insert, update, delete on app.client_figure to app_restore;

-- Clients that a person keeps at hand in the sidebar.
create table app.pinned_client (
  tenant_id uuid not null,
  owner_id uuid not null,
  position smallint not null default 0,
  pinned_at timestamptz not null default now(),
  primary key (tenant_id, owner_id)
);

call guard.protect_personal('app.pinned_client');
grant select, insert (tenant_id, owner_id, position), update (position), delete
  on app.pinned_client to app_rw, app_worker;
grant select, insert, update, delete on app.pinned_client to app_restore;
reset role;

alter table app.client add constraint fk_client_tenant
  foreign key (tenant_id) references guard.tenant (id);
alter table app.provider_setting add constraint fk_provider_setting_client
  foreign key (tenant_id) references app.client (tenant_id);
alter table app.client_figure add constraint fk_client_figure_client
  foreign key (tenant_id) references app.client (tenant_id);
alter table app.pinned_client add constraint fk_pinned_client_client
  foreign key (tenant_id) references app.client (tenant_id);
