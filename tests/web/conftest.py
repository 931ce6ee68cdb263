"""Fixtures of the web's own tests."""

from tests.web.browser import (
    address,
    browser,
    browser_page,
    firm,
    live_app,
    owner,
    staff,
)

__all__ = ["address", "browser", "browser_page", "firm", "live_app", "owner", "staff"]
