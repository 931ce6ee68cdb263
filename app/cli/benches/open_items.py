"""The aged list over 100,000 open items: now, on an earlier day, against the plain sum of them."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterator
from uuid import UUID

import psycopg
import sqlalchemy as sa

from app.accounting.contacts import queries as contacts_queries
from app.accounting.open_items import queries as open_items_queries
from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _books, _scratch
from app.kernel import db

SIZE = 100_000
CONTACTS = 2_000
CALLS = 5
RUNS = 5
MOST_MS = 100.0  # for 100,000 open items; fewer take less
NOW, EARLIER = dt.date(2026, 12, 31), dt.date(2026, 9, 30)

_PLAIN = sa.text(
    "select counterparty_id, sum(base), count(*) from ledger.open_item where tenant_id = :tenant"
    " group by counterparty_id"
)
_CONTACTS = """
insert into ledger.account (tenant_id, code, name, type, subtype, control)
  values (%(t)s, '9000', 'Receivables', 'asset', 'receivable', 'receivable');
insert into ledger.counterparty (tenant_id, name, kind)
  select %(t)s, 'Contact ' || n, 'customer' from generate_series(1, %(contacts)s) n;
insert into ledger.entry (tenant_id, id, entry_date, period_id, fiscal_year, journal, number,
    posting_count, description, idem_key, request_sha, leaf, made_by)
  select %(t)s, uuidv7(), d, extract(year from d)::int * 100 + extract(month from d)::int,
    extract(year from d)::int, 'GEN', row_number() over (partition by extract(year from d)
    order by n), 2, 'Invoice ' || n, n::text, sha256(''), sha256(''), %(t)s
  from generate_series(1, %(n)s) n, lateral (select date '2024-01-01' + (n %% 1096)::int d) x;
with c as (select id, row_number() over (order by id) - 1 as n from ledger.counterparty
    where tenant_id = %(t)s)
insert into ledger.posting (tenant_id, entry_id, no, account_id, period_id, entry_date, currency,
    amount, base, counterparty_id)
  select e.tenant_id, e.id, p.no, case p.no when 1 then r.id else o.id end, e.period_id,
    e.entry_date, 'EUR', p.sign * x.amount, p.sign * x.amount, case p.no when 1 then c.id end
  from ledger.entry e
  join c on c.n = e.idem_key::bigint %% %(contacts)s,
    lateral (select (case when e.idem_key::bigint / %(contacts)s %% 10 = 9 then -1 else 1 end)
      * (100 + e.idem_key::bigint * 7919 %% 500000) as amount) x,
    (select id from ledger.account where tenant_id = %(t)s and code = '9000') r,
    (select id from ledger.account where tenant_id = %(t)s and code = '1002') o,
    (values (1, 1), (2, -1)) p(no, sign)
  where e.tenant_id = %(t)s;
insert into ledger.open_item (tenant_id, entry_id, no, account_id, counterparty_id, control,
    booked_on, due_on, reference, currency, amount, base, residual, residual_base)
  select p.tenant_id, p.entry_id, p.no, p.account_id, p.counterparty_id, 'receivable',
    p.entry_date, p.entry_date + 30, 'Invoice', p.currency, p.amount, p.base, p.amount, p.base
  from ledger.posting p where p.tenant_id = %(t)s and p.counterparty_id is not null;
"""
_BALANCES = """
insert into ledger.balance (tenant_id, grain, account_id, starts, currency, debit, credit,
    base_debit, base_credit)
  select tenant_id, '{grain}', account_id, {day}, currency, sum(greatest(amount, 0)),
    sum(greatest(-amount, 0)), sum(greatest(base, 0)), sum(greatest(-base, 0))
  from ledger.posting where tenant_id = %(t)s group by 1, 3, 4, 5
"""
# Payments of the last quarter settle a part of one claim of the same contact each.
_SETTLED = """
with pay as (select i.*, row_number() over (partition by counterparty_id order by entry_id) as n
    from ledger.open_item i where tenant_id = %(t)s and amount < 0
      and booked_on <= date '2026-12-15'),
due as (select i.*, row_number() over (partition by counterparty_id order by entry_id) as n
    from ledger.open_item i where tenant_id = %(t)s and amount > 0
      and booked_on <= date '2026-12-15')
insert into ledger.allocation (tenant_id, id, no, debit_entry_id, debit_no, credit_entry_id,
    credit_no, allocated_on, currency, amount, base, made_by)
  select %(t)s, uuidv7(), 1, d.entry_id, d.no, p.entry_id, p.no, date '2026-12-15', 'EUR', x.part,
    x.part, %(t)s
  from pay p join due d on d.counterparty_id = p.counterparty_id and d.n = p.n,
    lateral (select least(d.amount, -p.amount) as part) x
  limit 5000
"""


def cases(size: int) -> Iterator[Case]:
    """The aged list now and on an earlier day, and a page of contacts."""
    with _scratch.database("open_items") as scratch:
        (tenant,) = _scratch.make_clients(scratch, 1)
        _books.open_books(scratch.admin, [tenant])
        _fill(scratch.admin, tenant, size)
        from app.factory import create_app

        app = create_app(scratch.settings)
        with app.app_context():
            yield from _measured(scratch, tenant)
            db.db.engine.dispose()


def _fill(admin: psycopg.Connection, tenant: UUID, size: int) -> None:
    """Items past the posting doors, settlements through the triggers that keep residuals."""
    with admin.transaction(), psycopg.ClientCursor(admin) as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(_CONTACTS, {"t": tenant, "n": size, "contacts": CONTACTS})
        for grain, day in (("d", "entry_date"), ("m", "date_trunc('month', entry_date)::date")):
            cursor.execute(_BALANCES.format(grain=grain, day=day), {"t": tenant})
    admin.execute("vacuum analyze")
    with admin.transaction():
        admin.execute(_SETTLED, {"t": tenant})
    admin.execute("vacuum analyze")


def _measured(scratch: _scratch.Scratch, tenant: UUID) -> Iterator[Case]:
    def timer(work: Callable[[], object]) -> Callable[[], float]:
        def many() -> None:
            for _call in range(CALLS):
                with db.transaction(scratch.scope(tenant), read_only=True):
                    work()

        return lambda: bench.timed(many) * 1000 / CALLS

    def aged(on: dt.date) -> Callable[[], object]:
        def run() -> object:
            found = open_items_queries.aged(control="receivable", on=on)
            if not found.agrees:
                raise AssertionError("open items differ from the control account")
            return found

        return run

    plain = timer(lambda: db.session.execute(_PLAIN, {"tenant": tenant}).all())
    for title, on in (("aged list now", NOW), ("aged list of an earlier day", EARLIER)):
        ours = timer(aged(on))
        took = statistics.median(ours() for _run in range(RUNS))
        yield bench.figure(
            "open-items", title, took, unit="ms", floor=MOST_MS, goal=MOST_MS / 2, runs=RUNS
        )
        yield bench.compare(
            "open-items",
            f"{title} against a plain sum by contact",
            ours=ours,
            reference=plain,
            unit="ms",
            better="less",
        )
    yield bench.compare(
        "open-items",
        "page of contacts with what is open against a plain sum",
        ours=timer(lambda: contacts_queries.contacts(limit=100)),
        reference=plain,
        unit="ms",
        better="less",
        floor=2,
        goal=1,
    )
