-- The desk's figure: bank lines to do with the day of the oldest, kept by a definer trigger.
do $$
begin
  if not exists (select from pg_roles where rolname = 'bank_door') then
    begin
      create role bank_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('bank_door'::name, 'guard_definer', 'member') then
    grant guard_definer to bank_door;
  end if;
  alter default privileges for role bank_door revoke execute on functions from public;
end $$;

set role app_owner;
call guard.admit('app.bank_transaction', 'bank_door', 'accounting');
grant select on app.bank_transaction to bank_door;

-- The figure's row is locked before counting, so that of two people who book at the same time the
-- later one counts what the earlier has done.
create function app.bank_figure() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid;
  left_over bigint;
  oldest date;
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  for t in select distinct tenant_id from changed loop
    perform app.add_figure(t, 'accounting', 'bank_lines_to_do', 0);
    select count(*), min(booked_on) into left_over, oldest from app.bank_transaction
      where tenant_id = t and state = 'to_do' and status = 'booked';
    perform app.set_figure(t, 'accounting', 'bank_lines_to_do', left_over,
      oldest::timestamp at time zone 'UTC', '');
  end loop;
  return null;
end $$;
create trigger figure_added after insert on app.bank_transaction
  referencing new table as changed for each statement execute function app.bank_figure();
create trigger figure_changed after update on app.bank_transaction
  referencing new table as changed for each statement execute function app.bank_figure();
reset role;
alter function app.bank_figure() owner to bank_door;
