-- What the close board and the desk read: each month's state, and how many are still to close.
do $$
begin
  if not exists (select from pg_roles where rolname = 'close_door') then
    begin
      create role close_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('close_door'::name, 'guard_definer', 'member') then
    grant guard_definer to close_door;
  end if;
  alter default privileges for role close_door revoke execute on functions from public;
end $$;

set role app_owner;
call guard.admit('app.close_month', 'close_door', 'accounting');
call guard.admit('app.close_plan', 'close_door', 'accounting');
call guard.admit('app.close_override', 'close_door', 'accounting');
call guard.admit('ledger.period', 'close_door', 'accounting');
call guard.admit('ledger.account', 'close_door', 'accounting');
call guard.admit('ledger.balance', 'close_door', 'accounting');
call guard.admit('ledger.counter', 'close_door', 'accounting');
call guard.admit('ledger.open_item', 'close_door', 'accounting');
call guard.admit('ledger.allocation', 'close_door', 'accounting');
call guard.admit('app.bank_transaction', 'close_door', 'accounting');
grant select on ledger.account, ledger.balance, ledger.counter, ledger.open_item, ledger.allocation,
  app.bank_transaction to close_door;
grant select, insert, update on app.close_month to close_door;
grant select on app.close_plan, app.close_override, ledger.period to close_door;
grant usage on schema ledger to close_door;

