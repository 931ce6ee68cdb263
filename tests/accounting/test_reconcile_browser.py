"""Reconciling in a real browser: keys, a slow line that is cut, a server that fails."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import expect
from werkzeug.serving import make_server

from app.cli.benches import _slow_line
from tests.accounting import reconcile_scene
from tests.accounting.reconcile_scene import Scene
from tests.serving import serving
from tests.web.browser import browser, context_of, violations

__all__ = ["browser"]

ROWS = [*reconcile_scene.flour(12), ("260329", "-77,00", "Unknown shop")]


@pytest.fixture
def scene(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Scene:
    """Twelve lines that a rule fits and one that nothing fits."""
    return reconcile_scene.make(app, worker_app, admin, rows=ROWS)


@pytest.fixture(scope="module")
def server(app: Flask) -> Iterator[str]:
    """The application on a port of its own."""
    made = make_server("localhost", 0, app, threaded=True)
    with serving(made):
        yield f"http://localhost:{made.port}"


@pytest.fixture
def opened(browser: Any, server: str, scene: Scene) -> Iterator[Callable[..., Any]]:
    """Opens the screen as the accountant."""
    contexts: list[Any] = []

    def make(width: int = 1440, theme: str = "light", *, bypass_csp: bool = False) -> Any:
        cookie = scene.books.session.cookie
        context = context_of(
            browser, server, cookie=cookie, width=width, theme=theme, bypass_csp=bypass_csp
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(scene.url)
        return page

    yield make
    for context in contexts:
        context.close()


def left(page: Any, count: int) -> None:
    expect(page.locator("#lines tr[data-row]")).to_have_count(count)


def saved(page: Any) -> None:
    expect(page.locator("#unsaved")).to_be_hidden()


def test_enter_accepts_and_goes_on_but_never_accepts_no_match(opened: Any, scene: Scene) -> None:
    page = opened()
    for _ in range(12):
        page.keyboard.press("Enter")
    left(page, 1)
    page.keyboard.press("Enter")
    left(page, 1)
    saved(page)
    assert scene.booked() == 12
    expect(page.locator("#lines tr[aria-current]")).to_contain_text("Unknown shop")


def opened_panel(page: Any) -> None:
    """Waits for the current line's panel: its keys are there when it is."""
    expect(page.locator("#rec-panel [data-panel]")).to_have_count(1)


def test_counts_of_the_views_are_right_as_soon_as_the_last_act_is_saved(opened: Any) -> None:
    page = opened()
    to_do = page.locator("#rec-tabs .chip", has_text="To do")
    done = page.locator("#rec-tabs .chip", has_text="Done")
    expect(to_do).to_contain_text("13")
    for _ in range(3):
        page.keyboard.press("Enter")
    expect(to_do).to_contain_text("10")
    expect(done).to_contain_text("3")
    expect(page.locator("#rec-head")).to_contain_text("10")
    page.keyboard.press("z")
    expect(to_do).to_contain_text("11")
    expect(done).to_contain_text("2")


def test_split_same_skip_transfer_ask_and_undo_by_keys(opened: Any, scene: Scene) -> None:
    page = opened()
    page.keyboard.press("/")
    page.keyboard.type("25%")
    page.keyboard.press("Tab")
    page.keyboard.type("6000")
    page.keyboard.press("Enter")
    left(page, 12)
    page.keyboard.press("j")
    page.keyboard.press("k")
    opened_panel(page)
    page.keyboard.press("+")
    left(page, 11)
    opened_panel(page)
    page.keyboard.press("s")
    left(page, 10)
    opened_panel(page)
    page.keyboard.press("t")
    page.keyboard.press("Enter")
    left(page, 9)
    opened_panel(page)
    page.keyboard.press("q")
    page.keyboard.press("Enter")
    saved(page)
    assert scene.booked() == 3
    expect(page.locator("#lines .tag.acc")).to_have_count(1)
    page.keyboard.press("z")
    expect(page.locator("#lines .tag.acc")).to_have_count(0)
    page.keyboard.press("z")
    left(page, 10)
    page.keyboard.press("z")
    left(page, 11)
    assert scene.booked() == 2


