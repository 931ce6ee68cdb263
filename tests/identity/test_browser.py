"""The passkey in a real browser with a virtual authenticator, and pages that axe reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests import factories
from tests.identity.people import PASSWORD, email_of, enrolled, mailed_code
from tests.web.browser import (
    add_authenticator,
    address,
    browser,
    browser_page,
    firm,
    live_app,
    sign_in_by_passkey,
    violations,
)

__all__ = ["address", "browser", "browser_page", "firm", "live_app"]


@pytest.fixture
def public(live_app: Flask, address: str) -> Iterator[str]:
    """The application knows itself by the address the test server listens on."""
    before = live_app.extensions["settings"]
    live_app.extensions["settings"] = before.model_copy(update={"public_url": address})
    yield address
    live_app.extensions["settings"] = before


def test_an_invited_person_sets_up_a_passkey_and_signs_in_with_it(
    browser_page: Callable[..., Any], public: str, admin: psycopg.Connection
) -> None:
    provider = factories.make_provider(admin)
    person = factories.make_person(admin, "provider", "Nils Arden")
    factories.grant(admin, provider, person, role="staff_accountant", lines=("member",))
    code = mailed_code(admin, person, "invite")
    page = browser_page(cookie="", faults=True)
    add_authenticator(page)
    page.goto(f"{public}/invite/{code}")
    page.get_by_role("button", name="Set up a passkey").click()
    page.wait_for_url(lambda url: "/invite/" not in url)
    page.goto(f"{public}/me/security")
    assert page.locator('input[name="name"][value="First passkey"]').count() == 1
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/login*")
    sign_in_by_passkey(page)
    page.goto(f"{public}/me/security")
    assert "used" in page.content()


def test_without_javascript_the_password_signs_in(
    browser_page: Callable[..., Any], public: str, app: Flask, admin: psycopg.Connection
) -> None:
    who = enrolled(app, admin, "client")
    factories.grant(
        admin, factories.make_client(admin), who.id, role="viewer", lines=("accounting",)
    )
    page = browser_page(cookie="", script=False, faults=True)
    page.goto(f"{public}/login")
    assert page.get_by_role("button", name="Sign in with a passkey").is_hidden()
    page.get_by_label("E-mail").fill(email_of(admin, who.id))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/portal/**")


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1440, "dark")])
def test_axe_finds_nothing_on_the_pages_of_people(
    browser_page: Callable[..., Any],
    public: str,
    admin: psycopg.Connection,
    theme: str,
    width: int,
) -> None:
    provider = factories.make_provider(admin)
    person = factories.make_person(admin, "provider", "Ines Falk")
    factories.grant(admin, provider, person, role="administrator", lines=("member",))
    session = factories.sign_in(admin, person)
    invited = mailed_code(admin, factories.make_person(admin, "provider"), "invite")
    page = browser_page(width, theme, cookie=session.cookie, bypass_csp=True, faults=True)
    found = {}
    paths = ["/login?next=/me/", "/login/mail", "/login/code", "/reset", f"/invite/{invited}"]
    paths += ["/login/again", "/me/", "/me/security", "/me/sessions", "/me/display"]
    paths += ["/me/security/authenticator", "/desk/people", "/desk/people/invite"]
    paths += [f"/desk/people/{person}", "/desk/grants", "/desk/grants/new", "/desk/roles"]
    paths += ["/desk/roles/auditor", "/desk/audit"]
    for path in paths:
        page.goto(public + path)
        if wrong := violations(page):
            found[path] = wrong
    assert not found
