"""Books for benches, loaded set by set as the administrator."""

from __future__ import annotations

from uuid import UUID

import psycopg

ACCOUNTS = 150
_BOOKS = """
insert into ledger.book (tenant_id, base_currency) select t, 'EUR' from unnest(%(t)s::uuid[]) t;
insert into ledger.journal (tenant_id, code, name)
  select t, 'GEN', 'General journal' from unnest(%(t)s::uuid[]) t;
insert into ledger.fiscal_year (tenant_id, year, starts, ends)
  select t, y, make_date(y, 1, 1), make_date(y, 12, 31)
  from unnest(%(t)s::uuid[]) t, generate_series(2024, 2026) y;
insert into ledger.period (tenant_id, id, fiscal_year, starts, ends)
  select t, y * 100 + m, y, make_date(y, m, 1),
    (make_date(y, m, 1) + interval '1 month - 1 day')::date
  from unnest(%(t)s::uuid[]) t, generate_series(2024, 2026) y, generate_series(1, 12) m;
insert into ledger.account (tenant_id, code, name, type, subtype)
  select t, (1000 + n)::text, 'Account ' || n,
    (array['asset', 'liability', 'income', 'expense', 'expense'])[n %% 5 + 1], null
  from unnest(%(t)s::uuid[]) t, generate_series(1, %(n)s) n;
"""


def open_books(admin: psycopg.Connection, tenants: list[UUID]) -> None:
    """Books with 150 accounts and 36 months for each of these clients."""
    with admin.transaction(), psycopg.ClientCursor(admin) as cursor:
        cursor.execute(_BOOKS, {"t": tenants, "n": ACCOUNTS})


def accounts_of(admin: psycopg.Connection, tenant: UUID) -> list[UUID]:
    """The accounts of a client by code."""
    rows = admin.execute(
        "select id from ledger.account where tenant_id = %s order by code", (tenant,)
    ).fetchall()
    return [row[0] for row in rows]


def fill(
    admin: psycopg.Connection, tenant: UUID, postings: int, *, through_bank: bool = False
) -> None:
    """Entries of two postings each over 36 months with their balances, past the triggers.

    `through_bank`: one of the two postings of each entry is on the first account.

    A superuser loads what 10,000,000 posts would take hours for; the balances are then summed
    from the postings, which the tests prove the triggers do.
    """
    accounts = accounts_of(admin, tenant)
    if through_bank:
        # The two postings pick one place of even and one of odd number.
        accounts = [accounts[n] if n % 2 else accounts[0] for n in range(len(accounts))]
    with admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(_ENTRIES, {"t": tenant, "n": postings // 2})
        admin.execute(_POSTINGS, {"t": tenant, "accounts": accounts})
        admin.execute(_COUNTERS, {"t": tenant})
        for grain, day in (("d", "entry_date"), ("m", "date_trunc('month', entry_date)::date")):
            admin.execute(_BALANCES.format(grain=grain, day=day), {"t": tenant})


_ENTRIES = """
insert into ledger.entry (tenant_id, id, entry_date, period_id, fiscal_year, journal, number,
    posting_count, description, idem_key, request_sha, leaf, made_by)
select %(t)s, uuidv7(), d, extract(year from d)::int * 100 + extract(month from d)::int,
  extract(year from d)::int, 'GEN', row_number() over (partition by extract(year from d)
  order by n), 2, 'Loaded entry', n::text, sha256(''), sha256(''), %(t)s
from generate_series(1, %(n)s) n, lateral (select date '2024-01-01' + (n %% 1096)::int d) x
"""
_POSTINGS = """
insert into ledger.posting (tenant_id, entry_id, no, account_id, period_id, entry_date, currency,
    amount, base)
select e.tenant_id, e.id, p.no,
  (%(accounts)s::uuid[])[(e.idem_key::bigint * p.step + p.no * 37) %% 150 + 1],
  e.period_id, e.entry_date, 'EUR', p.sign * x.amount, p.sign * x.amount
from ledger.entry e,
  lateral (select 100 + e.idem_key::bigint * 7919 %% 500000 as amount) x,
  (values (1, 1, 1), (2, 7, -1)) p(no, step, sign)
where e.tenant_id = %(t)s
"""
_COUNTERS = """
insert into ledger.counter (tenant_id, journal, fiscal_year, n)
select tenant_id, journal, fiscal_year, max(number) from ledger.entry where tenant_id = %(t)s
group by 1, 2, 3
"""
_BALANCES = """
insert into ledger.balance (tenant_id, grain, account_id, starts, currency, debit, credit,
    base_debit, base_credit)
select tenant_id, '{grain}', account_id, {day}, currency, sum(greatest(amount, 0)),
  sum(greatest(-amount, 0)), sum(greatest(base, 0)), sum(greatest(-base, 0))
from ledger.posting where tenant_id = %(t)s group by 1, 3, 4, 5
"""
