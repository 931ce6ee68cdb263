-- The doors of open items: settle, take back, name a due day.
set role app_owner;

-- The day a settlement counts from: the given one while its month is open, else the first open day
-- after it, so that lists of closed months stay what they were.
create function ledger.settle_day(t uuid, d date) returns date
language sql stable return coalesce(
  (select greatest(p.starts, d) from ledger.period p
    where p.tenant_id = t and p.ends >= d and p.state = 'open' order by p.starts limit 1), d);

-- Refuses a day in a month that is closed, or in review for who may not post there.
create function ledger.check_day(t uuid, d date, may_review boolean) returns void
language plpgsql as $$
begin
  perform ledger.in_review(t, ledger.period_of(d, b.fiscal_start_month), d, may_review)
    from ledger.book b where b.tenant_id = t;
end $$;

-- What a part of an item is worth in base: the rest with the last of it, else in proportion.
create function ledger.base_part(i ledger.open_item, part bigint) returns bigint
language sql immutable return case
  when part = abs(i.residual) then abs(i.residual_base)
  else round(abs(i.residual_base)::numeric * part / abs(i.residual))::bigint end;

-- The two items of a pair, or why they cannot settle each other; o is the pair's number, from 1.
create function ledger.check_pair(d ledger.open_item, c ledger.open_item, part bigint, o bigint)
returns void language plpgsql as $$
declare
  why text;
begin
  why := case
    when d.entry_id is null or c.entry_id is null then 'item-unknown'
    when ledger.side(d.amount, d.base) <> 1 or ledger.side(c.amount, c.base) <> -1 then 'items-one-side'
    when d.account_id <> c.account_id then 'items-account-differs'
    when d.currency <> c.currency then 'items-currency-differs'
    when ledger.who_is(d.tenant_id, d.counterparty_id) <> ledger.who_is(c.tenant_id, c.counterparty_id)
      then 'items-contact-differs'
    when part is null or part < 0 or part = 0 and (d.residual <> 0 or c.residual <> 0)
      then 'allocation-amount'
    when part > d.residual or part > -c.residual then 'item-exceeded'
    when part = 0 and (d.residual_base = 0 or c.residual_base = 0) then 'item-exceeded'
    when d.residual_base < 0 or c.residual_base > 0 then 'item-base-sign' end;
  if why is not null then
    perform ledger.refuse(case when why = 'item-exceeded' then 'BO409' else 'BO422' end, why,
      jsonb_build_object('no', o, 'currency', d.currency,
        'debit_residual_minor', d.residual, 'credit_residual_minor', -c.residual));
  end if;
end $$;

-- Books what two sides of settled items differ by in base, on the control account (one posting a
-- gap) against the account named, and settles the gaps with it. gaps: [{entry, no, gap}], gap
-- positive where a debit item gave up more. Answers the entry.
create function ledger.book_difference(t uuid, who uuid, may_review boolean, p_id uuid, p_on date,
  p_account uuid, p_description text, gaps jsonb) returns uuid
language plpgsql as $$
declare
  total bigint := (select sum((g->>'gap')::bigint) from jsonb_array_elements(gaps) g);
  base_code text := (select b.base_currency from ledger.book b where b.tenant_id = t);
  x record;
  done record;
