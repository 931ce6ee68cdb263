-- The door for one entry.
--
-- Two hashes stand in every entry. Both are SHA-256 over UTF-8 text that PostgreSQL's jsonb
-- prints, which is what Python's json.dumps(value, ensure_ascii=False) prints for the same array:
--   request_sha  what was asked: ["request/1", journal, date, description, kind, source_type,
--                source_id, reverses_id, accounts, currencies, amounts, bases, counterparties,
--                tax codes, first dimensions, second dimensions, memos], each of the last nine a
--                list with one value a posting, or null where no posting has one. An approval of
--                a draft covers this hash; the same key with another hash is refused.
--   leaf         what was written: ["entry/1", tenant, id, fiscal year, number, in_review,
--                approved_ref, made_by, request_sha in hex]. Sealing takes these leaves.
set role app_owner;

-- A list, or null where it holds nothing but nulls: so both ways to leave it out hash alike.
create function ledger.some(list anyarray) returns anyarray
language sql immutable parallel safe as $$
  select case when cardinality(array_remove(list, null)) > 0 then list end $$;

create function ledger.request_sha(
  p_journal text, p_date date, p_description text, p_kind text, p_source_type text, p_source_id uuid,
  p_reverses uuid, p_account uuid[], p_currency text[], p_amount bigint[], p_base bigint[],
  p_counterparty uuid[], p_tax text[], p_dim1 uuid[], p_dim2 uuid[], p_memo text[]
) returns bytea language sql stable parallel safe return
  sha256(convert_to(jsonb_build_array('request/1', p_journal, p_date, p_description, p_kind,
    p_source_type, p_source_id, p_reverses, p_account, p_currency, p_amount, p_base,
    ledger.some(p_counterparty), ledger.some(p_tax), ledger.some(p_dim1), ledger.some(p_dim2),
    ledger.some(p_memo))::text, 'UTF8'));

create function ledger.leaf(
  p_tenant uuid, p_id uuid, p_fiscal_year integer, p_number bigint, p_in_review boolean,
  p_approved uuid, p_made_by uuid, p_request_sha bytea
) returns bytea language sql stable parallel safe return
  sha256(convert_to(jsonb_build_array('entry/1', p_tenant, p_id, p_fiscal_year, p_number,
    p_in_review, p_approved, p_made_by, encode(p_request_sha, 'hex'))::text, 'UTF8'));

-- The period a date falls in: a fiscal year is named after the year it ends in.
create function ledger.period_of(d date, fiscal_start smallint) returns integer
language sql immutable parallel safe return
  (extract(year from d)::int
    + case when fiscal_start > 1 and extract(month from d)::int >= fiscal_start then 1 else 0 end) * 100
  + (extract(month from d)::int - fiscal_start + 12) % 12 + 1;

-- Mode j, which only the worker's login role can prove; a role of that name would not be enough.
create function ledger.is_job(role text) returns boolean language sql stable return
  role = 'job' and session_user = 'app_worker';

-- Opens the door: verifies the context, wants a permission, names the client for the policies of
-- the door roles, forgets what another door said of its entries (15) and, for writing, locks the
-- client's book. A system user's job has no role and
-- does what its code says.
create function ledger.open_door(permission text, out tenant uuid, out who uuid, out may_review boolean)
language plpgsql as $$
declare
  g record;
begin
  g := guard.enter('accounting', permission);
  if not g.can_write or not (g.holds or ledger.is_job(g.role)) then
    raise exception 'refused: %', permission using errcode = '42501';
  end if;
  perform set_config('ledger.tenant', g.tenant::text, true), set_config('ledger.door', '', true);
  tenant := g.tenant;
  who := g.who;
  may_review := ledger.is_job(g.role) or null;     -- null: asked only when a period is in review
end $$;

create function ledger.refuse(kind text, code text, detail jsonb default '{}') returns void
language plpgsql as $$
begin
  raise exception '%', code using errcode = kind, detail = detail::text;
end $$;

-- The state of the period of a date, or a refusal; true where the entry must be marked.
create function ledger.in_review(t uuid, period integer, d date, may_review boolean) returns boolean
language plpgsql as $$
declare
  now_state text;
begin
  select p.state into now_state from ledger.period p where p.tenant_id = t and p.id = period;
  if now_state = 'open' then
    return false;
  elsif now_state is null then
    perform ledger.refuse('BO422', 'no-period', jsonb_build_object('date', d));
  elsif now_state = 'closed' then
    perform ledger.refuse('BO423', 'period-closed', jsonb_build_object('date', d));
  elsif not coalesce(may_review, guard.may('accounting.post_in_review')) then
    perform ledger.refuse('BO423', 'period-in-review', jsonb_build_object('date', d));
  end if;
  return true;
end $$;

-- What can be said of the arguments before any row is read.
create function ledger.check_shape(p_date date, p_description text, p_key text,
  p_account uuid[], p_currency text[], p_amount bigint[], p_base bigint[]) returns void
