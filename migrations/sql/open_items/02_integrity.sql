-- What holds whatever door, owner or mistake writes an allocation: both sides are of one account,
-- counterparty and currency, a release undoes exactly what it names, and residuals follow.
set role app_owner;

-- 1 for an item that a credit settles, -1 for one that a debit settles.
create function ledger.side(amount bigint, base bigint) returns integer
language sql immutable parallel safe return
  sign(case when amount <> 0 then amount else base end)::integer;

-- The counterparty somebody turned out to be.
create function ledger.who_is(t uuid, c uuid) returns uuid
language sql stable return
  (select coalesce(x.merged_into_id, x.id) from ledger.counterparty x where x.tenant_id = t and x.id = c);

-- A counterparty turns out to be one that is itself: no chains, no circles, so one look suffices.
create function ledger.merged_once() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from changed n join ledger.counterparty m
        on m.tenant_id = n.tenant_id and m.id = n.merged_into_id where m.merged_into_id is not null)
    or exists (select from changed n join ledger.counterparty x
        on x.tenant_id = n.tenant_id and x.merged_into_id = n.id where n.merged_into_id is not null)
  then
    raise exception 'merged into one that is merged' using errcode = '42501';
  end if;
  return null;
end $$;
create trigger merged_once after update on ledger.counterparty
  referencing new table as changed for each statement execute function ledger.merged_once();

create function ledger.on_allocation() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  wrong record;
begin
  select n.id, n.no into wrong
  from new_allocations n
  left join lateral (select * from ledger.open_item i where i.tenant_id = n.tenant_id
    and i.entry_id = n.debit_entry_id and i.no = n.debit_no offset 0) d on true
  left join lateral (select * from ledger.open_item i where i.tenant_id = n.tenant_id
    and i.entry_id = n.credit_entry_id and i.no = n.credit_no offset 0) c on true
  left join lateral (select * from ledger.allocation a where a.tenant_id = n.tenant_id
    and a.id = n.releases_id and a.no = n.no offset 0) r on true
  where not coalesce(
    d.account_id = c.account_id and d.currency = c.currency and n.currency = d.currency
    and ledger.side(d.amount, d.base) = 1 and ledger.side(c.amount, c.base) = -1
    and case when n.releases_id is null then
        n.amount >= 0
        and ledger.who_is(n.tenant_id, d.counterparty_id)
          = ledger.who_is(n.tenant_id, c.counterparty_id)
        -- a day in between, on which too much would be settled, cannot come about
        and n.allocated_on >= greatest(d.booked_on, c.booked_on, d.released_on, c.released_on)
      else
        r.releases_id is null and n.amount = -r.amount and n.base = -r.base
        and n.allocated_on >= r.allocated_on
        and (n.debit_entry_id, n.debit_no, n.credit_entry_id, n.credit_no)
          = (r.debit_entry_id, r.debit_no, r.credit_entry_id, r.credit_no) end,
    false)
  limit 1;
  if found then
    raise exception 'allocation % refused: its items do not settle each other', wrong.id
      using errcode = '23514';
  end if;
  update ledger.open_item i set residual = i.residual - x.amount,
    residual_base = i.residual_base - x.base, released_on = greatest(i.released_on, x.released_on)
  from (
    select s.tenant_id, s.entry_id, s.no, sum(s.amount)::bigint as amount, sum(s.base)::bigint as base,
      max(s.released_on) as released_on
    from (
      select n.tenant_id, n.debit_entry_id as entry_id, n.debit_no as no, n.amount, n.base,
        case when n.releases_id is not null then n.allocated_on end as released_on
      from new_allocations n
      union all
      select n.tenant_id, n.credit_entry_id, n.credit_no, -n.amount, -n.base,
        case when n.releases_id is not null then n.allocated_on end
      from new_allocations n) s
    group by 1, 2, 3) x
  where i.tenant_id = x.tenant_id and i.entry_id = x.entry_id and i.no = x.no;
  return null;
end $$;

create trigger allocation_complete after insert on ledger.allocation
  referencing new table as new_allocations for each statement execute function ledger.on_allocation();
reset role;