begin
  if p_account is null then
    perform ledger.refuse('BO422', 'difference-account-needed',
      jsonb_build_object('difference_minor', total, 'currency', base_code));
  elsif (select a.control is not null from ledger.account a where a.tenant_id = t and a.id = p_account)
  then
    perform ledger.refuse('BO422', 'difference-account-control');
  end if;
  select array_agg(i.account_id order by g.o) as account, array_agg(i.currency order by g.o) as currency,
      array_agg(0::bigint order by g.o) as amount, array_agg(-(g.v->>'gap')::bigint order by g.o) as base,
      array_agg(i.counterparty_id order by g.o) as counterparty,
      array_agg(i.reference order by g.o) as memo
    into x
    from jsonb_array_elements(gaps) with ordinality g(v, o)
    join ledger.open_item i on i.tenant_id = t and i.entry_id = (g.v->>'entry')::uuid
      and i.no = (g.v->>'no')::smallint;
  if total <> 0 then
    x.account := x.account || p_account;
    x.currency := x.currency || base_code;
    x.amount := x.amount || total;
    x.base := x.base || total;
    x.counterparty := x.counterparty || null::uuid;
    x.memo := x.memo || null::text;
  end if;
  perform set_config('ledger.door', 'allocation', true);             -- no approval asked, ledger/15
  done := ledger.write_entry(t, who, may_review, 'GEN', p_on, p_description, 'allocation/' || p_id,
    x.account, x.currency, x.amount, x.base, x.counterparty, null, null, null, x.memo, 'normal',
    'allocation', p_id, null, null);
  perform set_config('ledger.door', '', true);
  return done.entry_id;
end $$;

-- Settles open items with each other, all pairs or none: a debit item, a credit item and how much
-- of the currency both share. p_on null: the first day possible in an open month. What the sides
-- differ by in base is booked against p_difference. The same p_id again answers the same act.
create function ledger.allocate(
  p_debit_entry uuid[], p_debit_no integer[], p_credit_entry uuid[], p_credit_no integer[],
  p_amount bigint[], p_on date default null, p_difference uuid default null,
  p_description text default 'Exchange difference', p_id uuid default null)
returns uuid language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  g record := ledger.open_door('accounting.post');
  act uuid := coalesce(p_id, uuidv7());
  n integer := coalesce(cardinality(p_amount), 0);
  earliest date;
  day date;
  x record;
  d ledger.open_item;
  c ledger.open_item;
  base_d bigint;
  base_c bigint;
  gaps jsonb := '[]';
  pairs jsonb := '[]';
  entry uuid;
begin
  if n not between 1 and 500 or (cardinality(p_debit_entry), cardinality(p_debit_no),
      cardinality(p_credit_entry), cardinality(p_credit_no)) is distinct from (n, n, n, n) then
    perform ledger.refuse('BO422', 'allocation-pairs', '{"most": 500}');
  end if;
  perform 1 from ledger.book b where b.tenant_id = g.tenant for no key update;
  if exists (select from ledger.allocation a where a.tenant_id = g.tenant and a.id = act) then
    return act;
  end if;
  select greatest(max(i.booked_on), max(i.released_on)) into earliest
    from unnest(p_debit_entry || p_credit_entry, p_debit_no || p_credit_no) u(entry, no)
    join ledger.open_item i on i.tenant_id = g.tenant and i.entry_id = u.entry and i.no = u.no;
  day := coalesce(p_on, ledger.settle_day(g.tenant, earliest));
  if day < earliest then
    perform ledger.refuse('BO422', 'allocation-too-early', jsonb_build_object('first', earliest));
  end if;
  perform ledger.check_day(g.tenant, day, g.may_review);
  for x in
    select * from unnest(p_debit_entry, p_debit_no, p_credit_entry, p_credit_no, p_amount)
      with ordinality u(debit_entry, debit_no, credit_entry, credit_no, part, o)
  loop
    select * into d from ledger.open_item i
      where i.tenant_id = g.tenant and i.entry_id = x.debit_entry and i.no = x.debit_no;
    select * into c from ledger.open_item i
      where i.tenant_id = g.tenant and i.entry_id = x.credit_entry and i.no = x.credit_no;
    perform ledger.check_pair(d, c, x.part, x.o);
    base_d := case when x.part = 0 then least(d.residual_base, -c.residual_base)
      else ledger.base_part(d, x.part) end;
    base_c := case when x.part = 0 then base_d else ledger.base_part(c, x.part) end;
    -- the sides' own base amounts become rows once the difference has an entry
    if base_d > base_c then
      gaps := gaps || jsonb_build_object('entry', d.entry_id, 'no', d.no, 'gap', base_d - base_c);
    elsif base_c > base_d then
      gaps := gaps || jsonb_build_object('entry', c.entry_id, 'no', c.no, 'gap', base_d - base_c);
    end if;
    insert into ledger.allocation (tenant_id, id, no, debit_entry_id, debit_no, credit_entry_id,
        credit_no, allocated_on, currency, amount, base, made_by)
      values (g.tenant, act, x.o, d.entry_id, d.no, c.entry_id, c.no, day, d.currency, x.part,
        least(base_d, base_c), g.who);
  end loop;
  if gaps <> '[]' then
    entry := ledger.book_difference(g.tenant, g.who, g.may_review, act, day, p_difference,
      p_description, gaps);
    insert into ledger.allocation (tenant_id, id, no, debit_entry_id, debit_no, credit_entry_id,
        credit_no, allocated_on, currency, amount, base, difference_entry_id, made_by)
      select g.tenant, act, n + z.o,
        case when z.gap > 0 then z.item else entry end, case when z.gap > 0 then z.no else z.o end,
        case when z.gap > 0 then entry else z.item end, case when z.gap > 0 then z.o else z.no end,
        day, i.currency, 0, abs(z.gap), entry, g.who
      from (select (v->>'entry')::uuid as item, (v->>'no')::smallint as no, (v->>'gap')::bigint as gap, o
            from jsonb_array_elements(gaps) with ordinality w(v, o)) z
      join ledger.open_item i on i.tenant_id = g.tenant and i.entry_id = z.item and i.no = z.no;
  end if;
  return act;
