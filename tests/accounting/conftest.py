"""Books of its own for each test, and the accountant's browser."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.http import Browser


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with books of its own."""
    return ledger_support.make_books(app, worker_app, admin)


@pytest.fixture
def browser(app: Flask, books: Books) -> Browser:
    """The accountant's browser."""
    return Browser(app, books.session)
