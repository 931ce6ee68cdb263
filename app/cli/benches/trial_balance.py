"""Reports from balances: the trial balance of a large client against one indexed row, and pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from uuid import UUID

import sqlalchemy as sa

from app.accounting import queries
from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _books, _scratch
from app.kernel import db

SIZE = 400_000  # postings over all clients; 10,000,000 by --size makes one of a million
CLIENTS = 200
CALLS = 15
MONTH_END, MID_MONTH = dt.date(2026, 11, 30), dt.date(2026, 11, 17)

_TURNOVER = sa.text("select * from ledger.turnover(null, :on)")
_ROW = sa.text("select * from ledger.entry where tenant_id = :tenant and id = :id")
_RAW = sa.text(
    "select account_id, sum(base) from ledger.posting where entry_date <= :on group by account_id"
)
_PLAIN_PAGE = sa.text(
    "select p.*, e.journal, e.number, e.description from (select * from ledger.posting"
    " where account_id = :account and (entry_date, entry_id, no) > (:day, :entry, 0)"
    " order by entry_date, entry_id, no limit 51) p"
    " cross join lateral (select * from ledger.entry e where e.id = p.entry_id offset 0) e"
    " order by p.entry_date, p.entry_id, p.no"
)


def cases(size: int) -> Iterator[Case]:
    """Month end, a tenth, mid-month, the account page; raw aggregation beside them."""
    with _scratch.database("trial_balance") as scratch:
        tenants = _scratch.make_clients(scratch, CLIENTS)
        _books.open_books(scratch.admin, tenants)
        large, tenth, *others = tenants
        _books.fill(scratch.admin, large, size // 10)
        _books.fill(scratch.admin, tenth, size // 100)
        for tenant in others:
            _books.fill(scratch.admin, tenant, size * 89 // 100 // len(others))
        scratch.admin.execute("vacuum analyze")
        from app.factory import create_app

        app = create_app(scratch.settings)
        with app.app_context():
            yield from _measured(scratch, large, tenth)
            db.db.engine.dispose()


def _timer(scratch: _scratch.Scratch, tenant: UUID) -> Callable[..., Callable[[], float]]:
    """Makes functions that answer the milliseconds of a call, context and commit included."""

    def timer(work: Callable[[], object], calls: int = CALLS) -> Callable[[], float]:
        def run() -> float:
            def once() -> None:
                with db.transaction(scratch.scope(tenant), read_only=True):
                    work()

            def many() -> None:
                for _call in range(calls):
                    once()

            return bench.timed(many) * 1000 / calls

        return run

    return timer


def _all(statement: sa.TextClause, **values: object) -> Callable[[], object]:
    return lambda: db.session.execute(statement, values).all()


def _measured(scratch: _scratch.Scratch, large: UUID, tenth: UUID) -> Iterator[Case]:
    timer, smaller = _timer(scratch, large), _timer(scratch, tenth)
    row = scratch.admin.execute(
        "select id from ledger.entry where tenant_id = %s limit 1", (large,)
    ).fetchone()
    assert row is not None
    point = timer(_all(_ROW, tenant=large, id=row[0]))
    end, middle = (_all(_TURNOVER, on=day) for day in (MONTH_END, MID_MONTH))
    for title, ours, reference, floor, goal in (
        ("month end against one row", timer(end), point, 20, 7),
        ("month end against a tenth of it", timer(end), smaller(end), 2, 1.5),
        ("mid-month against one row", timer(middle), point, 60, 20),
    ):
        yield bench.compare(
            "trial-balance",
            title,
            ours=ours,
            reference=reference,
            unit="ms",
            better="less",
            floor=floor,
            goal=goal,
        )
    yield _page(scratch, large, timer)
    for title, work in (("month end", end), ("mid-month", middle)):
        on = MONTH_END if title == "month end" else MID_MONTH
        yield bench.compare(
            "trial-balance",
            f"{title} against raw aggregation",
            ours=timer(work),
            reference=timer(_all(_RAW, on=on), calls=1),
            unit="ms",
            better="less",
            runs=3,
        )


def _page(
    scratch: _scratch.Scratch, tenant: UUID, timer: Callable[..., Callable[[], float]]
) -> Case:
    """Fifty rows in the middle of a busy month, with and without the running balance."""
    account = _books.accounts_of(scratch.admin, tenant)[20]
    row = scratch.admin.execute(
        "select entry_date, entry_id, no from ledger.posting where tenant_id = %s"
        " and account_id = %s and entry_date >= %s order by 1, 2, 3 limit 1",
        (tenant, account, MID_MONTH - dt.timedelta(days=60)),
    ).fetchone()
    assert row is not None
    plain = _all(_PLAIN_PAGE, account=account, day=row[0], entry=row[1])
    chart = sa.text("select * from ledger.account where id = :id")

    def reference() -> None:
        _all(chart, id=account)()
        plain()

    return bench.compare(
        "trial-balance",
        "account page with running balance against without",
        ours=timer(
            lambda: queries.account_page(account_id=account, after=(row[0], row[1], row[2]))
        ),
        reference=timer(reference),
        unit="ms",
        better="less",
        floor=5,
        goal=2,
    )