end $$;

-- Takes acts back with rows of the opposite sign, and their exchange differences with reversals.
-- Runs as the door that calls it.
create function ledger.release_acts(t uuid, who uuid, acts uuid[], p_on date) returns void
language plpgsql as $$
declare
  x record;
begin
  perform app.void_usage(array(
    select distinct 'allocation/' || a.id from ledger.allocation a
    where a.tenant_id = t and a.id = any (acts) and a.releases_id is null), 'undone');
  for x in
    select a.id, greatest(p_on, max(a.allocated_on)) as day, uuidv7() as released_by,
      (array_agg(a.difference_entry_id) filter (where a.difference_entry_id is not null))[1] as entry
    from ledger.allocation a where a.tenant_id = t and a.id = any (acts) and a.releases_id is null
    group by a.id order by a.id
  loop
    insert into ledger.allocation (tenant_id, id, no, debit_entry_id, debit_no, credit_entry_id,
        credit_no, allocated_on, currency, amount, base, releases_id, made_by)
      select a.tenant_id, x.released_by, a.no, a.debit_entry_id, a.debit_no, a.credit_entry_id,
        a.credit_no, ledger.settle_day(t, x.day), a.currency, -a.amount, -a.base, a.id, who
      from ledger.allocation a where a.tenant_id = t and a.id = x.id;
    if x.entry is not null and not exists (select from ledger.entry e
        where e.tenant_id = t and e.reverses_id = x.entry) then
      perform ledger.reverse(x.entry, 'release/' || x.id, null, null);
    end if;
  end loop;
end $$;