language plpgsql as $$
declare
  n integer := coalesce(cardinality(p_account), 0);
begin
  if n > 2000 then
    perform ledger.refuse('BO422', 'too-many-postings', '{"most": 2000}');
  elsif n < 2 then
    perform ledger.refuse('BO422', 'too-few-postings');
  elsif (cardinality(p_currency), cardinality(p_amount), cardinality(p_base))
      is distinct from (n, n, n) or array_ndims(p_account) <> 1 then
    perform ledger.refuse('BO422', 'arrays-differ');
  elsif p_date is null or p_date not between '1900-01-01' and '2200-12-31' then
    perform ledger.refuse('BO422', 'date-out-of-range',
      '{"first": "1900-01-01", "last": "2200-12-31"}');
  elsif coalesce(length(p_description), 0) not between 1 and 500 then
    perform ledger.refuse('BO422', 'description-length', '{"most": 500}');
  elsif coalesce(length(p_key), 0) not between 1 and 200 then
    perform ledger.refuse('BO422', 'key-length', '{"most": 200}');
  end if;
end $$;

-- Postings in the base currency may leave their base amount out; others may not.
create function ledger.fill_base(base_code text, p_currency text[], p_amount bigint[], p_base bigint[])
returns bigint[] language plpgsql as $$
declare
  filled bigint[];
begin
  if array_position(p_base, null) is null then
    return p_base;
  end if;
  select array_agg(coalesce(b, case when c = base_code then a end) order by o) into filled
    from unnest(p_currency, p_amount, p_base) with ordinality u(c, a, b, o);
  if array_position(filled, null) is not null then
    perform ledger.refuse('BO422', 'base-missing',
      jsonb_build_object('no', array_position(filled, null), 'currency', base_code));
  end if;
  return filled;
end $$;

