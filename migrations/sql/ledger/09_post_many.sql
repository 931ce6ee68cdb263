-- The door for many entries of one journal, all or none, in time linear in their number.
-- Entry arrays (date, description, key, source) hold one value an entry; posting arrays one value a
-- posting, p_of saying which entry (from 1) it belongs to. Arrays are always unnested, never read by
-- subscript: a subscript into a long text[] walks it from the start.
set role app_owner;

-- One refusal for whatever is wrong with the arrays themselves.
create function ledger.check_batch(p_date date[], p_description text[], p_key text[],
  p_source_id uuid[], p_of integer[], p_account uuid[], p_currency text[], p_amount bigint[],
  p_base bigint[]) returns void
language plpgsql as $$
declare
  n integer := coalesce(cardinality(p_key), 0);
  m integer := coalesce(cardinality(p_of), 0);
  fault record;
begin
  if n = 0 or m = 0 or (cardinality(p_date), cardinality(p_description)) is distinct from (n, n)
      or cardinality(p_source_id) <> n or (cardinality(p_account), cardinality(p_currency),
        cardinality(p_amount), cardinality(p_base)) is distinct from (m, m, m, m) then
    perform ledger.refuse('BO422', 'arrays-differ');
  end if;
  select h.key, case
      when h.d is null or h.d not between '1900-01-01' and '2200-12-31' then 'date-out-of-range'
      when coalesce(length(h.description), 0) not between 1 and 500 then 'description-length'
      when coalesce(length(h.key), 0) not between 1 and 200 then 'key-length'
      when count(*) over (partition by h.key) > 1 then 'key-twice'
      when coalesce(p.k, 0) < 2 then 'too-few-postings'
      when p.k > 2000 then 'too-many-postings' end as why
    into fault
    from unnest(p_date, p_description, p_key) with ordinality h(d, description, key, o)
    full join (select of, count(*) k from unnest(p_of) of group by of) p on p.of = h.o
    order by 2 nulls last limit 1;
  if fault.why is not null then
    perform ledger.refuse('BO422', fault.why, jsonb_build_object('key', fault.key, 'most', 2000));
  end if;
end $$;

create function ledger.post_many(
  p_journal text, p_date date[], p_description text[], p_key text[], p_of integer[],
  p_account uuid[], p_currency text[], p_amount bigint[], p_base bigint[],
  p_counterparty uuid[] default null, p_tax text[] default null, p_dim1 uuid[] default null,
  p_dim2 uuid[] default null, p_memo text[] default null, p_kind text default 'normal',
  p_source_type text default null, p_source_id uuid[] default null)
