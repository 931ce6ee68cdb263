"""Entries and their reversals of one month fold away; sums and running balances stay right."""

from __future__ import annotations

import datetime as dt

import psycopg
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from app.accounting import commands, queries
from app.accounting.queries import AccountRow
from app.kernel import ids
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books

HERE = {"Sec-Fetch-Site": "same-origin"}
START = dt.date(2026, 3, 1)


def reverse(books: Books, entry_id: object, on: dt.date) -> None:
    with books.open():
        commands.reverse_entry(entry_id=entry_id, key=str(ids.uuid7()), date=on)  # type: ignore[arg-type]  # an entry's id


def pages(books: Books, *, limit: int, **span: dt.date | None) -> list[AccountRow]:
    """All rows of the account, page by page, folded; each page opens where the last one ended."""
    found: list[AccountRow] = []
    after = None
    closing = None
    while True:
        with books.open(read_only=True):
            page = queries.account_page(
                account_id=books.accounts["1010"], after=after, limit=limit, fold=True, **span
            )
        assert closing is None or page.opening == closing
        running = page.opening
        for row in page.rows:
            running += row.base
            assert row.running == running
        found += page.rows
        after, closing = page.next, page.closing
        if after is None:
            return found


def test_a_corrected_entry_is_seen_only_when_asked_for(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    kept, wrong = books.post((111, -111)), books.post((222, -222))
    reverse(books, wrong.id, dt.date(2026, 3, 20))
    browser = app.test_client()
    browser.set_cookie("login", books.session.cookie)
    base = f"/c/{factories.slug_of(admin, books.tenant)}/books"
    for where in (f"{base}/journal", f"{base}/accounts/{books.accounts['1010']}"):
        short = browser.get(where, headers=HERE).text
        assert f"entries/{kept.id}" in short
        assert f"entries/{wrong.id}" not in short
        assert f"entries/{wrong.id}" in browser.get(f"{where}?corrected=1", headers=HERE).text


def test_a_reversal_of_another_month_or_outside_the_span_is_shown(books: Books) -> None:
    later, split = books.post((10, -10)), books.post((20, -20))
    reverse(books, later.id, dt.date(2026, 4, 2))
    reverse(books, split.id, dt.date(2026, 3, 25))
    assert [row.base for row in pages(books, limit=10)] == [10, -10]
    half = pages(books, limit=10, first=dt.date(2026, 3, 10), last=None)
    assert [row.base for row in half] == [-20, -10]


@settings(max_examples=15)
@given(
    made=st.lists(
        st.tuples(st.integers(0, 45), st.integers(1, 900), st.none() | st.integers(0, 20)),
        min_size=1,
        max_size=7,
    ),
    limit=st.integers(1, 4),
    first=st.none() | st.integers(0, 40),
)
def test_running_balances_of_folded_pages_add_up_whatever_is_reversed(
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    made: list[tuple[int, int, int | None]],
    limit: int,
    first: int | None,
) -> None:
    books = ledger_support.make_books(app, worker_app, admin, years=(2026, 2026))
    for day, amount, later in made:
        on = START + dt.timedelta(days=day)
        entry = books.post((amount, -amount), on=on)
        if later is not None:
            reverse(books, entry.id, on + dt.timedelta(days=later))
    since = None if first is None else START + dt.timedelta(days=first)
    rows = pages(books, limit=limit, first=since)
    with books.open(read_only=True):
        total = {
            row.code: row.balance for row in queries.trial_balance(on=dt.date(2026, 12, 31)).rows
        }
        opening = (
            {}
            if since is None
            else {
                row.code: row.balance
                for row in queries.trial_balance(on=since - dt.timedelta(days=1)).rows
            }
        )
    assert opening.get("1010", 0) + sum(row.base for row in rows) == total.get("1010", 0)
