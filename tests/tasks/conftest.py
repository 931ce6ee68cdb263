"""A live application and a browser for the pages of questions and papers."""

from tests.web.browser import address, browser, browser_page, firm, live_app

__all__ = ["address", "browser", "browser_page", "firm", "live_app"]
