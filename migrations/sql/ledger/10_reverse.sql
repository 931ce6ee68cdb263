-- The door that takes an entry back: the same postings with the other sign, in a new entry.
set role app_owner;

-- The day a reversal gets when none is asked: the entry's own while that period is open, else the
-- first day of the first open period after it.
create function ledger.reversal_day(t uuid, d date) returns date
language plpgsql as $$
declare
  found_day date;
begin
  select greatest(p.starts, d) into found_day from ledger.period p
    where p.tenant_id = t and p.ends >= d and p.state = 'open' order by p.starts limit 1;
  if found_day is null then
    perform ledger.refuse('BO423', 'no-open-period', jsonb_build_object('date', d));
  end if;
  return found_day;
end $$;

create function ledger.reverse(
  p_entry uuid, p_key text, p_date date default null, p_description text default null,
  out entry_id uuid, out number bigint, out fiscal_year integer, out replayed boolean,
  out journal text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$   -- as ledger.post
declare
  g record := ledger.open_door('accounting.post');
  original ledger.entry;
  done record;
  earlier record;
  x record;
begin
  perform ledger.let_lines_go(g.tenant, array[p_entry]);                     -- reconcile/03
  perform 1 from ledger.book b where b.tenant_id = g.tenant for no key update;
  select * into original from ledger.entry e where e.tenant_id = g.tenant and e.id = p_entry;
  if not found then
    perform ledger.refuse('BO404', 'entry-unknown');
  end if;
  journal := original.journal;
  select e.id, e.number, e.fiscal_year, e.entry_date, e.idem_key into earlier from ledger.entry e
    where e.tenant_id = g.tenant and e.reverses_id = p_entry;
  if found then
    if earlier.idem_key <> p_key or earlier.entry_date <> coalesce(p_date, earlier.entry_date) then
      perform ledger.refuse('BO409', 'already-reversed');
    end if;
    entry_id := earlier.id; number := earlier.number; fiscal_year := earlier.fiscal_year;
    replayed := true;
    return;
  end if;
  select array_agg(p.account_id order by p.no) as account, array_agg(p.currency order by p.no) as currency,
    array_agg(-p.amount order by p.no) as amount, array_agg(-p.base order by p.no) as base,
    array_agg(p.counterparty_id order by p.no) as counterparty, array_agg(p.tax_code order by p.no) as tax,
    array_agg(p.dim1_id order by p.no) as dim1, array_agg(p.dim2_id order by p.no) as dim2,
    array_agg(p.memo order by p.no) as memo
    into x from ledger.posting p where p.tenant_id = g.tenant and p.entry_id = p_entry;
  done := ledger.write_entry(g.tenant, g.who, g.may_review, original.journal,
    coalesce(p_date, ledger.reversal_day(g.tenant, original.entry_date)),
    coalesce(p_description, original.description), p_key, x.account, x.currency, x.amount, x.base,
    x.counterparty, x.tax, x.dim1, x.dim2, x.memo, 'reversal', original.source_type,
    original.source_id, null, p_entry);
  perform ledger.settle_reversal(g.tenant, g.who, p_entry, done.entry_id);   -- open_items/03
  perform ledger.let_lines_go(g.tenant, array[p_entry]);   -- tied while this waited for the book
  entry_id := done.entry_id; number := done.number; fiscal_year := done.fiscal_year;
  replayed := done.replayed;
end $$;

reset role;
