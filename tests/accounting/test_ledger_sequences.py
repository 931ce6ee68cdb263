"""Random sequences at the small size; `make prove NAME=ledger-sequences` runs ten thousand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import psycopg
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.accounting import ledger
from tests.accounting import ledger_sequences, ledger_support

BOOK = ledger.Book("EUR")


def test_books_hold_whatever_is_done_to_them(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    books = ledger_support.make_books(app, worker_app, admin)
    walks = [ledger_sequences.run(books, admin, steps=12, seed=seed) for seed in range(8)]
    assert sum(len(walk.posted) for walk in walks) > 20
    assert sum(walk.refused for walk in walks) > 5


@given(
    st.lists(st.integers(1, 10**12), min_size=1, max_size=40),
    st.decimals("0.0001", "9999", places=4),
)
def test_base_amounts_of_a_balanced_set_balance(amounts: list[int], rate: Decimal) -> None:
    found = ledger.base_amounts([*amounts, -sum(amounts)], "JPY", BOOK, rate)
    assert sum(found) == 0
    assert found[-1] == ledger.base_amount(-sum(amounts), "JPY", BOOK, rate)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 12, 31)), st.integers(1, 12))
def test_a_fiscal_year_is_named_after_the_year_it_ends_in(day: dt.date, start: int) -> None:
    year, place = divmod(ledger.period_of(day, start), 100)
    assert 1 <= place <= 12
    ends = dt.date(year, 12, 31) if start == 1 else dt.date(year, start, 1)
    assert day <= ends
    assert (day.year - year) in (0, -1)


@given(st.lists(st.integers(-(10**14), 10**14).filter(bool), min_size=1, max_size=20))
def test_a_draft_is_valid_exactly_when_it_balances(amounts: list[int]) -> None:
    postings = tuple(ledger.PostingInput(uuid4(), amount, "EUR") for amount in amounts)
    draft = ledger.EntryDraft("GEN", dt.date(2026, 1, 1), "x", postings, "k")
    assert bool(ledger.validate(draft, BOOK)) == (sum(amounts) != 0 or len(amounts) < 2)
    back = ledger.reversal(postings)
    assert [a.amount + b.amount for a, b in zip(postings, back, strict=True)] == [0] * len(amounts)
