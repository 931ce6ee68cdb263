-- Fiscal years and periods: made as dates need them, closed and reopened by those who may.
set role app_owner;

-- Makes every fiscal year that touches the span, with its twelve months; answers how many
-- periods are new.
create function ledger.ensure_periods(p_first date, p_last date) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  g record := ledger.open_door('accounting.post');
  first_month smallint;
  made integer;
begin
  if p_first is null or p_last is null or p_first > p_last
      or p_first < '1900-01-01' or p_last > '2200-12-31' then
    perform ledger.refuse('BO422', 'date-out-of-range',
      '{"first": "1900-01-01", "last": "2200-12-31"}');
  end if;
  select b.fiscal_start_month into first_month from ledger.book b
    where b.tenant_id = g.tenant for no key update;
  if not found then
    perform ledger.refuse('BO409', 'no-books');
  end if;
  insert into ledger.fiscal_year (tenant_id, year, starts, ends)
  select g.tenant, y, s, (s + interval '1 year - 1 day')::date
  from generate_series(ledger.period_of(p_first, first_month) / 100,
                       ledger.period_of(p_last, first_month) / 100) y,
    lateral (select make_date(y - (first_month > 1)::int, first_month, 1) s) x
  on conflict do nothing;
  insert into ledger.period (tenant_id, id, fiscal_year, starts, ends)
  select g.tenant, f.year * 100 + m, f.year, s, (s + interval '1 month - 1 day')::date
  from ledger.fiscal_year f, generate_series(1, 12) m,
    lateral (select (f.starts + make_interval(months => m - 1))::date s) x
  where f.tenant_id = g.tenant and f.ends >= p_first and f.starts <= p_last
  on conflict do nothing;
  get diagnostics made = row_count;
  return made;
end $$;

-- What is approved with a month: its entries as they stand, and that it was handed in as it was.
create function ledger.period_sha(p_period integer) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(convert_to(jsonb_build_array('month/1', p_period,
    (select string_agg(encode(e.leaf, 'hex'), '' order by e.id) from ledger.entry e
      where e.tenant_id = (select guard.tenant_id()) and e.period_id = p_period),
    (select max(c.id::text) from ledger.period_change c
      where c.tenant_id = (select guard.tenant_id()) and c.period_id = p_period))::text,
    'UTF8')), 'hex')
$$;
grant execute on function ledger.period_sha(integer) to app_rw, app_worker, ledger_writer;

-- Moves a period between open, in review and closed. Whoever posts hands a month in and takes it
-- back; closing and sending back want accounting.close, taking a closed period up again
-- accounting.reopen and a reason. A month is closed out of review only, and by another person than
-- handed it in; a system user's job does what its code says.
create function ledger.set_period(p_period integer, p_state text, p_reason text default '')
returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  g record;
  old_state text;
  handed_in_by uuid;
  may_close boolean;
begin
  if p_state is null or p_state not in ('open', 'in_review', 'closed') then
    perform ledger.refuse('BO422', 'period-state', jsonb_build_object('state', p_state));
  end if;
  may_close := guard.may('accounting.close');
  g := ledger.open_door(
    case when p_state = 'closed' or may_close then 'accounting.close' else 'accounting.post' end);
  perform 1 from ledger.book b where b.tenant_id = g.tenant for no key update;
  select p.state into old_state from ledger.period p
    where p.tenant_id = g.tenant and p.id = p_period for no key update;
  if not found then
    perform ledger.refuse('BO404', 'period-unknown');
  elsif old_state = p_state then
    return old_state;
  end if;
  if g.may_review is not true then                 -- a person
    select c.made_by into handed_in_by from ledger.period_change c
      where c.tenant_id = g.tenant and c.period_id = p_period and c.to_state = 'in_review'
      order by c.id desc limit 1;
    if old_state = 'closed' then
      if not guard.may('accounting.reopen') then
        raise exception 'refused: accounting.reopen' using errcode = '42501';
      elsif coalesce(trim(p_reason), '') = '' then
        perform ledger.refuse('BO422', 'reason-needed');
      end if;
    elsif p_state = 'closed' and old_state <> 'in_review' then
      perform ledger.refuse('BO409', 'not-in-review');
    elsif p_state = 'closed' and handed_in_by = g.who then
      perform ledger.refuse('BO409', 'own-review');
    elsif p_state = 'open' and not may_close and handed_in_by <> g.who then
      raise exception 'refused: accounting.close' using errcode = '42501';
    end if;
    if p_state = 'closed' and app.approval_needed('period.close', null, null) and not
        app.take_approval(null, 'period.close', ledger.period_sha(p_period), null, null) then
      perform ledger.refuse('BO409', 'approval-needed');
    end if;
  end if;
  update ledger.period p set state = p_state where p.tenant_id = g.tenant and p.id = p_period;
  insert into ledger.period_change (tenant_id, period_id, from_state, to_state, reason, made_by)
    values (g.tenant, p_period, old_state, p_state, coalesce(p_reason, ''), g.who);
  return old_state;
end $$;

reset role;
