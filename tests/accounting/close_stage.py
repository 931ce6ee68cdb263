"""A client whose April is to be closed, and the people who do it."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from flask import Flask

from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.http import Browser

MONTH = 202604


FIRST = dt.date(2026, 4, 1)


COUNTED = "update app.close_month set counted_at = now(), counted_version = ledger.books_version()"


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client whose books begin in April 2026, with one entry a month."""
    return ledger_support.make_books(app, worker_app, admin, years=(2026, 2026))


@pytest.fixture
def at(books: Books, admin: psycopg.Connection) -> str:
    """The close page of April."""
    return f"/c/{factories.slug_of(admin, books.tenant)}/books/close/{MONTH}"


@pytest.fixture
def browser(app: Flask, books: Books) -> Browser:
    """The reviewer's browser."""
    return Browser(app, books.session)


@pytest.fixture
def bookkeeper(app: Flask, books: Books) -> Browser:
    """The other accountant's browser."""
    assert books.second is not None
    return Browser(app, books.second)


def state(admin: psycopg.Connection, books: Books, period: int = MONTH) -> tuple[str, str]:
    """The month's state in the ledger and on the board; both must agree."""
    row = admin.execute(
        "select p.state, m.state from ledger.period p join app.close_month m"
        " on m.tenant_id = p.tenant_id and m.period_id = p.id"
        " where p.tenant_id = %s and p.id = %s",
        (books.tenant, period),
    ).fetchone()
    assert row is not None
    return row
