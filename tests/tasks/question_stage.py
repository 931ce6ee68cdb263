"""A client of this module, how a question stands, and calls of the API."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.tasks import questions_queries
from tests.http import Browser
from tests.tasks import request_stage
from tests.tasks.request_stage import Place

HERE = {"Sec-Fetch-Site": "same-origin"}


BANK = "bank_transaction"


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: object) -> Place:
    """A client with three bank lines."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin)


def state(place: Place, question: UUID) -> str:
    with place.acting(place.staff):
        return questions_queries.one(question).state


def send(browser: Browser, address: str, body: object) -> TestResponse:
    headers = {**HERE, "X-CSRF-Token": browser.token}
    if body is None:
        return browser.client.post(address, headers=headers)
    return browser.client.post(address, headers=headers, json=body)