-- The desk's figure of one client: months that are over and not closed, since the oldest ended.
create function app.close_figure(p_tenant uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  open_months bigint;
  oldest date;
  oldest_state text;
begin
  perform app.add_figure(p_tenant, 'accounting', 'months_to_close', 0);
  select count(*), min(m.ends), (array_agg(m.state order by m.starts))[1]
    into open_months, oldest, oldest_state from app.close_month m
    where m.tenant_id = p_tenant and m.state in ('open', 'in_review') and m.ends < current_date;
  perform app.set_figure(p_tenant, 'accounting', 'months_to_close', open_months,
    (oldest + 1)::timestamp at time zone 'UTC', coalesce(oldest_state, 'closed'));
end $$;

-- Begins the months whose first day has come, with the day they are due; answers how many are new.
create function app.begin_close_months() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := (select guard.writable('accounting'));
  made integer;
begin
  if t is null then
    raise exception 'refused: months of a close' using errcode = '42501';
  end if;
  insert into app.close_month (tenant_id, period_id, starts, ends, state, due_on, owner_id)
  select p.tenant_id, p.id, p.starts, p.ends, p.state, p.ends + coalesce(c.due_days, 10), c.owner_id
    from ledger.period p left join app.close_plan c on c.tenant_id = p.tenant_id
    where p.tenant_id = t and p.starts <= current_date
  on conflict do nothing;
  get diagnostics made = row_count;
  perform app.close_figure(t);
  return made;
end $$;

-- Months begin when their periods are made, and follow them from state to state.
create function app.close_follows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  who uuid;
  t uuid;
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  if tg_op = 'INSERT' then
    if exists (select from changed where starts <= current_date) then
      perform app.begin_close_months();
    end if;
    return null;
  end if;
  who := (select guard.user_id());
  perform app.begin_close_months();
  update app.close_month m set
    state = n.state,
    handed_in_by = case when n.state = 'in_review' then who else m.handed_in_by end,
    handed_in_at = case when n.state = 'in_review' then now() else m.handed_in_at end,
    closed_by = case n.state when 'closed' then who end,
    closed_at = case n.state when 'closed' then now() end,
    reopened_at = case when m.state = 'closed' then now() else m.reopened_at end,
    version = m.version + 1
    from changed n
    where m.tenant_id = n.tenant_id and m.period_id = n.id and m.state <> n.state;
  for t in select distinct tenant_id from changed loop
    perform app.close_figure(t);
  end loop;
  return null;
end $$;
create trigger close_begins after insert on ledger.period
  referencing new table as changed for each statement execute function app.close_follows();
create trigger close_follows after update on ledger.period
  referencing new table as changed for each statement execute function app.close_follows();

-- What the books themselves say is left of a month: bank lines to do, suspense accounts that are not
-- empty, control accounts that are not their open items. The same as the checks `reconciled`,
-- `suspense` and `open-items`, which count for the page.
create function app.close_left(t uuid, p_ends date) returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
  with books as (
    select b.account_id, sum(b.base_debit - b.base_credit)::bigint as base from ledger.balance b
    where b.tenant_id = t and b.grain = 'm' and b.starts <= p_ends group by 1
  ), item as (
    select x.account_id, sum(x.base)::bigint as base from (
      select i.account_id, i.residual_base as base from ledger.open_item i
      where i.tenant_id = t and i.booked_on <= p_ends
        and (i.residual <> 0 or i.residual_base <> 0)
      union all
      select i.account_id, a.base from ledger.allocation a join ledger.open_item i
        on i.tenant_id = a.tenant_id and i.entry_id = a.debit_entry_id and i.no = a.debit_no
      where a.tenant_id = t and a.allocated_on > p_ends and i.booked_on <= p_ends
      union all
      select i.account_id, -a.base from ledger.allocation a join ledger.open_item i
        on i.tenant_id = a.tenant_id and i.entry_id = a.credit_entry_id and i.no = a.credit_no
      where a.tenant_id = t and a.allocated_on > p_ends and i.booked_on <= p_ends) x
    group by 1
  )
  select (select count(*) from app.bank_transaction b where b.tenant_id = t and b.state = 'to_do'
      and b.status = 'booked' and b.booked_on <= p_ends)
    + (select count(*) from ledger.account a
      left join books b on b.account_id = a.id left join item i on i.account_id = a.id
      where a.tenant_id = t and (a.subtype = 'suspense' and coalesce(b.base, 0) <> 0
        or a.control is not null and coalesce(b.base, 0) <> coalesce(i.base, 0)))
$$;

-- At commit, whatever statement closed the month: it must have been counted in the same transaction
-- and over the books as they are now, so that nobody chooses when to count. A check that this count
-- left red, or that the books themselves show, refuses it, unless whoever closes wrote why in the
-- same transaction. Deferred, as the count comes after the lock that closing takes.
create function app.close_is_allowed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  left_over integer;
  m app.close_month;
begin
  if session_user <> 'app_rw' then return null; end if;
  if (select p.state from ledger.period p where p.tenant_id = new.tenant_id and p.id = new.id)
      <> 'closed' then
    return null;                                   -- reopened in the same breath
  end if;
  select * into m from app.close_month c
    where c.tenant_id = new.tenant_id and c.period_id = new.id;
  if found and (m.counted_at is distinct from now() or m.counted_version is distinct from
      (select coalesce(sum(c.n), 0) from ledger.counter c where c.tenant_id = new.tenant_id)) then
    raise exception 'close-not-counted' using errcode = 'BO409';
  end if;
  left_over := greatest(m.blocking, app.close_left(new.tenant_id, new.ends));
  if left_over > 0 and not exists (select from app.close_override o
      where o.tenant_id = new.tenant_id and o.period_id = new.id and o.made_at = now()) then
    raise exception 'close-blocked' using errcode = 'BO409',
      detail = jsonb_build_object('blocking', left_over, 'checks', left_over::text)::text;
  end if;
  return null;
end $$;
create constraint trigger close_is_allowed after update on ledger.period
  deferrable initially deferred for each row
  when (new.state = 'closed' and old.state <> 'closed') execute function app.close_is_allowed();
reset role;
alter function app.close_is_allowed() owner to close_door;
alter function app.close_left(uuid, date) owner to close_door;
revoke execute on function app.close_left(uuid, date) from public, app_owner;
alter function app.close_figure(uuid) owner to close_door;
alter function app.begin_close_months() owner to close_door;
alter function app.close_follows() owner to close_door;
revoke execute on function app.close_figure(uuid) from public, app_owner;
revoke execute on function app.begin_close_months() from public;
grant execute on function app.begin_close_months() to app_rw, app_worker;
