"""The accountant's browser as a bare client, for tests that write each form and header by hand."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.accounting.ledger_support import Books

HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def browser(app: Flask, books: Books) -> FlaskClient:
    """The accountant's browser."""
    found = app.test_client()
    found.set_cookie("login", books.session.cookie)
    return found


def get(browser: FlaskClient, url: str) -> str:
    """A page that must open."""
    answer = browser.get(url, headers=HERE)
    assert answer.status_code == 200, answer.text[:2000]
    return answer.text


def token(page: str) -> dict[str, str]:
    """The token of a page's form, as a form sends it; nothing where the page has none."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    return {"csrf_token": found[1]} if found else {}


def post(browser: FlaskClient, url: str, page: str, **values: object) -> TestResponse:
    """Sends a form with the token of the page it stands on."""
    return browser.post(url, data={**token(page), **values}, headers=HERE)
