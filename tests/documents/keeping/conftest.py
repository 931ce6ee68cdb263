"""One client with old papers for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.kernel.settings import Settings
from tests.documents.keeping import stage
from tests.documents.keeping.stage import Keep


@pytest.fixture(scope="module")
def keep(app: Flask, worker_app: Flask, settings: Settings) -> Iterator[Keep]:
    """A client in Germany."""
    with psycopg.connect(install.libpq_url(str(settings.database_admin_url))) as link:
        yield stage.build(app, worker_app, link)
