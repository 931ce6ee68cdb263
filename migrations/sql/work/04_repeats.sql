-- Templates of the provider, what repeats in a client, and the days a client counts as closed.
set role app_owner;

-- In the provider's own firm; a client's repeat carries its own copy of the content.
create table app.work_template (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  service_line text not null check (length(service_line) between 1 and 40),
  name text not null check (length(name) between 1 and 120),
  content jsonb not null check (pg_column_size(content) <= 131072),
  archived_at timestamptz,
  archived_by uuid,
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  version integer not null default 1,
  primary key (tenant_id, id),
  check ((archived_at is null) = (archived_by is null))
);
create unique index work_template_name on app.work_template (tenant_id, lower(name))
  where archived_at is null;
call guard.protect('app.work_template', 'member');
call guard.demand('app.work_template', '{insert,update}', '{task.plan}');
call guard.sign('app.work_template', '{archived_by}');
call guard.stamp('app.work_template', '{archived_at}');
create policy staff on app.work_template as restrictive to app_rw, app_worker
  using ((select guard.is_staff())) with check ((select guard.is_staff()));
grant select, insert (tenant_id, id, service_line, name, content),
  update (service_line, name, content, archived_at, archived_by, version)
  on app.work_template to app_rw, app_worker;
grant select, insert, update, delete on app.work_template to app_restore;
call app.audit_table('app.work_template');

-- Inside a client the provider's templates are read through this door: they name no client.
create policy templates on app.work_template for select to work_door using (true);
grant select on app.work_template to work_door;
create function app.work_templates() returns table (
  id uuid, service_line text, name text, content jsonb, version integer)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not guard.is_staff() or not guard.entitled('task.plan') then
    raise exception 'refused: templates' using errcode = '42501';
  end if;
  return query
    select t.id, t.service_line, t.name, t.content, t.version
      from app.work_template t where t.archived_at is null order by lower(t.name), t.id;
end $$;

-- What comes round in a client. next_start: the period that is made next; make_on: on which day.
create table app.repeat (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  name text not null check (length(name) between 1 and 120),
  class text not null default 'normal' check (class in ('normal', 'payroll', 'owner_only')),
  template_id uuid,                               -- of the provider's firm; its content is copied
  template_version integer,
  content jsonb not null check (pg_column_size(content) <= 131072),
  every text not null check (every in ('month', 'quarter', 'year')),
  first_month integer not null default 1 check (first_month between 1 and 12),
  ahead_days integer not null default 30 check (ahead_days between 0 and 365),
  ends_on date,                                   -- no period that begins later is made
  due_zone text not null default 'UTC' check (length(due_zone) between 1 and 60),
  assignee_id uuid,
  reviewer_id uuid,
  state text not null default 'active' check (state in ('active', 'paused', 'ended')),
  next_start date not null check (next_start between '1900-01-01' and '2200-12-31'),
  make_on date not null,
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  version integer not null default 1,
  primary key (tenant_id, id),
  unique (tenant_id, id, line),
  check (reviewer_id is null or assignee_id is null or reviewer_id <> assignee_id)
);
create index repeat_due on app.repeat (tenant_id, make_on) where state = 'active';
call guard.protect_shared('app.repeat');
call guard.demand('app.repeat', '{insert,update}', '{task.plan}');
create policy staff on app.repeat as restrictive to app_rw, app_worker
  using ((select guard.is_staff())) with check ((select guard.is_staff()));
create policy class on app.repeat as restrictive to app_rw, app_worker
  using (class = 'normal'
    or tenant_id || ':' || class = any ((select guard.document_classes())::text[]))
  with check (class = 'normal'
    or tenant_id || ':' || class = any ((select guard.document_classes())::text[]));
grant select, insert (tenant_id, id, line, name, class, template_id, template_version, content, every,
    first_month, ahead_days, ends_on, due_zone, assignee_id, reviewer_id, next_start, make_on),
  update (name, template_version, content, ahead_days, ends_on, assignee_id, reviewer_id, state,
    next_start, make_on, version)
  on app.repeat to app_rw, app_worker;
grant select, insert, update, delete on app.repeat to app_restore;
-- What the hourly job writes through its door is where a repeat stands; the tasks it makes are
-- audited. Whatever anybody else changes, another job too, is audited whole.
call app.audit_table('app.repeat', p_when => $when$current_user <> 'work_door'$when$);
alter table app.task add foreign key (tenant_id, repeat_id, line)
  references app.repeat (tenant_id, id, line);

-- The client's calendar: whose public holidays count, and its own closed days.
create table app.work_calendar (
  tenant_id uuid not null,
  country text not null check (country ~ '^[A-Z]{2}$'),
  subdivision text not null default '' check (length(subdivision) <= 10),
  changed_by uuid not null default guard.user_id(),
  changed_at timestamptz not null default now(),
  primary key (tenant_id)
);
create table app.closure (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  from_on date not null,
  to_on date not null,
  title text not null check (length(title) between 1 and 120),
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  primary key (tenant_id, id),
  check (to_on between from_on and from_on + 92),
  check (from_on between '1900-01-01' and '2200-12-31')
);
create index closure_days on app.closure (tenant_id, from_on);
do $$
declare t text;
begin
  foreach t in array '{work_calendar, closure}'::text[] loop
    execute format('call guard.protect(%L, %L)', 'app.' || t, 'member');
    execute format('call guard.demand(%L, %L, %L)', 'app.' || t, '{insert,update,delete}',
      '{task.plan}');
    execute format('grant select, insert, update, delete on app.%I to app_restore', t);
  end loop;
end $$;
call guard.sign_change('app.work_calendar', 'changed_by', 'changed_at');
grant select, insert (tenant_id, country, subdivision), update (country, subdivision)
  on app.work_calendar to app_rw, app_worker;
grant select, insert (tenant_id, id, from_on, to_on, title), delete on app.closure
  to app_rw, app_worker;
call app.audit_table('app.work_calendar');
call app.audit_table('app.closure');
reset role;
alter function app.work_templates() owner to work_door;
grant execute on function app.work_templates() to app_rw, app_worker;