def test_a_cut_line_loses_and_doubles_nothing_even_over_a_reload(
    opened: Any, scene: Scene, admin: psycopg.Connection
) -> None:
    page = opened()
    expect(page.locator("#rec-panel [data-panel]")).to_have_count(1)
    page.route(re.compile("/accept$"), lambda route: route.abort())
    for _ in range(3):
        page.keyboard.press("Enter")
    left(page, 10)
    expect(page.locator("#unsaved")).to_contain_text("3 not yet saved")
    page.reload()
    left(page, 10)
    expect(page.locator("#unsaved")).to_contain_text("3 not yet saved")
    page.unroute(re.compile("/accept$"))
    saved(page)
    assert scene.booked() == 3
    entries = admin.execute(
        "select count(*) from ledger.entry where tenant_id = %s", (scene.books.tenant,)
    ).fetchone()
    assert entries == (3,)


def test_a_line_that_goes_away_under_the_page_loses_and_doubles_nothing(
    browser: Any, server: str, scene: Scene, admin: psycopg.Connection
) -> None:
    port = int(server.rsplit(":", maxsplit=1)[1])
    with _slow_line.to(port, round_trip=0.05, loss=0.0) as line:
        base = f"http://localhost:{line.port}"
        context = context_of(browser, base, cookie=scene.books.session.cookie)
        page = context.new_page()
        page.goto(scene.url)
        expect(page.locator("#rec-panel [data-panel]")).to_have_count(1)
        page.keyboard.press("Enter")
        line.cut = True
        for _ in range(4):
            page.keyboard.press("Enter")
        left(page, 8)
        tried = time.monotonic()
        while line.turned_away < 3 and time.monotonic() - tried < 120:
            page.wait_for_timeout(50)
        assert line.turned_away >= 3
        expect(page.locator("#unsaved")).to_be_visible()
        line.cut = False
        expect(page.locator("#unsaved")).to_be_hidden()
        context.close()
    assert scene.booked() == 5
    entries = admin.execute(
        "select count(*) from ledger.entry where tenant_id = %s", (scene.books.tenant,)
    ).fetchone()
    assert entries == (5,)


def test_an_answer_that_was_lost_is_asked_for_again_and_books_once(
    opened: Any, scene: Scene, admin: psycopg.Connection
) -> None:
    page = opened()
    lost: list[int] = []

    def lose(route: Any) -> None:
        if len(lost) < 2:
            lost.append(1)
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("/accept$"), lose)
    page.keyboard.press("Enter")
    left(page, 12)
    expect(page.locator("#toasts .toast")).to_have_count(1)
    saved(page)
    assert len(lost) == 2
    entries = admin.execute(
        "select count(*) from ledger.entry where tenant_id = %s", (scene.books.tenant,)
    ).fetchone()
    assert entries == (1,)


def test_a_server_that_fails_never_looks_like_success(opened: Any, scene: Scene) -> None:
    page = opened()
    page.route(re.compile("/accept$"), lambda route: route.fulfill(status=500, body="<p>oops"))
    page.keyboard.press("Enter")
    expect(page.locator("#lines .refused")).to_contain_text("Not saved")
    left(page, 13)
    assert scene.booked() == 0


def test_who_was_slower_sees_who_did_the_line_and_when(opened: Any, scene: Scene) -> None:
    first, second = opened(), opened()
    first.keyboard.press("Enter")
    saved(first)
    left(first, 12)
    expect(first.locator("#toasts .toast")).to_have_count(1)
    second.keyboard.press("Enter")
    expect(second.locator("#lines .refused")).to_contain_text("did this line meanwhile")
    left(second, 12)
    assert scene.booked() == 1


def test_what_was_typed_survives_a_reload(opened: Any) -> None:
    page = opened()
    page.locator('[name="parts.0.account"]').fill("6000")
    page.reload()
    expect(page.locator('[name="parts.0.account"]')).to_have_value("6000")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_screen_is_accessible_and_fits(opened: Any, width: int, theme: str) -> None:
    page = opened(width, theme, bypass_csp=True)
    expect(page.locator("#rec-panel [data-panel]")).to_have_count(1)
    assert violations(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
