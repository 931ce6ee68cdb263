-- How long papers are kept: what the law of the client's country says, and what provider or client
-- add to it. Of all rules that apply to a paper the one that ends last counts, so an addition can
-- make the time longer and never shorter.
set role app_owner;

create table app.retention_statute (
  key text primary key check (key ~ '^[a-z]{2}-[a-z-]{2,40}$'),
  country char(2) not null check (country ~ '^[A-Z]{2}$'),
  kinds text[] not null check (kinds <@ '{books,voucher,letter,payroll,identity}'::text[]
    and cardinality(kinds) > 0),
  years smallint not null check (years between 1 and 100),
  runs_from text not null check (runs_from in ('paper', 'calendar_year', 'fiscal_year', 'tax_year',
    'engagement', 'engagement_year')),
  source text not null check (length(source) between 5 and 200),
  valid_from date not null default '-infinity',   -- the rule in force on the day it is asked counts
  valid_to date
);
select guard.register('app.retention_statute', 'reference', null, null);
grant select on app.retention_statute to app_rw, app_worker, app_restore;
insert into app.retention_statute (key, country, kinds, years, runs_from, source, valid_from, valid_to)
values
  ('de-books', 'DE', '{books}', 10, 'calendar_year', 'AO § 147 (1) 1, 4a, (3), (4); HGB § 257 (4), (5)',
    '-infinity', null),
  ('de-voucher-before', 'DE', '{voucher}', 10, 'calendar_year',
    'AO § 147 (1) 4, (3), (4); HGB § 257 (4), (5) until 31 Dec 2024', '-infinity', '2024-12-31'),
  ('de-voucher', 'DE', '{voucher}', 8, 'calendar_year',
    'AO § 147 (1) 4, (3), (4); HGB § 257 (4), (5) since 1 Jan 2025 (BEG IV)', '2025-01-01', null),
  ('de-letter', 'DE', '{letter}', 6, 'calendar_year',
    'AO § 147 (1) 2, 3, 5, (3), (4); HGB § 257 (4), (5)', '-infinity', null),
  ('de-payroll-before', 'DE', '{payroll}', 10, 'calendar_year',
    'AO § 147 (1) 4, (3), (4) until 31 Dec 2024; EStG § 41 (1)', '-infinity', '2024-12-31'),
  ('de-payroll', 'DE', '{payroll}', 8, 'calendar_year',
    'AO § 147 (1) 4, (3), (4) since 1 Jan 2025; EStG § 41 (1)', '2025-01-01', null),
  ('de-identity', 'DE', '{identity}', 5, 'engagement_year', 'GwG § 8 (4)', '-infinity', null),
  ('at-books', 'AT', '{books,voucher,letter,payroll}', 7, 'calendar_year',
    'BAO § 132 (1); UGB § 212 (1)', '-infinity', null),
  ('ch-books', 'CH', '{books,voucher}', 10, 'fiscal_year', 'OR Art. 958f (1)', '-infinity', null),
  ('nl-books', 'NL', '{books,voucher,letter,payroll}', 7, 'fiscal_year',
    'AWR art. 52 lid 4; BW 2 art. 10 lid 3', '-infinity', null),
  ('fr-books', 'FR', '{books,voucher}', 10, 'fiscal_year', 'Code de commerce art. L123-22',
    '-infinity', null),
  ('it-books', 'IT', '{books,voucher,letter}', 10, 'fiscal_year', 'Codice civile art. 2220',
    '-infinity', null),
  ('es-books', 'ES', '{books,voucher,letter}', 6, 'fiscal_year', 'Código de Comercio art. 30',
    '-infinity', null),
  ('gb-company', 'GB', '{books,voucher}', 3, 'paper', 'Companies Act 2006 s.388(4)(a)', '-infinity', null),
  ('gb-tax', 'GB', '{books,voucher,letter,payroll}', 6, 'fiscal_year', 'Finance Act 1998 Sch.18 para.21',
    '-infinity', null),
  ('gb-vat', 'GB', '{books,voucher}', 6, 'paper', 'VAT Act 1994 Sch.11 para.6(3)', '-infinity', null),
  ('gb-payroll', 'GB', '{payroll}', 3, 'tax_year', 'Income Tax (PAYE) Regulations 2003 reg.97',
    '-infinity', null),
  ('gb-identity', 'GB', '{identity}', 5, 'engagement', 'Money Laundering Regulations 2017 reg.40',
    '-infinity', null),
  ('au-company', 'AU', '{books,voucher}', 7, 'paper', 'Corporations Act 2001 s.286(2)', '-infinity', null),
  ('ca-tax', 'CA', '{books,voucher}', 6, 'fiscal_year', 'Income Tax Act s.230(4)', '-infinity', null),
  ('in-company', 'IN', '{books,voucher}', 8, 'fiscal_year', 'Companies Act 2013 s.128(5)',
    '-infinity', null),
  ('nz-tax', 'NZ', '{books,voucher}', 7, 'fiscal_year', 'Tax Administration Act 1994 s.22(2)',
    '-infinity', null),
  ('sg-company', 'SG', '{books,voucher}', 5, 'fiscal_year', 'Companies Act 1967 s.199(2)',
    '-infinity', null);

