"""The close board: all clients' months on one page, kept figures, acts on many at once."""

from __future__ import annotations

import re

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event

from app.accounting.close import board_queries as close_board_queries
from app.accounting.close import commands as close_commands
from app.accounting.close import jobs as close_jobs
from app.kernel import db, jobs
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import LINES, Books
from tests.http import Browser

MONTH = 202604
AT = "/desk/close/2026-04"


@pytest.fixture
def firms(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> list[Books]:
    """Three clients of one accountant."""
    made = [ledger_support.make_books(app, worker_app, admin, years=(2026, 2026)) for _ in range(3)]
    for other in made[1:]:
        factories.grant(
            admin, other.tenant, made[0].session.person_id, role="ledger_tester", lines=LINES
        )
    return made


@pytest.fixture
def browser(app: Flask, firms: list[Books]) -> Browser:
    """The accountant's browser."""
    return Browser(app, firms[0].session)


def rows(page: str) -> list[str]:
    """The rows of the board by their keys."""
    return re.findall(r'<tr id="r-([^"]+)"', page)


def state(admin: psycopg.Connection, firm: Books) -> str:
    row = admin.execute(
        "select state from ledger.period where tenant_id = %s and id = %s", (firm.tenant, MONTH)
    ).fetchone()
    admin.commit()
    assert row is not None
    return str(row[0])


def test_every_client_stands_on_the_board_with_what_is_left(
    browser: Browser, firms: list[Books], admin: psycopg.Connection
) -> None:
    with firms[0].open():
        close_commands.add_step(period_id=MONTH, title="Wages agreed")
    page = browser.get(AT).get_data(as_text=True)
    assert {f"{one.tenant}_{MONTH}" for one in firms} == set(rows(page))
    slug = factories.slug_of(admin, firms[0].tenant)
    assert f"/c/{slug}/books/close/{MONTH}?focus=steps" in page


def test_the_board_asks_the_same_number_of_statements_for_any_number_of_clients(
    app: Flask, browser: Browser, firms: list[Books]
) -> None:
    found: list[int] = []

    def counted() -> int:
        number = [0]

        def add(*_arguments: object) -> None:
            number[0] += 1

        with app.app_context():
            event.listen(db.db.engine, "before_cursor_execute", add)
            browser.get(AT)
            event.remove(db.db.engine, "before_cursor_execute", add)
        return number[0]

    counted()
    found.append(counted())
    with firms[1].open():
        close_commands.add_step(period_id=MONTH, title="One more")
    found.append(counted())
    assert found[0] == found[1] <= 10


def test_many_are_handed_in_and_taken_back_at_once(
    browser: Browser, firms: list[Books], admin: psycopg.Connection
) -> None:
    browser.get(AT)
    firms[2].hand_in(MONTH)
    ids = [f"{one.tenant}_{MONTH}" for one in firms]

    page = browser.post("/desk/close/hand-in", {"ids": ids}, follow=True).get_data(as_text=True)

    assert "Done for 2 clients" in page
    assert "in review or closed already" in page
    assert [state(admin, one) for one in firms] == ["in_review"] * 3
    undo = re.search(r'action="(/desk/close/take-back[^"]+)"', page)
    assert undo is not None
    browser.post(undo[1].replace("&amp;", "&"), {})
    assert [state(admin, one) for one in firms] == ["open", "open", "in_review"]


def test_a_board_of_nonsense_is_refused(browser: Browser) -> None:
    browser.get(AT)
    assert browser.get("/desk/close/2026-13").status_code == 404
    assert browser.post("/desk/close/hand-in", {}).status_code == 422
    assert browser.post("/desk/close/hand-in", {"ids": ["x_1"]}).status_code == 422


def test_months_are_taken_and_found_by_person_step_and_state(
    browser: Browser, firms: list[Books]
) -> None:
    browser.get(AT)
    mine = f"{firms[1].tenant}_{MONTH}"
    browser.post("/desk/close/take", {"ids": [mine]})
    me = str(firms[0].session.person_id)
    assert rows(browser.get(f"{AT}?owner={me}").get_data(as_text=True)) == [mine]
    assert rows(browser.get(f"{AT}?view=mine").get_data(as_text=True)) == [mine]
    with firms[2].open():
        close_commands.add_step(period_id=MONTH, title="A step")
    found = rows(browser.get(f"{AT}?step=steps").get_data(as_text=True))
    assert f"{firms[2].tenant}_{MONTH}" in found
    assert mine not in found
    firms[1].close(MONTH)
    assert rows(browser.get(f"{AT}?view=closed").get_data(as_text=True)) == [mine]


@pytest.mark.parametrize("sort", ["name", "-name", "left", "-left", "due", "-due"])
def test_pages_hold_each_client_once_in_any_order(
    sort: str, browser: Browser, firms: list[Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = close_board_queries.read
    monkeypatch.setattr(close_board_queries, "read", lambda *a, **k: real(*a, **{**k, "limit": 1}))
    seen: list[str] = []
    address: str | None = f"{AT}?sort={sort}"
    while address:
        page = browser.get(address).get_data(as_text=True)
        seen += rows(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else None
    assert sorted(seen) == sorted(f"{one.tenant}_{MONTH}" for one in firms)


def test_the_clock_counts_what_nobody_touched(
    worker_app: Flask, browser: Browser, firms: list[Books], admin: psycopg.Connection
) -> None:
    browser.get(AT)
    browser.post("/desk/close/count", {"ids": [f"{firms[0].tenant}_{MONTH}"]})
    jobs.run_due(worker_app)
    row = admin.execute(
        "select count(*) from app.close_month where tenant_id = %s and counted_at is not null",
        (firms[0].tenant,),
    ).fetchone()
    assert row is not None
    assert row[0] >= close_jobs.MOST_MONTHS


def test_a_stranger_sees_no_row_and_hands_nothing_in(
    app: Flask, firms: list[Books], worker_app: Flask, admin: psycopg.Connection
) -> None:
    other = ledger_support.make_books(app, worker_app, admin, years=(2026, 2026))
    stranger = Browser(app, other.session)
    page = stranger.get(AT).get_data(as_text=True)
    assert rows(page) == [f"{other.tenant}_{MONTH}"]
    stranger.post("/desk/close/hand-in", {"ids": [f"{firms[0].tenant}_{MONTH}"]})
    assert state(admin, firms[0]) == "open"
