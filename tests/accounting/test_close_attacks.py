"""What closes no month: raw SQL, red checks, counts of before, somebody who posts meanwhile."""

from __future__ import annotations

import threading

import psycopg
import pytest

from app.accounting import commands
from app.accounting.close import checks as close_checks
from app.accounting.close import commands as close_commands
from app.kernel.errors import Conflict, DomainError, Locked
from app.kernel.settings import Settings
from tests.accounting.close_stage import COUNTED, FIRST, MONTH, at, bookkeeper, books, state
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import add_account, mt940, upload
from tests.http import Browser

__all__ = ["at", "bookkeeper", "books"]


def test_an_open_month_is_not_closed_and_raw_sql_meets_the_same_door(books: Books) -> None:
    with pytest.raises(Conflict, match="not-in-review"), books.open():
        close_commands.close(period_id=MONTH)
    with books.open():
        commands.review_period(period_id=MONTH)
    with pytest.raises(Conflict, match="own-review"), books.open():
        commands.close_period(period_id=MONTH)


def test_raw_sql_closes_no_month_whose_checks_are_red(
    bookkeeper: Browser,
    books: Books,
    at: str,
    admin: psycopg.Connection,
    rw: psycopg.Connection,
    settings: Settings,
) -> None:
    bookkeeper.get(at)
    bookkeeper.post(f"{at}/steps", {"title": "Wages agreed with the office"})
    bookkeeper.post(f"{at}/hand-in", {})
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    rw.execute("select ledger.set_period(%s, 'closed')", (MONTH,))
    rw.execute(COUNTED)
    with pytest.raises(psycopg.Error, match="close-blocked") as caught:
        rw.commit()
    rw.rollback()
    assert caught.value.sqlstate == "BO409"
    assert state(admin, books) == ("in_review", "in_review")


@pytest.mark.parametrize(
    "count",
    [
        "select 1",
        "update app.close_month set counted_at = now() - interval '1 second'",
        "update app.close_month set counted_version = counted_version - 1",
    ],
)
def test_nobody_closes_over_a_count_of_before(
    count: str,
    books: Books,
    admin: psycopg.Connection,
    rw: psycopg.Connection,
    settings: Settings,
) -> None:
    books.hand_in(MONTH)
    with books.open():
        close_checks.count(MONTH)
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    rw.execute("select ledger.set_period(%s, 'closed')", (MONTH,))
    if count != "select 1":
        rw.execute(COUNTED)
        rw.execute(count)
    with pytest.raises(psycopg.Error, match="close-not-counted") as caught:
        rw.commit()
    rw.rollback()
    assert caught.value.sqlstate == "BO409"
    assert state(admin, books) == ("in_review", "in_review")
    books.shut(MONTH)
    assert state(admin, books) == ("closed", "closed")


def test_raw_sql_closes_no_month_over_what_the_books_show_whatever_was_counted(
    books: Books, admin: psycopg.Connection, rw: psycopg.Connection, settings: Settings
) -> None:
    add_account(books, number="GB5")
    upload(books, mt940([("260402", "7,00", "Nobody's")], number="GB5"))
    books.hand_in(MONTH)
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    rw.execute("update app.close_month set blocking = 0, figures = '{}'")
    rw.execute("select ledger.set_period(%s, 'closed')", (MONTH,))
    rw.execute(COUNTED)
    with pytest.raises(psycopg.Error, match="close-blocked") as caught:
        rw.commit()
    rw.rollback()
    assert caught.value.sqlstate == "BO409"
    assert state(admin, books) == ("in_review", "in_review")


def test_whose_a_month_is_and_by_when_is_audited_also_by_raw_sql(
    books: Books, admin: psycopg.Connection, rw: psycopg.Connection, settings: Settings
) -> None:
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    changed = rw.execute(
        "update app.close_month set due_on = '2027-01-31', blocking = 3 where period_id = %s",
        (MONTH,),
    )
    rw.execute("update app.close_month set blocking = 0 where period_id = %s", (MONTH,))
    rw.commit()
    assert changed.rowcount == 1
    told = admin.execute(
        "select e.actor, c.after->>'due_on' from app.audit_event e join app.audit_change c"
        " on c.tenant_id = e.tenant_id and c.event_id = e.id"
        " where e.tenant_id = %s and e.act = 'close_month.assigned'",
        (books.tenant,),
    ).fetchall()
    assert told == [(books.session.person_id, "2027-01-31")]


@pytest.mark.parametrize(
    "column", ["state", "handed_in_by", "handed_in_at", "closed_by", "closed_at", "reopened_at"]
)
def test_raw_sql_writes_nothing_of_who_decided_about_a_month(
    column: str, books: Books, rw: psycopg.Connection, settings: Settings
) -> None:
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    with pytest.raises(psycopg.Error) as caught:
        rw.execute(f"update app.close_month set {column} = null")
    rw.rollback()
    assert caught.value.sqlstate == "42501"


def test_closing_while_somebody_posts_waits_and_then_refuses(
    books: Books, admin: psycopg.Connection
) -> None:
    books.hand_in(MONTH)
    closed, may_go, found = threading.Event(), threading.Event(), []

    def close() -> None:
        with books.open():
            close_commands.close(period_id=MONTH)
            closed.set()
            may_go.wait(60)

    def post() -> None:
        closed.wait(60)
        try:
            books.post(on=FIRST)
        except DomainError as error:
            found.append(error)

    workers = [threading.Thread(target=act) for act in (close, post)]
    for worker in workers:
        worker.start()
    closed.wait(60)
    workers[1].join(0.5)
    assert workers[1].is_alive()  # the post waits at the door
    may_go.set()
    for worker in workers:
        worker.join(60)

    assert [(type(one), one.code) for one in found] == [(Locked, "period-closed")]
    count = admin.execute(
        "select count(*) from ledger.entry where tenant_id = %s", (books.tenant,)
    ).fetchone()
    assert count == (0,)
