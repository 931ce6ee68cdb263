-- Who looked at what: one row a person, day, kind and object, so that reading leaves a trace that
-- the client can read, and that does not grow with every click.
set role app_owner;
create table app.view_log (
  tenant_id uuid not null,
  person_id uuid not null,
  day date not null,
  kind text not null check (length(kind) <= 80),
  object_id uuid not null,         -- all zeros: the list or the screen itself
  line text not null,
  views int not null default 0,
  exports int not null default 0,
  exported_rows bigint not null default 0,
  first_visit boolean not null default false,   -- the person's first look into this client at all
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  primary key (tenant_id, person_id, day, kind, object_id)
);
create index view_log_day on app.view_log (tenant_id, day desc, person_id);
create index view_log_object on app.view_log (tenant_id, object_id, day desc, person_id);
call guard.protect_cross('app.view_log', null, 'security');
call guard.admit('app.view_log', 'audit_door', null);
grant select on app.view_log to app_rw, app_worker;
grant select, insert, update on app.view_log to audit_door;
grant select, insert, delete on app.view_log to app_restore;

-- Takes [{tenant, kind, object, line, exported, rows}] of one request. In a worklist several
-- clients may be named; each is checked, and each look must be on a line the reader reaches.
create function app.leave_reads(p_looks jsonb) returns int
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  own uuid := guard.tenant_id();
  n int;
begin
  if c.mode is null or c.mode not in ('t', 's') or c.person is null then
    raise exception 'refused: reads' using errcode = '42501';
  end if;
  with l as (
    select coalesce(x.tenant, own) tenant, x.kind,
      coalesce(x.object, '00000000-0000-0000-0000-000000000000') object, x.line, 1 views,
      count(*) filter (where x.exported) exports, coalesce(sum(x.rows) filter (where x.exported), 0) sum_rows
    from jsonb_to_recordset(p_looks) x(tenant uuid, kind text, object uuid, line text,
      exported boolean, rows bigint)
    group by 1, 2, 3, 4
  ), reached as (
    select y.line, guard.scope(y.line) tenants from (select distinct line from l) y
  ), kept as (
    insert into app.view_log as v (tenant_id, person_id, day, kind, object_id, line, views, exports,
      exported_rows, first_visit)
    select l.tenant, c.person, current_date, l.kind, l.object, l.line, l.views, l.exports, l.sum_rows,
      not exists (select from app.view_log w where w.tenant_id = l.tenant
        and w.person_id = c.person)
    from l join reached r on r.line = l.line and l.tenant = any(r.tenants)
    order by l.tenant, l.kind, l.object
    on conflict (tenant_id, person_id, day, kind, object_id) do update
      -- looking again within ten minutes is the same visit
      set views = v.views + (v.last_at < now() - interval '10 minutes')::int, exports = v.exports + excluded.exports,
        exported_rows = v.exported_rows + excluded.exported_rows, last_at = now()
    returning 1)
  select count(*) into n from kept;
  if n < (select count(*) from (select distinct tenant, kind, object
      from jsonb_to_recordset(p_looks) x(tenant uuid, kind text, object uuid)) q) then
    raise exception 'refused: reads' using errcode = '42501';
  end if;
  return n;
end $$;

-- Whether the acting person has looked at an object of the client here: what was new to them is not.
create function app.seen_by_me(p_kind text, p_object uuid) returns boolean
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select exists (select from app.view_log v
                  where v.tenant_id = guard.tenant_id() and v.object_id = p_object
                    and v.person_id = guard.user_id() and v.kind = p_kind)
$$;
reset role;
alter function app.leave_reads(jsonb) owner to audit_door;
alter function app.seen_by_me(text, uuid) owner to audit_door;
revoke all on function app.seen_by_me(text, uuid) from public;
grant execute on function app.leave_reads(jsonb), app.seen_by_me(text, uuid)
  to app_rw, app_worker;
