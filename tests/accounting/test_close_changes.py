"""Unusual changes of a month: what counts as one, and how it is explained."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounting import commands
from app.accounting.close import changes as close_changes
from app.accounting.close import checks as close_checks
from app.accounting.close import commands as close_commands
from app.accounting.close import queries as close_queries
from app.accounting.close.changes import Moved
from app.kernel import ids
from app.kernel.errors import Conflict, DomainError, Invalid
from tests import factories
from tests.accounting.close_stage import MONTH, at, books, browser
from tests.accounting.ledger_support import Books
from tests.http import Browser

__all__ = ["at", "books", "browser"]


def _costs(books: Books, months: int, usual: int, last: int) -> int:
    for place in range(months):
        amount = last if place == months - 1 else usual
        books.post((amount, -amount), codes=("6100", "1010"), on=dt.date(2026, 1 + place, 9))
    return 202600 + months


def test_an_unusual_change_is_explained_until_the_figure_moves(
    browser: Browser, books: Books, admin: psycopg.Connection
) -> None:
    period = _costs(books, 5, 200_000, 450_000)
    at = f"/c/{factories.slug_of(admin, books.tenant)}/books/close/{period}"
    account = books.accounts["6100"]
    with books.open(read_only=True):
        assert close_checks.changes(period) == 1
    browser.get(at)

    form = {"account_id": str(account), "text": "Two rents were paid", "in_pack": "true"}
    page = browser.post(f"{at}/explain", form, follow=True).get_data(as_text=True)

    assert "Two rents were paid" in page
    with books.open(read_only=True):
        assert close_checks.changes(period) == 0
        assert list(close_queries.explanations(period, in_pack=True)) == [account]
    books.post((1, -1), codes=("6100", "1010"), on=dt.date(2026, 5, 10))
    with books.open(read_only=True):
        assert close_checks.changes(period) == 1


def test_what_is_unusual_is_each_clients_own(books: Books, browser: Browser) -> None:
    period = _costs(books, 5, 200_000, 450_000)
    with books.open():
        kept = close_queries.plan()
        close_commands.keep_plan(
            type(kept)(change_percent=500, change_minor=0, version=kept.version)
        )
        assert close_checks.changes(period) == 0
    with pytest.raises(Conflict), books.open():
        close_commands.keep_plan(type(kept)(version=7))


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=9))
def test_the_median_lies_between_and_splits_the_values(values: list[int]) -> None:
    middle = close_changes.median(values)
    assert min(values) <= middle <= max(values)
    assert 2 * sum(one < middle for one in values) <= len(values)
    assert 2 * sum(one > middle for one in values) <= len(values)


@given(
    st.lists(st.integers(0, 10**9), min_size=3, max_size=6),
    st.integers(0, 10**9),
    st.integers(0, 300),
    st.integers(0, 10**6),
)
def test_a_change_is_unusual_only_beyond_both_bounds(
    past: list[int], now: int, percent: int, minor: int
) -> None:
    months = [dt.date(2026, 1 + place, 1) for place in range(len(past) + 1)]
    earned = dict(zip(months, [*past, now], strict=True))
    found = close_changes.unusual(
        [Moved(ids.uuid7(), "4000", "Sales", "income", earned)],
        month=months[-1],
        before=months[:-1],
        percent=percent,
        minor=minor,
    )
    usual = close_changes.median(past)
    far = abs(now - usual)
    assert bool(found) == (far > minor and far * 100 > usual * percent)


def test_a_reason_of_blanks_is_no_reason(books: Books) -> None:
    books.close(MONTH)
    with pytest.raises(Invalid), books.open():
        close_commands.reopen(period_id=MONTH, reason="  ")
    with pytest.raises(DomainError, match="reason-needed"), books.open():
        commands.reopen_period(period_id=MONTH, reason=" ")
