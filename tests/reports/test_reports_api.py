"""Reports over the API: the same figures, the postings behind them, packs published."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from flask import Flask

from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.http import Browser

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with two entries of March."""
    books = ledger_support.make_books(app, worker_app, admin)
    books.post([1_234_500, -1_234_500])
    books.post([40_000, -40_000], codes=["6100", "1010"], on=dt.date(2026, 3, 9))
    return books


@pytest.fixture
def base(books: Books, admin: psycopg.Connection) -> str:
    """The client's part of the API."""
    return f"/api/v1/clients/{factories.slug_of(admin, books.tenant)}"


def call(app: Flask, books: Books, method: str, address: str, body: object = None) -> object:
    """One call as the signed-in accountant."""
    browser = Browser(app, books.session)
    browser.get("/desk")
    token = browser.token
    headers = {**SAME, "X-CSRF-Token": token}
    answer = browser.client.open(address, method=method, json=body, headers=headers)
    assert answer.status_code < 300, answer.get_data(as_text=True)
    return answer.get_json()


def test_a_figure_and_the_postings_behind_it_agree(app: Flask, books: Books, base: str) -> None:
    asked = "from=2026-03-01&to=2026-03-31&cmp=none"
    found = call(app, books, "GET", f"{base}/reports/profit-and-loss?{asked}")
    assert isinstance(found, dict)
    rows = {row["key"]: row for row in found["rows"]}
    assert rows["net_profit"]["amounts"] == ["1194500"]
    lines = call(
        app, books, "GET", f"{base}/reports/profit-and-loss/postings?{asked}&cell=net_profit:now"
    )
    assert isinstance(lines, dict)
    assert sum(int(line["amount"]) for line in lines["items"]) == 1_194_500


def test_a_pack_is_made_published_read_and_withdrawn(app: Flask, books: Books, base: str) -> None:
    body = {"title": "March", "first_on": "2026-03-01", "last_on": "2026-03-31",
            "parts": [{"key": "balance-sheet"}, {"key": "cash-flow", "cmp": "none"}]}  # fmt: skip
    made = call(app, books, "POST", f"{base}/report-packs", body)
    assert isinstance(made, dict)
    address = f"{base}/report-packs/{made['id']}"
    published = call(app, books, "POST", f"{address}/publish", {"version": 1})
    assert isinstance(published, dict)
    whole = call(app, books, "GET", f"{base}/published-packs/{published['id']}")
    assert isinstance(whole, dict)
    assert [one["key"] for one in whole["reports"]] == ["balance-sheet", "cash-flow"]
    gone = call(app, books, "POST", f"{base}/published-packs/{published['id']}/withdraw")
    assert isinstance(gone, dict)
    assert gone["withdrawn_at"]
