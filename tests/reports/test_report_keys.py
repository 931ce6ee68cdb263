"""The keys of a report in a real browser: from a figure to entry, bank line and person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import expect
from werkzeug.serving import make_server

from app.accounting import commands
from app.accounting.bank import commands as bank_commands
from app.accounting.bank.commands import AccountCoding
from tests.accounting import reconcile_scene
from tests.accounting.reconcile_scene import Scene
from tests.serving import serving
from tests.web.browser import browser

__all__ = ["browser"]

REPORTS = (
    "profit-and-loss",
    "balance-sheet",
    "trial-balance",
    "cash-flow",
    "general-ledger",
    "receivables-by-age",
    "payables-by-age",
)
MARCH = "period=2026-03&span=month&cmp=none"


@pytest.fixture
def scene(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Scene:
    """Bank lines booked, and some that pay a part of what a customer and a supplier claim."""
    rows = [
        *reconcile_scene.flour(3),
        ("260320", "40,00", "Golden Mill part"),
        ("260321", "-50,00", "Golden Mill bill"),
    ]
    scene = reconcile_scene.make(app, worker_app, admin, rows=rows)
    accounts = scene.books.accounts
    codings = {4_000: ("1100", "Harrow"), -5_000: ("2000", "Ostend")}
    lines = scene.lines("to_do")
    with scene.books.open():
        for line in lines:
            code, name = codings.get(line.amount_minor, ("5000", ""))
            who = name and commands.create_counterparty(name=name, kind="other")
            coding = AccountCoding(accounts[code], counterparty_id=who or None)
            bank_commands.book_line(line_id=line.id, version=line.version, coding=coding)
    return scene


@pytest.fixture(scope="module")
def server(app: Flask) -> Iterator[str]:
    """The application on a port of its own."""
    made = make_server("localhost", 0, app, threaded=True)
    with serving(made):
        yield f"http://localhost:{made.port}"


@pytest.fixture
def opened(browser: Any, server: str, scene: Scene) -> Iterator[Callable[[str], Any]]:
    """Opens a report of March as the accountant."""
    context = browser.new_context(
        base_url=server,
        viewport={"width": 1440, "height": 900},
        locale="en-GB",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(20_000)
    context.add_cookies([{"name": "login", "value": scene.books.session.cookie, "url": server}])
    page = context.new_page()

    def make(key: str) -> Any:
        page.goto(f"/c/{scene.slug}/reports/{key}?{MARCH}")
        return page

    yield make
    context.close()


@pytest.mark.parametrize("key", REPORTS)
def test_two_keys_lead_from_a_figure_to_its_entries_bank_lines_and_people(
    opened: Callable[[str], Any], key: str
) -> None:
    page = opened(key)
    # the first that is not nought: nothing is behind what nobody has posted
    figures = page.locator("tr.ind [data-cell]").filter(has_text=re.compile("[1-9]"))
    figures.first.focus()
    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    expect(panel.get_by_text("Postings behind the figure")).to_be_attached()
    row = panel.locator("tr[data-row]").first
    expect(row).to_contain_text(re.compile(r"\d{4}/\d+"))
    expect(row.get_by_role("link", name="Bank line")).to_be_attached()
    assert row.locator("td").nth(4).inner_text().strip(), "who posted it"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/drill"))
    row = page.locator("tr[data-row]").first
    row.get_by_role("link", name="Bank line").click()
    expect(page.locator("main")).to_contain_text("Golden Mill")


def test_a_figure_of_nought_says_that_nothing_was_posted(opened: Callable[[str], Any]) -> None:
    page = opened("cash-flow")
    cell = page.locator("tr.ind [data-cell]").first
    expect(cell).to_have_text("0.00")
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_contain_text("Nothing was posted")
