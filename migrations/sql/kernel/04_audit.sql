-- The audit: who did what to which row. Rows are made by triggers and doors from the signed
-- context; no login role can write one. Heads are seen by the line and by `security`; what changed
-- stands in a second table that only the row's own line reads.
set role app_owner;
create table app.audit_event (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  at timestamptz not null default clock_timestamp(),
  actor uuid,                      -- the person, or the system user
  principal uuid,                  -- login session, token or job; empty for a system user
  act text not null check (length(act) <= 120),
  subject_type text not null check (length(subject_type) <= 80),
  subject_id uuid,
  line text not null,
  request_id text,
  leaf bytea not null,             -- hash of head and change, for the sealer to come
  primary key (tenant_id, id)
);
create index audit_event_subject on app.audit_event (tenant_id, subject_type, subject_id, id);
create index audit_event_actor on app.audit_event (tenant_id, actor, id);
create table app.audit_change (
  tenant_id uuid not null,
  event_id uuid not null,
  line text not null,
  before jsonb,
  after jsonb,
  primary key (tenant_id, event_id)
);
call guard.protect_cross('app.audit_event', null, 'security');
call guard.protect_shared('app.audit_change');
call guard.admit('app.audit_event', 'audit_door', null);
call guard.admit('app.audit_change', 'audit_door', null);
grant select on app.audit_event, app.audit_change to app_rw, app_worker;
grant select, insert on app.audit_event, app.audit_change to audit_door;
grant select, insert, delete on app.audit_event, app.audit_change to app_restore;

-- The hash of one event: of everything it says, in a fixed order.
create function app.audit_leaf(p_id uuid, p_tenant uuid, p_actor uuid, p_principal uuid, p_act text,
  p_type text, p_subject uuid, p_line text, p_before jsonb, p_after jsonb) returns bytea
language sql immutable set search_path=pg_catalog,pg_temp as $$
  select sha256(convert_to(jsonb_build_array(p_id, p_tenant, p_actor, p_principal, p_act, p_type,
    p_subject, p_line, p_before, p_after)::text, 'UTF8'))
$$;

-- What differs between two rows, as {column: value}; secret columns keep their name only.
create function app.audit_diff(p_row jsonb, p_other jsonb, p_secret text[]) returns jsonb
language sql immutable set search_path=pg_catalog,pg_temp as $$
  select jsonb_object_agg(k, case when k = any(p_secret) then '"…"'::jsonb else v end)
  from jsonb_each(p_row) e(k, v)
  where k <> 'tenant_id' and (p_other is null or p_other -> k is distinct from v)
$$;

-- Statement-level, on transition tables. Arguments: fixed line or '', key columns, secret columns.
-- Only what the two working roles do is audited here; loading and restoring bring their own audit.
create function app.audit_rows() returns trigger
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim;
  kind text := tg_table_name;
  fixed text := nullif(tg_argv[0], '');
  keys text[] := tg_argv[1]::text[];
  secret text[] := tg_argv[2]::text[];
  request text := nullif(current_setting('app.request_id', true), '');
  act text := tg_table_name || case tg_op when 'INSERT' then '.added' when 'UPDATE' then '.changed'
    else '.removed' end;
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  c := guard.claims();
  if tg_op = 'INSERT' then
    with r as materialized (select uuidv7() id, to_jsonb(n) b from new_rows n),
    d as materialized (select r.id, (b ->> 'tenant_id')::uuid t, b ->> 'id' s,
      coalesce(fixed, b ->> 'line') l, null::jsonb was, app.audit_diff(b, null, secret) now_ from r),
    e as (insert into app.audit_event (tenant_id, id, actor, principal, act, subject_type,
        subject_id, line, request_id, leaf)
      select t, id, c.person, case when c.mode = 't' then c.principal end, act, kind, s::uuid, l,
        request, app.audit_leaf(id, t, c.person, c.principal, act, kind, s::uuid, l, was, now_)
      from d returning 1)
    insert into app.audit_change (tenant_id, event_id, line, before, after)
      select t, id, l, was, now_ from d;
  elsif tg_op = 'DELETE' then
    with r as materialized (select uuidv7() id, to_jsonb(o) a from old_rows o),
    d as materialized (select r.id, (a ->> 'tenant_id')::uuid t, a ->> 'id' s,
      coalesce(fixed, a ->> 'line') l, app.audit_diff(a, null, secret) was, null::jsonb now_ from r),
    e as (insert into app.audit_event (tenant_id, id, actor, principal, act, subject_type,
        subject_id, line, request_id, leaf)
      select t, id, c.person, case when c.mode = 't' then c.principal end, act, kind, s::uuid, l,
        request, app.audit_leaf(id, t, c.person, c.principal, act, kind, s::uuid, l, was, now_)
      from d returning 1)
    insert into app.audit_change (tenant_id, event_id, line, before, after)
      select t, id, l, was, now_ from d;
  else
    with o as materialized (select to_jsonb(x) a from old_rows x),
    n as materialized (select to_jsonb(x) b from new_rows x),
    r as materialized (select uuidv7() id, a, b from o join n on
      (select jsonb_agg(a -> k) from unnest(keys) k) = (select jsonb_agg(b -> k) from unnest(keys) k)
      where a <> b),
    d as materialized (select r.id, (b ->> 'tenant_id')::uuid t, b ->> 'id' s,
      coalesce(fixed, b ->> 'line') l, app.audit_diff(a, b, secret) was,
      app.audit_diff(b, a, secret) now_ from r),
    e as (insert into app.audit_event (tenant_id, id, actor, principal, act, subject_type,
        subject_id, line, request_id, leaf)
      select t, id, c.person, case when c.mode = 't' then c.principal end, act, kind, s::uuid, l,
        request, app.audit_leaf(id, t, c.person, c.principal, act, kind, s::uuid, l, was, now_)
      from d returning 1)
    insert into app.audit_change (tenant_id, event_id, line, before, after)
      select t, id, l, was, now_ from d;
  end if;
  return null;
