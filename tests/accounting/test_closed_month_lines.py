"""What was decided about a bank line stays while its month is closed, by whatever door."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from flask import Flask

from app.accounting import commands
from app.accounting.bank import queries as bank_queries
from app.accounting.coding import Coding, Part
from app.accounting.ledger import PostingInput
from app.accounting.reconcile import commands as reconcile_commands
from app.accounting.reconcile import matching as reconcile_matching
from app.kernel.settings import Settings
from tests.accounting import reconcile_scene
from tests.accounting.reconcile_scene import Scene
from tests.guard.test_rights_by_sql import Acting
from tests.http import Browser

ROWS = [
    ("260302", "-40,00", "Odd thing"),
    ("260303", "-50,00", "Set aside"),
    ("260304", "-60,00", "Booked by itself"),
]
FREE = (
    "update app.bank_transaction set state = 'to_do', entry_id = null, matched = false,"
    " decided_by = null, decided_as = null, decided_by_id = null, decided_at = null,"
    " skipped_why = null, coding = null where id = %s"
)


@pytest.fixture
def scene(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Scene:
    """A line matched to an entry, one set aside and one booked, in a month that is closed then."""
    made = reconcile_scene.make(app, worker_app, admin, rows=ROWS)
    with made.books.open():
        bank = bank_queries.bank_account(made.main)
        entry = commands.post_entry(
            journal="GEN",
            date=dt.date(2026, 3, 1),
            description="by hand",
            postings=(
                PostingInput(bank.account_id, -4_000, "EUR"),
                PostingInput(made.books.accounts["6900"], 4_000, "EUR"),
            ),
            key="by-hand",
        )
        reconcile_matching.match_entry(
            line_id=line_of(made, -4_000).id, version=1, entry_id=entry.id
        )
        reconcile_commands.skip(line_id=line_of(made, -5_000).id, version=1)
        reconcile_commands.book(
            line_id=line_of(made, -6_000).id,
            version=1,
            coding=Coding((Part(made.books.accounts["6900"], 6_000, "EUR"),)),
        )
    set_march(admin, made, "closed")
    return made


def set_march(admin: psycopg.Connection, scene: Scene, state: str) -> None:
    admin.execute(
        "update ledger.period set state = %s where tenant_id = %s and starts = '2026-03-01'",
        (state, scene.books.tenant),
    )
    admin.commit()


def line_of(scene: Scene, amount: int) -> bank_queries.BankLine:
    with_amount = bank_queries.LineFilter(bank_account_id=scene.main, amount_minor=amount)
    return next(iter(bank_queries.lines(with_amount).rows))


def line_now(scene: Scene, amount: int) -> bank_queries.BankLine:
    return next(one for one in scene.lines() if one.amount_minor == amount)


@pytest.mark.parametrize("amount", [-4_000, -5_000])
def test_a_closed_month_keeps_its_matched_and_skipped_lines_on_screen(
    amount: int, app: Flask, scene: Scene, admin: psycopg.Connection
) -> None:
    browser = Browser(app, scene.books.session)
    before = line_now(scene, amount)
    address = f"/c/{scene.slug}/books/reconcile/lines/{before.id}/undo"
    browser.get(f"{scene.url}?line={before.id}")
    answer = browser.post(address, {"version": str(before.version)})
    assert answer.status_code == 423
    assert "its month is closed" in answer.get_data(as_text=True)
    assert line_now(scene, amount) == before
    set_march(admin, scene, "open")
    assert browser.post(address, {"version": str(before.version)}).status_code == 303
    assert line_now(scene, amount).state == "to_do"


@pytest.mark.parametrize("amount", [-4_000, -5_000, -6_000])
def test_raw_sql_meets_the_same_refusal_at_its_commit(
    amount: int,
    scene: Scene,
    settings: Settings,
    rw: psycopg.Connection,
    admin: psycopg.Connection,
) -> None:
    before, by_sql = line_now(scene, amount), Acting(settings, rw)
    person = scene.books.session.scope(scene.books.tenant)
    by_sql.begin(person)
    assert rw.execute(FREE, (before.id,)).rowcount == 1
    with pytest.raises(psycopg.Error) as refused:
        rw.commit()
    assert refused.value.sqlstate == "BO423"
    assert refused.value.diag.message_primary == "bank-line-month-closed"
    assert line_now(scene, amount) == before
    set_march(admin, scene, "open")
    by_sql.begin(person)
    rw.execute(FREE, (before.id,))
    rw.commit()
    assert line_now(scene, amount).state == "to_do"


def test_a_reversal_in_an_open_month_lets_the_line_of_a_closed_one_go(
    app: Flask, scene: Scene, admin: psycopg.Connection
) -> None:
    line = line_now(scene, -6_000)
    with scene.books.open():
        commands.ensure_periods(first=dt.date(2026, 4, 1), last=dt.date(2026, 4, 30))
        reconcile_commands.undo_line(line_id=line.id, version=line.version)
    assert line_now(scene, -6_000).state == "to_do"
    found = admin.execute(
        "select entry_date from ledger.entry where tenant_id = %s and kind = 'reversal'",
        (scene.books.tenant,),
    ).fetchall()
    assert found == [(dt.date(2026, 4, 1),)]
