"""One client for the tests of a module."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from tests.tasks import request_stage
from tests.tasks.request_stage import Place


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: object) -> Place:
    """A client with bank lines."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin, "Reader")
