-- What holds whatever door, owner or mistake writes: statement triggers over transition tables.
-- Entry and postings must come in one statement, so nothing half done can exist even for a moment.
-- Plans are kept to index look-ups: a plan made while a table was small must not scan it later,
-- which is what made large batches grow faster than linear. "(select true ...)" instead of exists
-- for the same reason: an exists may be planned as a hash of the whole table.
set role app_owner;

-- Refuses in the user's words why one entry cannot stand; called only after a check failed.
create function ledger.explain(t uuid, e uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  head ledger.entry;
  fault record;
  base_code text := (select b.base_currency from ledger.book b where b.tenant_id = t);
begin
  select * into head from ledger.entry x where x.tenant_id = t and x.id = e;
  if not found or head.created_xid <> pg_current_xact_id() then
    raise exception 'entry % is sealed or missing', e using errcode = '23514';
  end if;
  select p.no, p.currency, a.code as account, x.why into fault
  from ledger.posting p
  left join ledger.account a on a.tenant_id = t and a.id = p.account_id
  cross join lateral (select case
    when a.id is null then 'account-unknown'
    when a.archived_at is not null then 'account-archived'
    when not exists (select from app.currency c where c.code = p.currency) then 'currency-unknown'
    when a.currency <> p.currency then 'account-currency-differs'
    when p.amount not between -100000000000000 and 100000000000000
      or p.base not between -100000000000000 and 100000000000000 then 'amount-too-large'
    when p.amount = 0 and p.base = 0 then 'amount-zero'
    when a.control is not null and p.counterparty_id is null then 'counterparty-required'
    when p.currency = base_code and p.amount <> p.base then 'base-differs'
    when p.counterparty_id is not null and not exists (select from ledger.counterparty c
      where c.tenant_id = t and c.id = p.counterparty_id) then 'counterparty-unknown'
    when p.tax_code is not null and not exists (select from ledger.tax_code c
      where c.tenant_id = t and c.code = p.tax_code) then 'tax-code-unknown'
    when p.dim1_id is not null and not exists (select from ledger.dimension_value d
      where d.tenant_id = t and d.id = p.dim1_id and d.slot = 1) then 'dimension-unknown'
    when p.dim2_id is not null and not exists (select from ledger.dimension_value d
      where d.tenant_id = t and d.id = p.dim2_id and d.slot = 2) then 'dimension-unknown'
    end as why) x
  where p.tenant_id = t and p.entry_id = e and x.why is not null
  order by p.no limit 1;
  if found then
    raise exception '%', fault.why using errcode = 'BO422', detail = jsonb_build_object(
      'no', fault.no, 'account', fault.account, 'currency', fault.currency,
      'key', head.idem_key)::text;
  end if;
  select sum(p.base) as base, sum(p.amount) as amount, min(p.currency) as lo, max(p.currency) as hi
    into fault from ledger.posting p where p.tenant_id = t and p.entry_id = e;
  if fault.base <> 0 or fault.lo = fault.hi and fault.amount <> 0 then
    raise exception 'unbalanced' using errcode = 'BO422', detail = jsonb_build_object(
      'difference_minor', case when fault.base <> 0 then fault.base else fault.amount end,
      'currency', case when fault.base <> 0 then base_code else fault.lo end,
      'key', head.idem_key)::text;
  end if;
  raise exception 'entry % is incomplete', e using errcode = '23514';
end $$;

create function ledger.on_entry() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  wrong record;
begin
  -- closing updates the period's row, shared here: whoever comes second waits, then sees the new state
  select n.tenant_id, n.id, n.number into wrong
  from new_entries n
  left join lateral (select * from ledger.period p
    where p.tenant_id = n.tenant_id and p.id = n.period_id for share) p on true
  where not coalesce(
    (p.state = 'open' or p.state = 'in_review' and n.in_review)
    and n.entry_date between p.starts and p.ends
    and n.fiscal_year = p.fiscal_year
    and (select true from ledger.journal j
                where j.tenant_id = n.tenant_id and j.code = n.journal)
    and (select true from ledger.posting q
                where q.tenant_id = n.tenant_id and q.entry_id = n.id and q.no = 1)
    and (n.number = 1 or (select true from ledger.entry z where z.tenant_id = n.tenant_id
           and z.journal = n.journal and z.fiscal_year = n.fiscal_year and z.number = n.number - 1))
    and n.number > 0
    and (n.reverses_id is null or (select true from ledger.entry z
           where z.tenant_id = n.tenant_id and z.id = n.reverses_id and z.id <> n.id)),
    false)
  limit 1;
  if found then
    raise exception 'entry % refused: period not open, no journal, no postings or number out of order',
      wrong.id using errcode = '23514';
  end if;
  return null;
end $$;

create function ledger.on_posting() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  wrong record;
begin
  select n.tenant_id, n.entry_id into wrong
  from new_postings n
  left join lateral (select e.posting_count, e.period_id, e.entry_date, e.created_xid, b.base_currency
    from ledger.entry e join ledger.book b on b.tenant_id = e.tenant_id
    where e.tenant_id = n.tenant_id and e.id = n.entry_id offset 0) e on true
  left join lateral (select a.currency, a.control, a.archived_at is null as living
    from ledger.account a where a.tenant_id = n.tenant_id and a.id = n.account_id offset 0) a on true
  group by n.tenant_id, n.entry_id
  having (count(*) = min(e.posting_count) and sum(n.base) = 0
    and (sum(n.amount) = 0 or min(n.currency) <> max(n.currency))
    and bool_and(coalesce(              -- bool_and passes over nulls: nothing unknown may pass
      n.no between 1 and e.posting_count
      and n.period_id = e.period_id and n.entry_date = e.entry_date
      and e.created_xid = pg_current_xact_id()
      and (n.amount <> 0 or n.base <> 0)
      and n.amount between -100000000000000 and 100000000000000
      and n.base between -100000000000000 and 100000000000000
      and a.living and (a.currency is null or a.currency = n.currency)
      and (a.control is null or n.counterparty_id is not null)
      and case when n.currency = e.base_currency then n.amount = n.base
          else (select true from app.currency c where c.code = n.currency) end
      and (n.counterparty_id is null or (select true from ledger.counterparty c
        where c.tenant_id = n.tenant_id and c.id = n.counterparty_id))
      and (n.tax_code is null or (select true from ledger.tax_code c
        where c.tenant_id = n.tenant_id and c.code = n.tax_code))
      and (n.dim1_id is null or (select true from ledger.dimension_value d
        where d.tenant_id = n.tenant_id and d.id = n.dim1_id and d.slot = 1))
      and (n.dim2_id is null or (select true from ledger.dimension_value d
        where d.tenant_id = n.tenant_id and d.id = n.dim2_id and d.slot = 2)),
      false))) is not true
  limit 1;
  if found then
    perform ledger.explain(wrong.tenant_id, wrong.entry_id);
  end if;
  -- in the order of the key, so that two statements take rows in the same order
  insert into ledger.balance as b
    select n.tenant_id, 'd', n.account_id, n.entry_date, n.currency,
      sum(greatest(n.amount, 0)), sum(greatest(-n.amount, 0)),
      sum(greatest(n.base, 0)), sum(greatest(-n.base, 0))
    from new_postings n group by 1, 3, 4, 5 order by 1, 3, 4, 5
  on conflict (tenant_id, grain, account_id, starts, currency) do update set
    debit = b.debit + excluded.debit, credit = b.credit + excluded.credit,
    base_debit = b.base_debit + excluded.base_debit,
    base_credit = b.base_credit + excluded.base_credit;
  insert into ledger.balance as b
    select n.tenant_id, 'm', n.account_id, n.entry_date - (extract(day from n.entry_date)::int - 1),
      n.currency, sum(greatest(n.amount, 0)), sum(greatest(-n.amount, 0)),
      sum(greatest(n.base, 0)), sum(greatest(-n.base, 0))
    from new_postings n group by 1, 3, 4, 5 order by 1, 3, 4, 5
  on conflict (tenant_id, grain, account_id, starts, currency) do update set
    debit = b.debit + excluded.debit, credit = b.credit + excluded.credit,
    base_debit = b.base_debit + excluded.base_debit,
    base_credit = b.base_credit + excluded.base_credit;
  -- each posting on a control account is an open item (open_items/01); such postings alone must
  -- name a counterparty, so most entries end here
  if (select true from new_postings n where n.counterparty_id is not null limit 1) then
    insert into ledger.open_item (tenant_id, entry_id, no, account_id, counterparty_id, control,
        booked_on, due_on, reference, currency, amount, base, residual, residual_base)
      select n.tenant_id, n.entry_id, n.no, n.account_id, n.counterparty_id, a.control, n.entry_date,
        n.entry_date + case when (a.control = 'receivable') = (n.amount > 0) then c.terms_days else 0 end,
        coalesce(n.memo, e.description), n.currency, n.amount, n.base, n.amount, n.base
      from new_postings n
      cross join lateral (select a.control from ledger.account a where a.tenant_id = n.tenant_id
        and a.id = n.account_id and a.control is not null offset 0) a
      cross join lateral (select c.terms_days from ledger.counterparty c
        where c.tenant_id = n.tenant_id and c.id = n.counterparty_id offset 0) c
      cross join lateral (select e.description from ledger.entry e
        where e.tenant_id = n.tenant_id and e.id = n.entry_id offset 0) e
      where n.counterparty_id is not null;
  end if;
  return null;
end $$;

create trigger entry_complete after insert on ledger.entry
  referencing new table as new_entries for each statement execute function ledger.on_entry();
create trigger posting_complete after insert on ledger.posting
  referencing new table as new_postings for each statement execute function ledger.on_posting();

create function ledger.never() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception '% on %.% refused: the ledger only grows', tg_op, tg_table_schema, tg_table_name
    using errcode = '42501';
end $$;
do $$
declare t text;
begin
  -- a book's base currency and first month give every row below its meaning
  foreach t in array '{book, entry, posting, period_change}'::text[] loop
    execute format('create trigger never before update or delete or truncate on ledger.%I
      for each statement execute function ledger.never()', t);
  end loop;
  foreach t in array '{fiscal_year, period, journal, counter, account, tax_code, counterparty,
    dimension, dimension_value, balance}'::text[]
  loop
    execute format('create trigger never before delete or truncate on ledger.%I
      for each statement execute function ledger.never()', t);
  end loop;
end $$;

reset role;
alter function ledger.explain(uuid, uuid) owner to ledger_keeper;
alter function ledger.on_entry() owner to ledger_keeper;
alter function ledger.on_posting() owner to ledger_keeper;
