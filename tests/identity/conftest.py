"""Forms without tokens, and a fresh count of tries for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from limits.storage import MemoryStorage

from app.identity.throttle import Throttle


@pytest.fixture(autouse=True)
def _quiet(app: Flask) -> Iterator[None]:
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["sign-in-throttle"] = Throttle(MemoryStorage())
    yield
    app.config["WTF_CSRF_ENABLED"] = True
    app.extensions.pop("sign-in-throttle")