returns table (o bigint, entry_id uuid, number bigint, fiscal_year integer, replayed boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan as $$   -- plans that know how long the arrays are
#variable_conflict use_column
declare
  g record := ledger.open_door('accounting.post');
  book ledger.book;
  bases bigint[];
  shas bytea[];
  counts bigint[];
  old_ids uuid[];
  old_numbers bigint[];
  clash text;
  x record;
  years integer[] := '{}';
  starts_at bigint[] := '{}';
  marked integer[] := '{}';
begin
  if p_kind not in ('normal', 'opening', 'closing') then
    perform ledger.refuse('BO422', 'entry-kind', jsonb_build_object('kind', p_kind));
  end if;
  if cardinality(p_key) > 100 then
    -- the triggers plan anew: plans kept from when the tables were small may take an index that
    -- walks the whole client, and each batch would be slower than the one before
    discard plans;
  end if;
  perform ledger.check_batch(p_date, p_description, p_key, p_source_id, p_of, p_account, p_currency,
    p_amount, p_base);
  select * into book from ledger.book b where b.tenant_id = g.tenant for no key update;
  if not found then
    perform ledger.refuse('BO409', 'no-books');
  end if;
  bases := ledger.fill_base(book.base_currency, p_currency, p_amount, p_base);

  -- what is asked: hash and number of postings of each entry, in the order of p_key
  select array_agg(ledger.request_sha(p_journal, h.d, h.description, p_kind,
      case when h.source is not null then p_source_type end, h.source, null, a.account, a.currency,
      a.amount, a.base, a.counterparty, a.tax, a.dim1, a.dim2, a.memo) order by h.o),
    array_agg(a.n order by h.o)
    into shas, counts
    from unnest(p_date, p_description, p_key, p_source_id) with ordinality h(d, description, key, source, o)
    join (select u.of, count(*) n, array_agg(u.account order by u.i) account,
        array_agg(u.currency order by u.i) currency, array_agg(u.amount order by u.i) amount,
        array_agg(u.base order by u.i) base, array_agg(u.counterparty order by u.i) counterparty,
        array_agg(u.tax order by u.i) tax, array_agg(u.dim1 order by u.i) dim1,
        array_agg(u.dim2 order by u.i) dim2, array_agg(u.memo order by u.i) memo
      from unnest(p_of, p_account, p_currency, p_amount, bases, p_counterparty, p_tax, p_dim1, p_dim2,
        p_memo) with ordinality
        u(of, account, currency, amount, base, counterparty, tax, dim1, dim2, memo, i)
      group by u.of) a on a.of = h.o;

  -- which of them are posted already; looked up one by one in the index of keys ("offset 0"): a
  -- join planned while the table was small would read the whole client for each batch
  select array_agg(e.id order by h.o), array_agg(e.number order by h.o),
    min(h.key) filter (where e.request_sha <> h.sha)
    into old_ids, old_numbers, clash
    from unnest(p_key, shas) with ordinality h(key, sha, o)
    left join lateral (select e.id, e.number, e.request_sha from ledger.entry e
      where e.tenant_id = g.tenant and e.idem_key = h.key offset 0) e on true;
  if clash is not null then
    perform ledger.refuse('BO409', 'idempotency-key-reused', jsonb_build_object('key', clash));
  end if;

  if (p_tax is not null or p_dim1 is not null or p_dim2 is not null)
      and array_position(old_ids, null) is not null then
    perform ledger.check_living(g.tenant, p_tax, p_dim1, p_dim2);
  end if;

  -- the states of the periods, and numbers for what is new
  for x in
    select ledger.period_of(h.d, book.fiscal_start_month) as period, min(h.d) as d,
      count(*) filter (where h.old_id is null) as fresh
    from unnest(p_date, old_ids) h(d, old_id)
    group by 1 order by 1
  loop
    continue when x.fresh = 0;
    if ledger.in_review(g.tenant, x.period, x.d, g.may_review) then
      marked := marked || x.period;
    end if;
  end loop;
  for x in
    select ledger.period_of(h.d, book.fiscal_start_month) / 100 as year, count(*) as fresh
    from unnest(p_date, old_ids) h(d, old_id) where h.old_id is null
    group by 1 order by 1
  loop
    years := years || x.year;
    starts_at := starts_at || ledger.take_numbers(g.tenant, p_journal, x.year, x.fresh) - x.fresh;
  end loop;

  return query
  with asked as materialized (
    select h.*, ledger.period_of(h.d, book.fiscal_start_month) as period
    from unnest(p_date, p_description, p_key, p_source_id, shas, counts, old_ids, old_numbers)
      with ordinality h(d, description, key, source, sha, n, old_id, old_number, o)
  ), head as materialized (
    select a.*, coalesce(a.old_id, uuidv7()) as id, a.period / 100 as fy,
      a.period = any (marked) as in_review,
      coalesce(a.old_number, y.start + row_number() over (
        partition by a.period / 100, a.old_id is null order by a.o)) as nr
    from asked a left join unnest(years, starts_at) y(year, start) on y.year = a.period / 100
  ), new_entry as (
    insert into ledger.entry (tenant_id, id, entry_date, period_id, fiscal_year, journal, number,
      posting_count, description, kind, in_review, source_type, source_id, idem_key, request_sha,
      leaf, made_by)
    select g.tenant, h.id, h.d, h.period, h.fy, p_journal, h.nr, h.n, h.description, p_kind,
      h.in_review, case when h.source is not null then p_source_type end, h.source, h.key, h.sha,
      ledger.leaf(g.tenant, h.id, h.fy, h.nr, h.in_review, null, g.who, h.sha), g.who
    from head h where h.old_id is null order by h.o
  ), new_posting as (
    insert into ledger.posting (tenant_id, entry_id, no, account_id, period_id, entry_date, currency,
      amount, base, counterparty_id, tax_code, dim1_id, dim2_id, memo)
    select g.tenant, h.id, row_number() over (partition by u.of order by u.i), u.account, h.period,
      h.d, u.currency, u.amount, u.base, u.counterparty, u.tax, u.dim1, u.dim2, u.memo
    from unnest(p_of, p_account, p_currency, p_amount, bases, p_counterparty, p_tax, p_dim1, p_dim2,
      p_memo) with ordinality
      u(of, account, currency, amount, base, counterparty, tax, dim1, dim2, memo, i)
    join head h on h.o = u.of
    where h.old_id is null
  )
  select h.o, h.id, h.nr, h.fy, h.old_id is not null from head h order by h.o;
end $$;

reset role;
