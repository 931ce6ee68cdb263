-- Reports from the rolled-up balances. Each verifies the context once, then reads under the
-- reader's own policy, which names the one client.
set role app_owner;

-- Verifies the context for reading and names the client for the reader's policies.
create function ledger.open_reader() returns uuid
language plpgsql as $$
declare
  t uuid := (guard.enter('accounting')).tenant;
begin
  perform set_config('ledger.tenant', t::text, true);
  return t;
end $$;

-- Turnover by account and currency from p_first (null: since ever) to p_last, both included, in
-- the account's currency and in base. Whole months come from month rows; what is left at either
-- end from day rows, found account by account.
create function ledger.turnover(p_first date, p_last date)
returns table (account_id uuid, currency text, debit bigint, credit bigint,
  base_debit bigint, base_credit bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off as $$
declare
  t uuid := ledger.open_reader();
  -- whole months lie between from_month (included) and to_month (excluded)
  from_month date := case when p_first is null then '-infinity'
    when extract(day from p_first) = 1 then p_first
    else (date_trunc('month', p_first) + interval '1 month')::date end;
  to_month date := date_trunc('month', p_last + 1)::date;
begin
  if to_month < from_month then          -- both ends in one month: its days alone
    from_month := p_last + 1;
    to_month := p_last + 1;
  end if;
  return query
  select z.account_id, z.currency, sum(z.debit)::bigint, sum(z.credit)::bigint,
    sum(z.base_debit)::bigint, sum(z.base_credit)::bigint
  from (
    select b.account_id, b.currency, b.debit, b.credit, b.base_debit, b.base_credit
    from ledger.balance b
    where b.tenant_id = t and b.grain = 'm' and b.starts >= from_month and b.starts < to_month
    union all
    select d.* from ledger.account a cross join lateral (
      select b.account_id, b.currency, b.debit, b.credit, b.base_debit, b.base_credit
      from ledger.balance b
      where b.tenant_id = t and b.grain = 'd' and b.account_id = a.id
        and b.starts >= to_month and b.starts <= p_last
        and (p_first is null or b.starts >= p_first) offset 0) d
    where a.tenant_id = t and to_month <= p_last
    union all
    select d.* from ledger.account a cross join lateral (
      select b.account_id, b.currency, b.debit, b.credit, b.base_debit, b.base_credit
      from ledger.balance b
      where b.tenant_id = t and b.grain = 'd' and b.account_id = a.id
        and b.starts >= p_first and b.starts < from_month and b.starts <= p_last offset 0) d
    where a.tenant_id = t and p_first < from_month
  ) z group by 1, 2;
end $$;

-- Base turnover of whole months, for profit and loss by month.
create function ledger.turnover_by_month(p_first date, p_last date)
returns table (account_id uuid, month date, base_debit bigint, base_credit bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := ledger.open_reader();
begin
  return query
  select b.account_id, b.starts, sum(b.base_debit)::bigint, sum(b.base_credit)::bigint
  from ledger.account a join ledger.balance b
    on b.tenant_id = a.tenant_id and b.account_id = a.id and b.grain = 'm'
      and b.starts between date_trunc('month', p_first)::date and p_last
  where a.tenant_id = t and a.type in ('income', 'expense')
  group by 1, 2;
end $$;

-- The balance of one account in base before a posting of a day: its months, the days of the month
-- begun, and the postings of the day itself up to the one named.
create function ledger.balance_before(t uuid, p_account uuid, p_day date, p_entry uuid, p_no smallint)
returns bigint language sql stable
begin atomic
  select (
    coalesce((select sum(b.base_debit - b.base_credit) from ledger.balance b
      where b.tenant_id = t and b.grain = 'm' and b.account_id = p_account
        and b.starts < date_trunc('month', p_day)::date), 0)
    + coalesce((select sum(b.base_debit - b.base_credit) from ledger.balance b
      where b.tenant_id = t and b.grain = 'd' and b.account_id = p_account
        and b.starts >= date_trunc('month', p_day)::date and b.starts < p_day), 0)
    + coalesce((select sum(p.base) from ledger.posting p
      where p.tenant_id = t and p.account_id = p_account and p.entry_date = p_day
        and (p.entry_id, p.no) <= (p_entry, p_no)), 0))::bigint;
end;

-- Whether an entry and what reversed it, or what it reverses, stand in one month and both between two
-- days: then they fold away, since nothing is left of them.
create function ledger.folds(t uuid, p_entry uuid, p_first date, p_last date)
returns boolean language sql stable
begin atomic
  select exists (
    select from ledger.entry e
    join ledger.entry o on o.tenant_id = t and o.id = e.reverses_id
    where e.tenant_id = t and e.id = p_entry and o.period_id = e.period_id
      and o.entry_date between p_first and p_last)
  or exists (
    select from ledger.entry r
    join ledger.entry e on e.tenant_id = t and e.id = r.reverses_id
    where r.tenant_id = t and r.reverses_id = p_entry and r.period_id = e.period_id
      and r.entry_date between p_first and p_last);
end;

-- A page of one account by keyset, oldest first, after the posting named, with running balance.
-- p_fold leaves out what folds away between p_first and p_last; the running balance then is that of
-- the rows shown, so that a pair of which one half stands before a row does not bend it.
create function ledger.account_page(p_account uuid, p_after_day date,
  p_after_entry uuid default '00000000-0000-0000-0000-000000000000', p_after_no integer default 0,
  p_last date default 'infinity', p_limit integer default 50, p_first date default '-infinity',
  p_fold boolean default false)
returns table (entry_id uuid, no smallint, entry_date date, currency text, amount bigint, base bigint,
  running bigint, counterparty_id uuid, memo text, tax_code text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off as $$
declare
  t uuid := ledger.open_reader();
  before bigint := ledger.balance_before(t, p_account, p_after_day, p_after_entry, p_after_no::smallint);
begin
  if p_fold then
    -- halves of folded pairs that stand before the page; both are of one month
    before := before - coalesce((select sum(p.base) from ledger.posting p
      where p.tenant_id = t and p.account_id = p_account
        and p.entry_date >= greatest(p_first, date_trunc('month', p_after_day)::date)
        and (p.entry_date, p.entry_id, p.no) <= (p_after_day, p_after_entry, p_after_no::smallint)
        and ledger.folds(t, p.entry_id, p_first, p_last)), 0);
  end if;
  return query
  select q.entry_id, q.no, q.entry_date, q.currency, q.amount, q.base,
    (before + sum(q.base) over (order by q.entry_date, q.entry_id, q.no))::bigint,
    q.counterparty_id, q.memo, q.tax_code
  from (
    select p.* from ledger.posting p
    where p.tenant_id = t and p.account_id = p_account
      and (p.entry_date, p.entry_id, p.no) > (p_after_day, p_after_entry, p_after_no::smallint)
      and p.entry_date <= p_last
      and not (p_fold and ledger.folds(t, p.entry_id, p_first, p_last))
    order by p.entry_date, p.entry_id, p.no limit p_limit) q
  order by q.entry_date, q.entry_id, q.no;
end $$;

-- How many entries these books hold: it grows with each and never otherwise, so a published report
-- that stores it knows whether the books have changed since.
create function ledger.books_version() returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := ledger.open_reader();
begin
  return (select coalesce(sum(c.n), 0) from ledger.counter c where c.tenant_id = t);
end $$;

reset role;
