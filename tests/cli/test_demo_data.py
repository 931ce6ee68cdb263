"""The demo's data load once, through the product, and their statements agree with the books."""

from __future__ import annotations

from pathlib import Path

import psycopg
from flask import Flask

from app.cli import demo_data
from app.cli.demo_books import notices
from app.cli.demo_books.firms import FIRMS, STAFF
from app.factory import create_app
from app.kernel import jobs
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tenants.leaving import exporting, returning
from tests.serving import close


def test_the_demo_loads_once_and_its_books_balance(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    demo_data.load(worker_app)
    demo_data.load(worker_app)
    for firm in FIRMS:
        found = admin.execute(
            "select count(*), sum(p.base) from ledger.posting p join app.client c"
            " on c.tenant_id = p.tenant_id where c.slug = %s",
            (firm.slug,),
        ).fetchone()
        assert found is not None
        assert found[0] > 500
        assert found[1] == 0
    hours = admin.execute(
        "select state, count(distinct date_trunc('week', day)) from app.time_entry"
        " where state <> 'open' group by state order by state"
    )
    assert hours.fetchall() == [("approved", 1), ("locked", 1), ("submitted", 1)]
    rates = admin.execute("select count(*), count(distinct person_id) from app.cost_rate")
    assert rates.fetchone() == (4, 2)
    destroyed = admin.execute("select name, state from app.disposal_item")
    assert destroyed.fetchall() == [("roof.txt", "disposed")]
    learnt = admin.execute("select distinct field from app.reading_template")
    assert learnt.fetchall() == [("invoice_number",)]
    everywhere = admin.execute(
        "select kind, basis, years from app.retention_own where tenant_id = guard.provider()"
    )
    assert everywhere.fetchall() == [("payroll", "contract", 12)]
    waiting = admin.execute("select name from app.statement_tray where state = 'waiting'")
    assert waiting.fetchall() == [("statement-14.sta",)]
    states = admin.execute(
        "select name, state from app.statement_file where source = 'portal' or name ~ '^fuel'"
        " order by lower(name)"
    ).fetchall()
    assert states == [
        ("fuel-card-1.csv", "imported"),
        ("fuel-card-3.csv", "imported"),
        ("Wallet-Export.csv", "mapping"),
    ]
    pending = admin.execute(
        "select count(*), count(kept_coding) from app.bank_transaction where status = 'pending'"
        " and tenant_id in (select tenant_id from app.client where slug = any(%s))",
        ([firm.slug for firm in FIRMS],),
    ).fetchone()
    assert pending == (4, 2)
    unread = admin.execute(
        "select p.email, count(*) from app.notice x join guard.person p on p.id = x.owner_id"
        " where x.in_app and x.read_at is null group by p.email"
    ).fetchall()
    bells = {email: count for email, count in unread if email in {one.email for one in STAFF}}
    assert bells
    assert max(bells.values()) <= notices.UNREAD


def test_the_largest_client_leaves_and_returns_elsewhere_with_the_same_bytes(
    worker_app: Flask, elsewhere: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    demo_data.load(worker_app)
    row = admin.execute(
        "select tenant_id from ledger.posting group by 1 order by count(*) desc limit 1"
    ).fetchone()
    assert row is not None
    operator = jobs.system_user("operator")
    scope = Scope.system_job(row[0], person_id=operator)
    with worker_app.app_context():
        left = exporting.write(tmp_path / "left.zip", scope)
    other = create_app(elsewhere, role="worker")
    try:
        with other.app_context():
            returning.bring_back(tmp_path / "left.zip", operator=operator)
            again = exporting.write(tmp_path / "again.zip", scope)
    finally:
        close(other)
    assert left == again
    assert left.rows > 1_000
    assert (tmp_path / "left.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()
