"""A live application and a real browser for tests; other packages may use these fixtures."""

from __future__ import annotations

import atexit
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from app.cli import debian, install
from app.factory import create_app
from app.kernel.settings import Settings
from tests import factories
from tests.serving import close, serving
from tests.web import sample

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATIENCE = 60_000
"""Milliseconds until a page that does not come is given up: a slow machine is no fault."""
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"]


@dataclass(frozen=True, slots=True)
class Firm:
    """A client with somebody of each side signed in."""

    slug: str
    staff: str
    owner: str


@pytest.fixture(scope="module")
def live_app(settings: Settings) -> Iterator[Flask]:
    """The whole application with the sample pages."""
    app = create_app(settings)
    app.register_blueprint(sample.pages)
    yield app
    close(app)


@pytest.fixture(scope="module")
def firm(settings: Settings, live_app: Flask) -> Firm:
    """A client firm with a member of staff and an owner."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        tenant = factories.make_client(admin, "Harbour Lane")
        other = factories.make_client(admin, "Oakwell")
        staff = factories.staff(admin, tenant)
        factories.grant(
            admin, other, staff.person_id, role="staff_accountant", lines=("accounting",)
        )
        owner = factories.owner(admin, tenant)
        return Firm(factories.slug_of(admin, tenant), staff.cookie, owner.cookie)


@pytest.fixture
def staff(live_app: Flask, firm: Firm) -> FlaskClient:
    """A test client signed in as staff."""
    return signed_in(live_app, firm.staff)


@pytest.fixture
def owner(live_app: Flask, firm: Firm) -> FlaskClient:
    """A test client signed in as the client's owner."""
    return signed_in(live_app, firm.owner)


def signed_in(app: Flask, cookie: str) -> FlaskClient:
    """A test client with a login cookie."""
    client = app.test_client()
    client.set_cookie("login", cookie)
    return client


def csrf_token(client: FlaskClient, address: str) -> str:
    """The token of the form on a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).get_data(True))
    assert found is not None, f"no form on {address}"
    return found.group(1)


@pytest.fixture(scope="module")
def address(live_app: Flask) -> Iterator[str]:
    """Where the application listens."""
    server = make_server("localhost", 0, live_app, threaded=True)
    with serving(server):
        yield f"http://localhost:{server.port}"


@pytest.fixture(scope="session")
def browser() -> Any:
    """Debian's Chromium, headless; skips loudly where it is missing."""
    path = debian.CHROMIUM.find()
    if path is None:
        warnings.warn("Chromium is missing: the browser tests did not run", stacklevel=1)
        pytest.skip("Chromium is missing")
    return _launched(path)


@lru_cache(maxsize=1)
def _launched(path: str) -> Any:
    """One browser a process: Playwright runs one loop, whichever folder's tests ask first."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    playwright = sync_playwright().start()
    found = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
    atexit.register(playwright.stop)
    return found


def context_of(
    browser: Any,
    address: str,
    *,
    cookie: str = "",
    width: int = 1440,
    theme: str = "light",
    script: bool = True,
    bypass_csp: bool = False,
) -> Any:
    """A browser of its own at an address, signed in where there is a cookie; close it."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 900},
        color_scheme=theme,
        java_script_enabled=script,
        bypass_csp=bypass_csp,
        locale="en-GB",
    )
    context.set_default_timeout(PATIENCE)
    if cookie:
        context.add_cookies([{"name": "login", "value": cookie, "url": address}])
    return context


def add_authenticator(page: Any) -> None:
    """Gives the page's browser a passkey device that answers by itself."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in_by_passkey(page: Any) -> None:
    """From the page of signing in: by the button, unless the browser offered the key by itself."""
    from playwright.sync_api import Error

    with suppress(Error):
        page.get_by_role("button", name="Sign in with a passkey").click(
            timeout=5_000, no_wait_after=True
        )
    page.wait_for_url(lambda url: "/login" not in url)


@pytest.fixture
def browser_page(browser: Any, address: str, firm: Firm) -> Iterator[Callable[..., Any]]:
    """Makes a page of a width and theme, signed in as staff unless told otherwise.

    A console error or an uncaught fault fails the test, unless `faults=True` expects them.
    """
    contexts: list[Any] = []
    noises: list[str] = []

    def make(
        width: int = 1440,
        theme: str = "light",
        *,
        cookie: str | None = None,
        script: bool = True,
        faults: bool = False,
        bypass_csp: bool = False,
    ) -> Any:
        context = context_of(
            browser,
            address,
            cookie=firm.staff if cookie is None else cookie,
            width=width,
            theme=theme,
            script=script,
            bypass_csp=bypass_csp,
        )
        contexts.append(context)
        page = context.new_page()
        if not faults:
            page.on("pageerror", lambda error: noises.append(str(error)))
            page.on("console", lambda said: noises.extend([said.text] * (said.type == "error")))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not noises, noises


def violations(page: Any) -> list[str]:
    """What axe finds on the page, one line each; skips loudly where axe is missing.

    The page must come from a context made with `bypass_csp=True`.
    """
    if not AXE.exists():
        warnings.warn("axe-core is missing: accessibility was not checked", stacklevel=1)
        pytest.skip("axe-core is missing")
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", AXE_TAGS)
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]