-- Takes one act back: what it settled is open again. Once only; again is well.
create function ledger.release(p_allocation uuid, p_on date default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  g record := ledger.open_door('accounting.post');
  made_on date;
begin
  perform 1 from ledger.book b where b.tenant_id = g.tenant for no key update;
  select max(a.allocated_on) into made_on from ledger.allocation a
    where a.tenant_id = g.tenant and a.id = p_allocation and a.releases_id is null;
  if made_on is null then
    perform ledger.refuse('BO404', 'allocation-unknown');
  elsif exists (select from ledger.allocation a
      where a.tenant_id = g.tenant and a.releases_id = p_allocation) then
    return;
  end if;
  if exists (select from ledger.allocation a join ledger.entry e on e.tenant_id = a.tenant_id
        and e.id = a.debit_entry_id and e.reverses_id = a.credit_entry_id
      where a.tenant_id = g.tenant and a.id = p_allocation)
    or exists (select from ledger.allocation a join ledger.entry e on e.tenant_id = a.tenant_id
        and e.id = a.credit_entry_id and e.reverses_id = a.debit_entry_id
      where a.tenant_id = g.tenant and a.id = p_allocation) then
    perform ledger.refuse('BO422', 'allocation-of-reversal');
  end if;
  perform ledger.check_day(g.tenant,
    ledger.settle_day(g.tenant, greatest(p_on, made_on)), g.may_review);
  perform ledger.release_acts(g.tenant, g.who, array[p_allocation], p_on);
end $$;

-- An entry was reversed: what its items settled is open again, and they and the reversal's items
-- settle each other. Called by ledger.reverse() in its transaction.
create function ledger.settle_reversal(t uuid, who uuid, p_entry uuid, p_reversal uuid) returns void
language plpgsql as $$
begin
  if not exists (select from ledger.open_item i where i.tenant_id = t and i.entry_id = p_entry) then
    return;
  end if;
  perform ledger.release_acts(t, who, array(
    select a.id from ledger.allocation a
    where a.tenant_id = t and p_entry in (a.debit_entry_id, a.credit_entry_id)
      and a.releases_id is null and not exists (select from ledger.allocation r
        where r.tenant_id = t and r.releases_id = a.id)), null);
  insert into ledger.allocation (tenant_id, id, no, debit_entry_id, debit_no, credit_entry_id,
      credit_no, allocated_on, currency, amount, base, made_by)
    select t, p_reversal, i.no,
      case when s.debit then i.entry_id else r.entry_id end, i.no,
      case when s.debit then r.entry_id else i.entry_id end, i.no,
      ledger.settle_day(t, greatest(i.booked_on, r.booked_on, i.released_on)), i.currency,
      abs(i.amount), case when s.debit then i.base else r.base end, who
    from ledger.open_item i
    join ledger.open_item r on r.tenant_id = t and r.entry_id = p_reversal and r.no = i.no
    cross join lateral (select ledger.side(i.amount, i.base) = 1 as debit) s
    where i.tenant_id = t and i.entry_id = p_entry;
end $$;

-- Says when an item falls due and what it is known by; null leaves it as it is.
create function ledger.describe_item(p_entry uuid, p_no integer, p_due_on date default null,
  p_reference text default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  g record := ledger.open_door('accounting.post');
  was record;
begin
  if p_due_on not between '1900-01-01' and '2200-12-31' then
    perform ledger.refuse('BO422', 'date-out-of-range',
      '{"first": "1900-01-01", "last": "2200-12-31"}');
  elsif length(p_reference) > 500 then
    perform ledger.refuse('BO422', 'memo-length', '{"most": 500}');
  end if;
  select i.due_on, i.reference,
      (p_due_on <> i.due_on or p_reference <> i.reference) is true as changes into was
    from ledger.open_item i
    where i.tenant_id = g.tenant and i.entry_id = p_entry and i.no = p_no for no key update;
  if not found then
    perform ledger.refuse('BO404', 'item-unknown', '{"no": 1}');
  elsif not was.changes then
    return;
  end if;
  update ledger.open_item i set due_on = coalesce(p_due_on, i.due_on),
      reference = coalesce(p_reference, i.reference)
    where i.tenant_id = g.tenant and i.entry_id = p_entry and i.no = p_no;
  -- what is said with the entry itself belongs to it; what is said later has a maker of its own
  if exists (select from ledger.entry e where e.tenant_id = g.tenant and e.id = p_entry
      and e.created_xid <> pg_current_xact_id()) then
    perform app.audit_note('open_item.described', 'open_item', p_entry, 'accounting',
      jsonb_build_object('no', p_no, 'due_on', p_due_on, 'reference', p_reference,
        'due_on_before', was.due_on, 'reference_before', was.reference),
      nullif(current_setting('app.request_id', true), ''));
  end if;
end $$;
reset role;
