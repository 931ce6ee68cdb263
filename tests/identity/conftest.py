"""Forms without tokens, and a fresh count of tries for each test."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from limits.storage import MemoryStorage

from app.cli import install
from app.identity.throttle import Throttle
from app.kernel.settings import Settings


@pytest.fixture(autouse=True)
def _quiet(app: Flask) -> Iterator[None]:
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["sign-in-throttle"] = Throttle(MemoryStorage())
    yield
    app.config["WTF_CSRF_ENABLED"] = True
    app.extensions.pop("sign-in-throttle")


@pytest.fixture(scope="module", autouse=True)
def _the_audit_names_nobody(settings: Settings) -> Iterator[None]:
    yield
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        told = admin.execute(
            "with said(words) as (select email from guard.person where not system"
            " union select name from guard.person where not system"
            " union select reason from guard.access_request"
            " union select answer from guard.access_request"
            " union select end_reason from guard.membership)"
            " select a.act, s.words from guard.audit a, said s"
            " where length(s.words) > 4 and strpos(a.detail::text, s.words) > 0"
        ).fetchall()
    assert told == []
