-- The door that says entries anew: each is reversed on its own day and posted again with other
-- postings, both or neither. What cannot be is answered with a reason and left alone.
set role app_owner;

-- Why an entry cannot be said anew, or null.
create function ledger.recode_refusal(t uuid, e ledger.entry, may_review boolean) returns text
language plpgsql as $$
declare
  state text := (select p.state from ledger.period p where p.tenant_id = t and p.id = e.period_id);
begin
  return case
    when e.id is null then 'entry-unknown'
    when e.kind = 'reversal' then 'recode-reversal'
    when exists (select from ledger.entry r where r.tenant_id = t and r.reverses_id = e.id)
      then 'already-reversed'
    when e.approved_ref is not null then 'recode-approved'
    when state = 'closed' then 'period-closed'
    when state = 'in_review' and not coalesce(may_review, guard.may('accounting.post_in_review'))
      then 'period-in-review'
    when exists (select from ledger.allocation a
        where a.tenant_id = t and e.id in (a.debit_entry_id, a.credit_entry_id)
          and a.releases_id is null and not exists (select from ledger.allocation r
            where r.tenant_id = t and r.releases_id = a.id)) then 'recode-settled' end;
end $$;

-- What an entry carries already it may keep, and what it carried before it was re-coded may come
-- back; nothing archived is newly put on it.
create function ledger.check_newly_carried(t uuid, e ledger.entry, p_tax text[], p_dim1 uuid[],
  p_dim2 uuid[]) returns void
language plpgsql as $$
declare
  was uuid := substring(e.idem_key from '^recode/[^/]+/([0-9a-f-]{36})/new$')::uuid;
  had record;
begin
  if p_tax is null and p_dim1 is null and p_dim2 is null then
    return;
  end if;
  select array_agg(p.tax_code) as tax, array_agg(p.dim1_id) || array_agg(p.dim2_id) as dims into had
    from ledger.posting p where p.tenant_id = t and p.entry_id in (e.id, was);
  perform ledger.check_living(t,
    array(select x from unnest(p_tax) x except select unnest(had.tax)),
    array(select x from unnest(p_dim1) x except select unnest(had.dims)),
    array(select x from unnest(p_dim2) x except select unnest(had.dims)));
end $$;

-- p_of says which entry (from 1) each posting belongs to. The entries' locks are taken with the
-- book's, so nobody reverses one of them between the look and the deed.
create function ledger.recode(
  p_batch uuid, p_entry uuid[], p_of integer[], p_account uuid[], p_currency text[],
  p_amount bigint[], p_base bigint[], p_counterparty uuid[] default null, p_tax text[] default null,
  p_dim1 uuid[] default null, p_dim2 uuid[] default null, p_memo text[] default null)
returns table (o bigint, entry_id uuid, refusal text, reversal_id uuid, new_entry_id uuid)
language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
  g record := ledger.open_door('accounting.post');
  h record;
  e ledger.entry;
  x record;
  done record;
begin
  if coalesce(cardinality(p_entry), 0) not between 1 and 2000 then
    perform ledger.refuse('BO422', 'arrays-differ');
  end if;
  perform 1 from ledger.book b where b.tenant_id = g.tenant for no key update;
  for h in
    select u.entry, u.o, p.account, p.currency, p.amount, p.base, p.counterparty, p.tax, p.dim1, p.dim2,
      p.memo
    from unnest(p_entry) with ordinality u(entry, o)
    left join (select v.of, array_agg(v.account order by v.i) as account,
        array_agg(v.currency order by v.i) as currency, array_agg(v.amount order by v.i) as amount,
        array_agg(v.base order by v.i) as base, array_agg(v.counterparty order by v.i) as counterparty,
        array_agg(v.tax order by v.i) as tax, array_agg(v.dim1 order by v.i) as dim1,
        array_agg(v.dim2 order by v.i) as dim2, array_agg(v.memo order by v.i) as memo
      from unnest(p_of, p_account, p_currency, p_amount, p_base, p_counterparty, p_tax, p_dim1, p_dim2,
        p_memo) with ordinality
        v(of, account, currency, amount, base, counterparty, tax, dim1, dim2, memo, i)
      group by v.of) p on p.of = u.o
    order by u.o
  loop
    select * into e from ledger.entry z where z.tenant_id = g.tenant and z.id = h.entry;
    o := h.o;
    entry_id := h.entry;
    reversal_id := null;
    new_entry_id := null;
    refusal := ledger.recode_refusal(g.tenant, e, g.may_review);
    if refusal is null then
      perform ledger.check_newly_carried(g.tenant, e, h.tax, h.dim1, h.dim2);
      select array_agg(p.account_id order by p.no) as account,
        array_agg(p.currency order by p.no) as currency, array_agg(-p.amount order by p.no) as amount,
        array_agg(-p.base order by p.no) as base, array_agg(p.counterparty_id order by p.no) as counterparty,
        array_agg(p.tax_code order by p.no) as tax, array_agg(p.dim1_id order by p.no) as dim1,
        array_agg(p.dim2_id order by p.no) as dim2, array_agg(p.memo order by p.no) as memo
        into x from ledger.posting p where p.tenant_id = g.tenant and p.entry_id = e.id;
      done := ledger.write_entry(g.tenant, g.who, g.may_review, e.journal, e.entry_date, e.description,
        'recode/' || p_batch || '/' || e.id || '/back', x.account, x.currency, x.amount, x.base,
        x.counterparty, x.tax, x.dim1, x.dim2, x.memo, 'reversal', e.source_type, e.source_id, null, e.id);
      reversal_id := done.entry_id;
      perform ledger.settle_reversal(g.tenant, g.who, e.id, reversal_id);
      done := ledger.write_entry(g.tenant, g.who, g.may_review, e.journal, e.entry_date, e.description,
        'recode/' || p_batch || '/' || e.id || '/new', h.account, h.currency, h.amount, h.base,
        h.counterparty, h.tax, h.dim1, h.dim2, h.memo, e.kind, e.source_type, e.source_id, null, null);
      new_entry_id := done.entry_id;
      -- what stays on a control account keeps its day and name
      update ledger.open_item n set due_on = i.due_on, reference = i.reference
        from ledger.open_item i
        where n.tenant_id = g.tenant and n.entry_id = done.entry_id and i.tenant_id = g.tenant
          and i.entry_id = e.id and i.account_id = n.account_id and i.amount = n.amount
          and i.counterparty_id = n.counterparty_id;
    end if;
    return next;
  end loop;
end $$;
reset role;
alter function ledger.recode(uuid, uuid[], integer[], uuid[], text[], bigint[], bigint[], uuid[], text[],
  uuid[], uuid[], text[]) owner to ledger_writer;
revoke all on function ledger.recode(uuid, uuid[], integer[], uuid[], text[], bigint[], bigint[], uuid[],
  text[], uuid[], uuid[], text[]), ledger.recode_refusal(uuid, ledger.entry, boolean),
  ledger.check_newly_carried(uuid, ledger.entry, text[], uuid[], uuid[]) from public;
grant execute on function ledger.check_newly_carried(uuid, ledger.entry, text[], uuid[], uuid[])
  to ledger_writer;
grant execute on function ledger.recode_refusal(uuid, ledger.entry, boolean) to ledger_writer;
grant execute on function ledger.recode(uuid, uuid[], integer[], uuid[], text[], bigint[], bigint[], uuid[],
  text[], uuid[], uuid[], text[]) to app_rw, app_worker;
