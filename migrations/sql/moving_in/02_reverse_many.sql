-- The door that takes many entries back at once, each on its own day: what undoing an import of a
-- whole ledger needs, in time linear in their number. Works as ledger.post_many and ledger.reverse.
set role app_owner;

-- Reverses every entry named, all or none; answers how many. Refuses entries that are unknown or
-- reversed already, and months that are closed.
create function ledger.reverse_many(p_entry uuid[], p_key text)
returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan as $$
declare
  g record := ledger.open_door('accounting.post');
  asked integer := coalesce(cardinality(p_entry), 0);
  known record;
  x record;
  marked integer[] := '{}';
  journals text[] := '{}';
  years integer[] := '{}';
  starts_at bigint[] := '{}';
begin
  if asked = 0 then
    return 0;
  elsif asked > 2000 then
    perform ledger.refuse('BO422', 'arrays-differ');
  end if;
  discard plans;                         -- as in post_many
  perform ledger.let_lines_go(g.tenant, p_entry);
  perform 1 from ledger.book b where b.tenant_id = g.tenant for no key update;
  select count(e.id) as found, count(r.id) as reversed into known
    from (select distinct u.id from unnest(p_entry) u(id)) u
    left join lateral (select e.id from ledger.entry e
      where e.tenant_id = g.tenant and e.id = u.id offset 0) e on true
    left join lateral (select r.id from ledger.entry r
      where r.tenant_id = g.tenant and r.reverses_id = u.id offset 0) r on true;
  if known.found <> asked then
    perform ledger.refuse('BO404', 'entry-unknown');
  elsif known.reversed > 0 then
    perform ledger.refuse('BO409', 'already-reversed');
  end if;
  for x in select e.period_id, min(e.entry_date) as d from ledger.entry e
    where e.tenant_id = g.tenant and e.id = any (p_entry) group by 1 order by 1
  loop
    if ledger.in_review(g.tenant, x.period_id, x.d, g.may_review) then
      marked := marked || x.period_id;
    end if;
  end loop;
  for x in select e.journal, e.fiscal_year, count(*) as n from ledger.entry e
    where e.tenant_id = g.tenant and e.id = any (p_entry) group by 1, 2 order by 1, 2
  loop
    journals := journals || x.journal;
    years := years || x.fiscal_year;
    starts_at := starts_at || ledger.take_numbers(g.tenant, x.journal, x.fiscal_year, x.n) - x.n;
  end loop;
  with original as materialized (
    select e.*, uuidv7() as new_id, e.period_id = any (marked) as now_in_review,
      s.start + row_number() over (partition by e.journal, e.fiscal_year
        order by e.entry_date, e.number) as nr
    from unnest(p_entry) u(id)
    cross join lateral (select e.* from ledger.entry e
      where e.tenant_id = g.tenant and e.id = u.id offset 0) e
    join unnest(journals, years, starts_at) s(journal, year, start)
      on s.journal = e.journal and s.year = e.fiscal_year
  ), turned as materialized (
    select o.id, p.* from original o cross join lateral (
      select array_agg(p.account_id order by p.no) as account,
        array_agg(p.currency order by p.no) as currency, array_agg(-p.amount order by p.no) as amount,
        array_agg(-p.base order by p.no) as base,
        array_agg(p.counterparty_id order by p.no) as counterparty,
        array_agg(p.tax_code order by p.no) as tax, array_agg(p.dim1_id order by p.no) as dim1,
        array_agg(p.dim2_id order by p.no) as dim2, array_agg(p.memo order by p.no) as memo
      from ledger.posting p where p.tenant_id = g.tenant and p.entry_id = o.id) p
  ), head as materialized (
    select o.*, ledger.request_sha(o.journal, o.entry_date, o.description, 'reversal', o.source_type,
      o.source_id, o.id, t.account, t.currency, t.amount, t.base, t.counterparty, t.tax, t.dim1,
      t.dim2, t.memo) as sha
    from original o join turned t on t.id = o.id
  ), new_entry as (
    insert into ledger.entry (tenant_id, id, entry_date, period_id, fiscal_year, journal, number,
      posting_count, description, kind, in_review, source_type, source_id, reverses_id, idem_key,
      request_sha, leaf, made_by)
    select g.tenant, h.new_id, h.entry_date, h.period_id, h.fiscal_year, h.journal, h.nr,
      h.posting_count, h.description, 'reversal', h.now_in_review, h.source_type, h.source_id, h.id,
      p_key || ':' || h.id, h.sha,
      ledger.leaf(g.tenant, h.new_id, h.fiscal_year, h.nr, h.now_in_review, null, g.who, h.sha), g.who
    from head h order by h.nr
  )
  insert into ledger.posting (tenant_id, entry_id, no, account_id, period_id, entry_date, currency,
    amount, base, counterparty_id, tax_code, dim1_id, dim2_id, memo)
  select g.tenant, h.new_id, p.no, p.account_id, h.period_id, h.entry_date, p.currency, -p.amount,
    -p.base, p.counterparty_id, p.tax_code, p.dim1_id, p.dim2_id, p.memo
  from head h cross join lateral (select p.* from ledger.posting p
    where p.tenant_id = g.tenant and p.entry_id = h.id offset 0) p;
  for x in
    select r.reverses_id, r.id from unnest(p_entry) u(id)
    cross join lateral (select r.id, r.reverses_id from ledger.entry r
      where r.tenant_id = g.tenant and r.reverses_id = u.id offset 0) r
    where exists (select from ledger.open_item i where i.tenant_id = g.tenant and i.entry_id = u.id)
  loop
    perform ledger.settle_reversal(g.tenant, g.who, x.reverses_id, x.id);
  end loop;
  perform ledger.let_lines_go(g.tenant, p_entry);          -- tied while this waited for the book
  return asked;
end $$;

reset role;
alter function ledger.reverse_many(uuid[], text) owner to ledger_writer;
revoke execute on function ledger.reverse_many(uuid[], text) from public;
grant execute on function ledger.reverse_many(uuid[], text) to app_rw, app_worker;
