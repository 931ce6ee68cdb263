"""One client for the tests of a module, and its accountant as a caller of the API."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from tests.documents.coming_in import Caller
from tests.tasks import request_stage
from tests.tasks.request_stage import Place


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: object) -> Place:
    """A client with its accountant and owner."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin)


@pytest.fixture
def call(place: Place, admin: psycopg.Connection, without_limits: None) -> Caller:
    """The accountant's token."""
    del without_limits
    return Caller(place, admin, place.staff)