-- Writes one entry with its postings in one statement, after all doors' checks. Runs as the door
-- that calls it and is granted to nobody else.
create function ledger.write_entry(
  t uuid, who uuid, may_review boolean, p_journal text, p_date date, p_description text, p_key text,
  p_account uuid[], p_currency text[], p_amount bigint[], p_base bigint[], p_counterparty uuid[],
  p_tax text[], p_dim1 uuid[], p_dim2 uuid[], p_memo text[], p_kind text, p_source_type text,
  p_source_id uuid, p_approved uuid, p_reverses uuid,
  out entry_id uuid, out number bigint, out fiscal_year integer, out replayed boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  base_code text;
  first_month smallint;
  sha bytea;
  earlier record;
  period integer;
  marked boolean;
  bases bigint[];
  maker uuid := who;
  fy integer;
  nr bigint;
  new_id uuid := uuidv7();
begin
  perform ledger.check_shape(p_date, p_description, p_key, p_account, p_currency, p_amount, p_base);
  select b.base_currency, b.fiscal_start_month into base_code, first_month
    from ledger.book b where b.tenant_id = t for no key update;
  if not found then
    perform ledger.refuse('BO409', 'no-books');
  end if;
  bases := ledger.fill_base(base_code, p_currency, p_amount, p_base);
  sha := ledger.request_sha(p_journal, p_date, p_description, p_kind, p_source_type, p_source_id,
    p_reverses, p_account, p_currency, p_amount, bases, p_counterparty, p_tax, p_dim1, p_dim2, p_memo);
  select e.id, e.number, e.fiscal_year, e.request_sha into earlier
    from ledger.entry e where e.tenant_id = t and e.idem_key = p_key;
  if found then
    if earlier.request_sha <> sha then
      perform ledger.refuse('BO409', 'idempotency-key-reused');
    end if;
    entry_id := earlier.id; number := earlier.number; fiscal_year := earlier.fiscal_year;
    replayed := true;
    return;
  end if;
  if p_approved is not null then
    maker := ledger.approved_maker(t, p_approved, sha);
  end if;
  period := ledger.period_of(p_date, first_month);
  fy := period / 100;
  marked := ledger.in_review(t, period, p_date, may_review);
  nr := ledger.take_numbers(t, p_journal, fy, 1);
  with head as (
    insert into ledger.entry (tenant_id, id, entry_date, period_id, fiscal_year, journal, number,
      posting_count, description, kind, in_review, source_type, source_id, reverses_id, approved_ref,
      idem_key, request_sha, leaf, made_by)
    values (t, new_id, p_date, period, fy, p_journal, nr, cardinality(p_account), p_description,
      p_kind, marked, p_source_type, p_source_id, p_reverses, p_approved, p_key, sha,
      ledger.leaf(t, new_id, fy, nr, marked, p_approved, maker, sha), maker))
  insert into ledger.posting (tenant_id, entry_id, no, account_id, period_id, entry_date, currency,
    amount, base, counterparty_id, tax_code, dim1_id, dim2_id, memo)
  select t, new_id, u.o, u.account, period, p_date, u.currency, u.amount, u.base, u.counterparty,
    u.tax, u.dim1, u.dim2, u.memo
  from unnest(p_account, p_currency, p_amount, bases, p_counterparty, p_tax, p_dim1, p_dim2, p_memo)
    with ordinality u(account, currency, amount, base, counterparty, tax, dim1, dim2, memo, o);
  entry_id := new_id; number := nr; fiscal_year := fy; replayed := false;
end $$;

-- The next numbers of a journal and fiscal year; answers the last one given.
create function ledger.take_numbers(t uuid, p_journal text, p_fiscal_year integer, how_many bigint)
returns bigint language plpgsql as $$
declare
  last bigint;
begin
  update ledger.counter c set n = c.n + how_many
    where c.tenant_id = t and c.journal = p_journal and c.fiscal_year = p_fiscal_year
    returning c.n into last;
  if found then
    return last;
  end if;
  if not exists (select from ledger.journal j where j.tenant_id = t and j.code = p_journal) then
    perform ledger.refuse('BO422', 'journal-unknown', jsonb_build_object('journal', p_journal));
  end if;
  insert into ledger.counter (tenant_id, journal, fiscal_year, n)
    values (t, p_journal, p_fiscal_year, how_many);
  return how_many;
end $$;

-- Who drafted what an approval covers; refuses one that is not granted, covers other content or
-- was used for another entry, and one of somebody who may not post (any more).
create function ledger.approved_maker(t uuid, p_approved uuid, sha bytea) returns uuid
language plpgsql as $$
declare
  drafted_by uuid;
begin
  select a.requested_by into drafted_by from app.approval a
    where a.tenant_id = t and a.id = p_approved and a.line = 'accounting' and a.state = 'approved'
      and a.kind like 'entry.%' and a.content_sha = encode(sha, 'hex')
      and not exists (select from ledger.entry e where e.tenant_id = t and e.approved_ref = a.id);
  if not found then
    perform ledger.refuse('BO422', 'approval-does-not-cover');
  elsif not (guard.person_may(drafted_by, t, 'accounting.post', 'accounting')
      and guard.person_may(drafted_by, t, null, 'accounting')) then      -- and writes there, as at the door
    perform ledger.refuse('BO409', 'approval-maker-left');
  end if;
  return drafted_by;
end $$;

-- Nothing new carries an archived tax code or dimension value; what is taken back still does.
create function ledger.check_living(t uuid, p_tax text[], p_dim1 uuid[], p_dim2 uuid[]) returns void
language plpgsql as $$
declare
  gone text;
begin
  select c.code into gone from ledger.tax_code c
    where c.tenant_id = t and c.code = any (p_tax) and c.archived_at is not null limit 1;
  if found then
    perform ledger.refuse('BO422', 'tax-code-archived', jsonb_build_object('tax_code', gone));
  end if;
  select d.code into gone from ledger.dimension_value d
    where d.tenant_id = t and d.id = any (p_dim1 || p_dim2) and d.archived_at is not null limit 1;
  if found then
    perform ledger.refuse('BO422', 'dimension-archived', jsonb_build_object('value', gone));
  end if;
end $$;

-- Posts one entry. Arrays hold one value a posting; a null base means "amount is in the base
-- currency". The same key with the same content answers the entry posted before.
create function ledger.post(
  p_journal text, p_date date, p_description text, p_key text, p_account uuid[], p_currency text[],
  p_amount bigint[], p_base bigint[], p_counterparty uuid[] default null, p_tax text[] default null,
  p_dim1 uuid[] default null, p_dim2 uuid[] default null, p_memo text[] default null,
  p_kind text default 'normal', p_source_type text default null, p_source_id uuid default null,
  p_approved uuid default null,
  out entry_id uuid, out number bigint, out fiscal_year integer, out replayed boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- One plan for all entries, of index look-ups: one made while the books were empty would scan them.
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  g record := ledger.open_door('accounting.post');
  done record;
begin
  if p_kind not in ('normal', 'opening', 'closing') then
    perform ledger.refuse('BO422', 'entry-kind', jsonb_build_object('kind', p_kind));
  end if;
  done := ledger.write_entry(g.tenant, g.who, g.may_review, p_journal, p_date, p_description, p_key,
    p_account, p_currency, p_amount, p_base, p_counterparty, p_tax, p_dim1, p_dim2, p_memo, p_kind,
    p_source_type, p_source_id, p_approved, null);
  if not done.replayed and (p_tax is not null or p_dim1 is not null or p_dim2 is not null) then
    perform ledger.check_living(g.tenant, p_tax, p_dim1, p_dim2);
  end if;
  entry_id := done.entry_id; number := done.number; fiscal_year := done.fiscal_year;
  replayed := done.replayed;
end $$;

reset role;
