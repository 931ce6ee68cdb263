"""The close of a month: two people, checks that the data ticks, reasons that stay, the lock."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from flask import Flask

from app.accounting.close import commands as close_commands
from app.accounting.close import queries as close_queries
from app.kernel.errors import Forbidden
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.close_stage import MONTH, at, bookkeeper, books, browser, state
from tests.accounting.ledger_support import RIGHTS, Books
from tests.http import Browser

__all__ = ["at", "bookkeeper", "books", "browser"]


def test_two_people_close_a_month_on_screen(
    browser: Browser, bookkeeper: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = bookkeeper.get(at)
    assert page.status_code == 200, page.get_data(as_text=True)
    assert bookkeeper.post(f"{at}/hand-in", {"note": "Rent is estimated"}).status_code == 303
    assert state(admin, books) == ("in_review", "in_review")

    own = bookkeeper.post(f"{at}/close", {})
    assert own.status_code == 409
    assert "A second person" in own.get_data(as_text=True)

    seen = browser.get(at).get_data(as_text=True)
    assert "Rent is estimated" in seen
    assert browser.post(f"{at}/close", {}).status_code == 303
    assert state(admin, books) == ("closed", "closed")
    metered = admin.execute(
        "select count(*) from app.usage_event where tenant_id = %s and meter = 'month_closed'",
        (books.tenant,),
    ).fetchone()
    assert metered == (1,)


def test_a_month_is_sent_back_with_a_reason_and_reopened_with_one(
    browser: Browser, bookkeeper: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    ledger_support.role_with(admin, "ledger_tester", ("request.ask", "document.read"))
    bookkeeper.get(at)
    bookkeeper.post(f"{at}/hand-in", {})
    browser.get(at)
    assert browser.post(f"{at}/send-back", {"reason": ""}).status_code == 422
    sent = browser.post(f"{at}/send-back", {"reason": "The rent of April is missing"}, follow=True)
    assert "The rent of April is missing" in sent.get_data(as_text=True)
    assert state(admin, books) == ("open", "open")
    client = at.partition("/books/")[0]
    desk = bookkeeper.get(f"{client}/questions").get_data(as_text=True)
    assert "The rent of April is missing" in desk
    assert f'href="{at}"' in desk
    note = admin.execute(
        "select audience, to_person, done_at is null from app.note where tenant_id = %s",
        (books.tenant,),
    ).fetchone()
    assert books.second is not None
    assert note == ("sent_back", books.second.person_id, True)

    bookkeeper.post(f"{at}/hand-in", {})
    right = admin.execute(
        "select count(*) from app.note where tenant_id = %s and done_at is null", (books.tenant,)
    ).fetchone()
    assert right == (0,)
    browser.post(f"{at}/close", {})
    assert browser.post(f"{at}/reopen", {"reason": ""}).status_code == 422
    opened = browser.post(f"{at}/reopen", {"reason": "A late bill came"}, follow=True)
    text = opened.get_data(as_text=True)
    assert "A late bill came" in text
    assert "The rent of April is missing" in text
    assert state(admin, books) == ("open", "open")


def test_the_hand_in_is_taken_back_by_undo(
    bookkeeper: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    bookkeeper.get(at)
    page = bookkeeper.post(f"{at}/hand-in", {}, follow=True).get_data(as_text=True)
    address = page.split('action="')[1:]
    undo = next(part.split('"')[0] for part in address if "/undo/" in part.split('"')[0])
    assert bookkeeper.post(undo, {}).status_code == 303
    assert state(admin, books) == ("open", "open")


def test_a_red_check_refuses_the_close_with_its_list(
    browser: Browser, bookkeeper: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    bookkeeper.get(at)
    bookkeeper.post(f"{at}/steps", {"title": "Wages agreed with the office"})
    bookkeeper.post(f"{at}/hand-in", {})
    browser.get(at)

    answer = browser.post(f"{at}/close", {})

    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "own steps are done: 1" in text
    assert state(admin, books) == ("in_review", "in_review")


def test_who_may_override_writes_why_and_the_reason_stays(
    app: Flask, books: Books, at: str, admin: psycopg.Connection
) -> None:
    with books.open():
        close_commands.add_step(period_id=MONTH, title="Count the stock")
    books.hand_in(MONTH)
    role = ledger_support.role_with(
        admin, "close_overrider", (*RIGHTS, "accounting.close_override")
    )
    boss = Browser(app, factories.staff(admin, books.tenant, role=role))
    boss.get(at)
    with pytest.raises(Forbidden), books.open():
        close_commands.close(period_id=MONTH, override="I would like to very much")
    assert boss.post(f"{at}/close", {"override": "short"}).status_code == 422

    done = boss.post(f"{at}/close", {"override": "The stock is counted in May"}, follow=True)

    text = done.get_data(as_text=True)
    assert "The stock is counted in May" in text
    assert "own steps are done: 1" in text
    assert state(admin, books) == ("closed", "closed")


def test_steps_are_ticked_and_come_again_next_month(books: Books) -> None:
    with books.open():
        every = close_commands.add_step(period_id=MONTH, title="Every month")
        once = close_commands.add_step(period_id=MONTH, title="Only now", only_once=True)
        close_commands.tick(period_id=MONTH, step_id=every, note="by phone")
    with books.open():
        april = close_queries.steps(close_queries.month(MONTH))
        may = close_queries.steps(close_queries.month(MONTH + 1))
        march = close_queries.steps(close_queries.month(MONTH - 1))
    assert [(one.id, one.done) for one in april] == [(every, True), (once, False)]
    assert [(one.id, one.done) for one in may] == [(every, False)]
    assert march == []
    with books.open():
        close_commands.remove_step(period_id=MONTH + 1, step_id=every)
    with books.open():
        assert close_queries.steps(close_queries.month(MONTH + 1)) == []
        assert len(close_queries.steps(close_queries.month(MONTH))) == 2


def test_months_before_and_open_steps_are_counted_for_the_board(
    books: Books, admin: psycopg.Connection
) -> None:
    books.post(on=dt.date(2026, 2, 3))
    with books.open():
        close_commands.add_step(period_id=MONTH, title="Look at the cash box")
    row = admin.execute(
        "select figures, blocking from app.close_month where tenant_id = %s and period_id = %s",
        (books.tenant, MONTH),
    ).fetchone()
    assert row is not None
    assert row[0]["earlier"] == 1
    assert row[0]["steps"] == 1
    assert row[1] >= 2


def test_the_desk_says_how_many_months_are_to_close(
    books: Books, admin: psycopg.Connection
) -> None:
    def figure() -> tuple[int, str]:
        row = admin.execute(
            "select n, state from app.client_figure where tenant_id = %s"
            " and name = 'months_to_close'",
            (books.tenant,),
        ).fetchone()
        assert row is not None
        return row

    before, _state = figure()
    books.close(202601)
    assert figure() == (before - 1, "open")
    with books.open():
        close_commands.reopen(period_id=202601, reason="again")
    assert figure()[0] == before


def test_a_bookkeeper_without_the_right_hands_in_but_does_not_close(
    app: Flask, books: Books, at: str, admin: psycopg.Connection
) -> None:
    clerk = Browser(app, factories.staff(admin, books.tenant, role="finance_assistant"))
    clerk.get(at)
    assert clerk.post(f"{at}/hand-in", {}).status_code == 303
    assert clerk.post(f"{at}/close", {}).status_code == 403
    assert clerk.post(f"{at}/send-back", {"reason": "no"}).status_code == 403
    assert state(admin, books) == ("in_review", "in_review")


def test_the_next_client_opens_at_the_same_calendar_month_and_step(
    app: Flask, worker_app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    other = ledger_support.make_books(
        app, worker_app, admin, years=(2026, 2027), fiscal_start_month=4
    )
    factories.grant(
        admin, other.tenant, books.session.person_id, role="ledger_tester", lines=("accounting",)
    )
    browser = Browser(app, books.session)
    at = f"/c/{factories.slug_of(admin, books.tenant)}/books/close/202605"
    page = browser.get(f"{at}?focus=steps").get_data(as_text=True)
    following = next(
        part.split('"')[0].replace("&amp;", "&")
        for part in page.split('href="')
        if "/next?" in part.split('"')[0] and "step=-1" not in part.split('"')[0]
    )
    there = browser.client.get(following, follow_redirects=True)
    assert there.request.path.endswith(
        f"{factories.slug_of(admin, other.tenant)}/books/close/202702"
    )
    assert there.request.args["focus"] == "steps"
    assert "May 2026" in there.get_data(as_text=True)


def test_an_unknown_month_is_not_found(browser: Browser, at: str) -> None:
    assert browser.get(at.replace(str(MONTH), "209912")).status_code == 404


def test_who_and_when_are_kept_and_a_stale_page_is_told(
    browser: Browser, at: str, books: Books
) -> None:
    browser.get(at)
    with books.open(read_only=True):
        version = close_queries.month(MONTH).version
    form = {"owner": "me", "due_on": "2026-05-20", "version": str(version)}
    page = browser.post(f"{at}/assign", form, follow=True).get_data(as_text=True)
    assert "2026-05-20" in page
    assert browser.post(f"{at}/assign", form).status_code == 409