-- What provider or client keep longer, or keep at all where no law says so: because a contract asks for
-- it, or of their own choice. kind null: every paper. What stands in the provider's own tenant counts
-- for all its clients.
create table app.retention_own (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  kind text check (kind in ('books', 'voucher', 'letter', 'payroll', 'identity')),
  years smallint not null check (years between 1 and 100),
  runs_from text not null check (runs_from in ('paper', 'calendar_year', 'fiscal_year', 'engagement',
    'engagement_year')),
  basis text not null default 'choice' check (basis in ('contract', 'choice')),
  reason text not null check (length(reason) between 3 and 500),
  side text not null default case when guard.is_staff() then 'provider' else 'client' end
    check (side in ('provider', 'client')),
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (tenant_id, id)
);
call guard.protect('app.retention_own', 'member');
grant select on app.retention_own to app_rw, app_worker;
grant insert (tenant_id, id, kind, years, runs_from, basis, reason), update (ended_at)
  on app.retention_own to app_rw, app_worker;
grant select, insert, update, delete on app.retention_own to app_restore;
call guard.demand('app.retention_own', '{insert,update}', '{document.keep}');
call guard.stamp('app.retention_own', '{ended_at}');
call app.audit_table('app.retention_own');

-- What one side asked to be kept longer the other does not let go; what has ended stays so.
create function app.retention_own_ends() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker')
     and (old.ended_at is not null or (old.side = 'provider') <> guard.is_staff()) then
    raise exception 'retention-of-other-side' using errcode = 'BO403';
  end if;
  return new;
end $$;
create trigger sides before update on app.retention_own
  for each row execute function app.retention_own_ends();

-- The day until which a paper of a day is kept. p_month: the first of the fiscal year; p_over: when
-- the engagement ended, null while it runs (then nothing that waits for its end runs out). No search
-- path is set, so that it becomes part of the query that asks it of many days.
create function app.runs_out(p_from text, p_years integer, p_day date, p_month integer, p_over date)
returns date
language sql immutable parallel safe as $$
  select (case p_from
    when 'paper' then p_day
    when 'calendar_year' then make_date(extract(year from p_day)::int, 12, 31)
    when 'fiscal_year' then (make_date(extract(year from p_day)::int
      - (extract(month from p_day)::int < p_month)::int, p_month, 1) + interval '1 year')::date - 1
    when 'tax_year' then make_date(extract(year from p_day)::int
      + (extract(month from p_day) * 100 + extract(day from p_day) > 405)::int, 4, 5)
    when 'engagement' then coalesce(p_over, 'infinity')
    when 'engagement_year' then coalesce(make_date(extract(year from p_over)::int, 12, 31), 'infinity')
  end + make_interval(years => p_years))::date
$$;
grant execute on function app.runs_out(text, integer, date, integer, date)
  to app_rw, app_worker, guard_definer;
reset role;