end $$;

-- Makes the triggers of one table; its line comes from how the table is protected. What p_when does
-- not hold for is not audited row by row ('' holds always); p_acts names the acts that are.
create procedure app.audit_table(p_table regclass, p_secret text[] default '{}',
  p_when text default '', p_acts text[] default '{added,changed,removed}')
language plpgsql set search_path=pg_catalog,pg_temp as $$
declare
  fixed text;
  keys text[];
  arguments text;
  act text;
begin
  select case p.kind when 'line' then p.lines[1] when 'personal' then 'member' else '' end
    into fixed from guard.registered() p where p.tbl = p_table;
  if fixed is null then raise exception '% is not protected yet', p_table; end if;
  select array_agg(a.attname order by a.attnum) into keys from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
    where i.indrelid = p_table and i.indisprimary;
  arguments := format('%L, %L, %L', fixed, keys::text, p_secret::text);
  foreach act in array p_acts loop
    execute format('create trigger audit_%s after %s on %s referencing %s for each statement %s'
      ' execute function app.audit_rows(%s)', act,
      case act when 'added' then 'insert' when 'changed' then 'update' when 'removed' then 'delete' end,
      p_table,
      case act when 'added' then 'new table as new_rows' when 'removed' then 'old table as old_rows'
        else 'old table as old_rows new table as new_rows' end,
      case when p_when <> '' then 'when (' || p_when || ')' else '' end, arguments);
  end loop;
end $$;

-- A note of an act that changes no row: an export, a download, a refusal. The actor is the context's.
create function app.audit_note(p_act text, p_type text, p_subject uuid, p_line text, p_detail jsonb,
  p_request text) returns uuid
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  t uuid := guard.tenant_id();
  r uuid := uuidv7();
begin
  -- the last words of an act that a trigger writes are the triggers' own
  if t is null or p_act !~ '^[a-z_]+(\.[a-z_-]+)+$' or p_act ~ '\.(added|changed|removed)$'
      or (c.mode <> 'j' and t <> all(guard.scope(p_line))) then
    raise exception 'refused: note' using errcode = '42501';
  end if;
  insert into app.audit_event (tenant_id, id, actor, principal, act, subject_type, subject_id, line,
      request_id, leaf)
    values (t, r, c.person, case when c.mode = 't' then c.principal end, p_act, p_type, p_subject,
      p_line, p_request, app.audit_leaf(r, t, c.person, c.principal, p_act, p_type, p_subject,
        p_line, null, p_detail));
  if p_detail is not null then
    insert into app.audit_change (tenant_id, event_id, line, after) values (t, r, p_line, p_detail);
  end if;
  return r;
end $$;
reset role;
alter function app.audit_rows() owner to audit_door;
alter function app.audit_note(text, text, uuid, text, jsonb, text) owner to audit_door;
grant execute on function app.audit_rows() to app_owner;   -- checked when a trigger is made
grant execute on function
  app.audit_leaf(uuid, uuid, uuid, uuid, text, text, uuid, text, jsonb, jsonb),
  app.audit_diff(jsonb, jsonb, text[]) to guard_definer;
grant execute on function app.audit_note(text, text, uuid, text, jsonb, text) to app_rw, app_worker;
