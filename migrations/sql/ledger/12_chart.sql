-- The doors of the chart: open the books, make, rename, archive and take back accounts.
set role app_owner;

-- Opens a client's books with journals; once for each client, again with the same values is well.
create function ledger.open_book(p_base_currency text, p_fiscal_start_month integer)
returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  g record := ledger.open_door('accounting.accounts');
  old ledger.book;
begin
  if p_fiscal_start_month is null or p_fiscal_start_month not between 1 and 12 then
    perform ledger.refuse('BO422', 'fiscal-start-month');
  elsif not exists (select from app.currency c where c.code = p_base_currency) then
    perform ledger.refuse('BO422', 'currency-unknown', jsonb_build_object('currency', p_base_currency));
  end if;
  insert into ledger.book (tenant_id, base_currency, fiscal_start_month)
    values (g.tenant, p_base_currency, p_fiscal_start_month) on conflict do nothing;
  if found then
    insert into ledger.journal (tenant_id, code, name, kind) values
      (g.tenant, 'GEN', 'General journal', 'general'), (g.tenant, 'BANK', 'Bank', 'bank'),
      (g.tenant, 'OPEN', 'Opening balances', 'opening');
    return true;
  end if;
  select * into old from ledger.book b where b.tenant_id = g.tenant;
  if (old.base_currency, old.fiscal_start_month)
      is distinct from (p_base_currency, p_fiscal_start_month::smallint) then
    perform ledger.refuse('BO409', 'books-open');
  end if;
  return false;
end $$;

-- Makes accounts from [{code, name, type, subtype, currency, control, tax_code}]; all or none.
create function ledger.create_accounts(p_accounts jsonb)
returns table (id uuid, code text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  g record := ledger.open_door('accounting.accounts');
  bad record;
begin
  perform 1 from ledger.book b where b.tenant_id = g.tenant for no key update;
  select x.code, x.currency, x.tax_code, x.type, x.name,
      exists (select from ledger.account a where a.tenant_id = g.tenant and a.code = x.code)
        or count(*) over (partition by x.code) > 1 as taken,
      x.currency is not null
        and not exists (select from app.currency c where c.code = x.currency) as no_currency,
      x.tax_code is not null and not exists (select from ledger.tax_code c
        where c.tenant_id = g.tenant and c.code = x.tax_code) as no_tax
    into bad
    from jsonb_to_recordset(p_accounts)
      x(code text, name text, type text, currency text, tax_code text)
    order by 6 desc, 7 desc, 8 desc limit 1;
  if bad.taken then
    perform ledger.refuse('BO409', 'account-code-taken', jsonb_build_object('account', bad.code));
  elsif bad.no_currency then
    perform ledger.refuse('BO422', 'currency-unknown', jsonb_build_object('currency', bad.currency));
  elsif bad.no_tax then
    perform ledger.refuse('BO422', 'tax-code-unknown', jsonb_build_object('tax_code', bad.tax_code));
  end if;
  return query insert into ledger.account (tenant_id, code, name, type, subtype, currency, control, tax_code)
    select g.tenant, x.code, x.name, x.type, x.subtype, x.currency, x.control, x.tax_code
    from jsonb_to_recordset(p_accounts) x(code text, name text, type text, subtype text,
      currency text, control text, tax_code text)
    returning account.id, account.code;
end $$;

create function ledger.rename_account(p_account uuid, p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  g record := ledger.open_door('accounting.accounts');
begin
  update ledger.account a set name = p_name where a.tenant_id = g.tenant and a.id = p_account;
  if not found then
    perform ledger.refuse('BO404', 'account-unknown');
  end if;
end $$;

-- Gives accounts the tax code that they are coded with by default, of [{account, tax_code, was}]:
-- where `was` is what stands there now, which may be none. Answers the accounts that changed.
create function ledger.give_tax_codes(p_codes jsonb) returns setof uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  g record := ledger.open_door('accounting.accounts');
  bad text;
begin
  select x.tax_code into bad from jsonb_to_recordset(p_codes) x(tax_code text)
    where x.tax_code is not null and not exists (select from ledger.tax_code c
      where c.tenant_id = g.tenant and c.code = x.tax_code) limit 1;
  if bad is not null then
    perform ledger.refuse('BO422', 'tax-code-unknown', jsonb_build_object('tax_code', bad));
  end if;
  return query update ledger.account a set tax_code = x.tax_code
    from jsonb_to_recordset(p_codes) x(account uuid, tax_code text, was text)
    where a.tenant_id = g.tenant and a.id = x.account and a.tax_code is not distinct from x.was
    returning a.id;
end $$;

-- Archives an account, or takes it back; nothing can be posted to an archived one.
create function ledger.archive_account(p_account uuid, p_archived boolean default true) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  g record := ledger.open_door('accounting.accounts');
begin
  perform 1 from ledger.book b where b.tenant_id = g.tenant for no key update;
  update ledger.account a
    set archived_at = case when p_archived then coalesce(a.archived_at, now()) end
    where a.tenant_id = g.tenant and a.id = p_account;
  if not found then
    perform ledger.refuse('BO404', 'account-unknown');
  end if;
end $$;

reset role;
