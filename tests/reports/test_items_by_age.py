"""Open items by age as a report: every figure leads to its items, and the ledger agrees."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from flask import Flask

from app.accounting.open_items import commands as settle
from app.accounting.open_items.values import Pairing
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_open_items_ledger import claim, contact
from tests.http import Browser
from tests.reports.test_figures import amounts, crawl

ON = dt.date(2026, 6, 30)


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client whose customers owe for today and for up to 120 days; one paid in July."""
    books = ledger_support.make_books(app, worker_app, admin)
    for place in range(3):
        who = contact(books)
        for days in (0, 1, 30, 31, 60, 61, 90, 91, 120):
            claim(books, who, 10_000 + 100 * place + days, on=ON - dt.timedelta(days))
        paid = claim(books, who, -10_091 - 100 * place, on=dt.date(2026, 7, 10), against="1010")
        owed = claim(books, who, 10_091 + 100 * place, on=ON - dt.timedelta(45))
        with books.open():
            settle.allocate(pairs=[Pairing(owed, paid, 10_091 + 100 * place)])
    return books


@pytest.fixture
def slug(books: Books, admin: psycopg.Connection) -> str:
    """The client's name in addresses."""
    return factories.slug_of(admin, books.tenant)


@pytest.mark.parametrize("asked", ["on=2026-06-30", "on=2026-05-15", "on=2026-07-31"])
def test_every_figure_by_age_leads_to_items_that_add_up(
    app: Flask, books: Books, slug: str, asked: str
) -> None:
    browser = Browser(app, books.session)
    assert crawl(browser, f"/c/{slug}/reports/receivables-by-age?{asked}") >= 20


def test_what_is_settled_later_stands_open_on_the_day_and_the_ledger_agrees(
    app: Flask, books: Books, slug: str
) -> None:
    before = amounts(app, books, f"/c/{slug}/reports/receivables-by-age.csv?on=2026-06-30")
    assert before["Proof: open items less control accounts"][-1] == "0.00"
    # items of three contacts: today; 1 and 30 days; 31, 45 and 60; 61 and 90; 91 and 120
    assert before["Total"] == ["303.00", "606.93", "914.46", "610.53", "612.33", "3047.25"]
    after = amounts(app, books, f"/c/{slug}/reports/receivables-by-age.csv?on=2026-07-31")
    assert after["Proof: open items less control accounts"][-1] == "0.00"


def test_nothing_owed_to_suppliers_is_said(app: Flask, books: Books, slug: str) -> None:
    page = Browser(app, books.session).get(f"/c/{slug}/reports/payables-by-age?on=2026-06-30")
    assert page.status_code == 200


@pytest.mark.parametrize("ending", ["xlsx", "pdf"])
def test_items_by_age_are_taken_as_files(app: Flask, books: Books, slug: str, ending: str) -> None:
    address = f"/c/{slug}/reports/receivables-by-age.{ending}?on=2026-06-30"
    file = Browser(app, books.session).client.get(address)
    assert file.status_code == 200
    assert len(file.data) > 3000
