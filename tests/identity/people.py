"""Arranges people who can sign in, and reads what a page says."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pyotp
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.kernel.scope import secret_hash
from tests import factories

PASSWORD = "seven plain green kettles"


@dataclass(frozen=True, slots=True)
class Signer:
    """A person with a password, and for staff a seed and recovery codes."""

    id: UUID
    email: str
    seed: str = ""
    recovery: tuple[str, ...] = ()

    def code(self, *, steps: int = 0) -> str:
        """The authenticator's code of now, or of some steps away."""
        return pyotp.TOTP(self.seed).at(int(time.time()) + 30 * steps)


def earlier_code(seed: str) -> str:
    """The code of the step before this one, so that a test may still use the code of now.

    Waits out a step's last seconds: the code would be two steps old when it arrives.
    """
    left = 30 - time.time() % 30
    if left < 5:
        time.sleep(left)
    return pyotp.TOTP(seed).at(int(time.time()) - 30)


def mailed_code(admin: psycopg.Connection, person: UUID, purpose: str, *, minutes: int = 15) -> str:
    """What the mail job would have sent: a code whose hash the database keeps."""
    code = secrets.token_hex(16)
    admin.execute(
        "insert into guard.one_time (purpose, person_id, secret_sha, expires_at)"
        " values (%s, %s, %s, now() + %s * interval '1 minute')",
        (purpose, person, secret_hash("once", code), minutes),
    )
    admin.commit()
    return code


def email_of(admin: psycopg.Connection, person: UUID) -> str:
    """The person's address."""
    row = admin.execute("select email from guard.person where id = %s", (person,)).fetchone()
    assert row is not None
    return str(row[0])


def seed_on(page: TestResponse) -> str:
    """The authenticator's key as the page shows it."""
    found = re.search(r"<code>([A-Z2-7 ]{32,})</code>", page.text)
    assert found is not None, page.text
    return found[1].replace(" ", "")


def enrolled(app: Flask, admin: psycopg.Connection, side: str = "provider") -> Signer:
    """A person who has accepted an invitation by password, and has signed out."""
    factories.make_provider(admin)
    person = factories.make_person(admin, side)
    code = mailed_code(admin, person, "invite")
    browser = app.test_client()
    page = browser.get(f"/invite/{code}")
    assert page.status_code == 200
    if side == "client":
        done = browser.post(f"/invite/{code}", data={"password": PASSWORD})
        assert done.status_code == 303, done.text
        return Signer(person, email_of(admin, person))
    seed = seed_on(page)
    done = browser.post(f"/invite/{code}", data={"password": PASSWORD, "code": earlier_code(seed)})
    assert done.status_code == 200, done.text
    codes = tuple(re.findall(r"<li><code>([a-z0-9-]+)</code></li>", done.text))
    return Signer(person, email_of(admin, person), seed, codes)


def options(browser: FlaskClient, path: str) -> dict[str, Any]:
    """What a page's script hands to the browser's passkey call."""
    found = browser.get(path).json
    assert isinstance(found, dict)
    return found


def sign_in(browser: FlaskClient, who: Signer) -> TestResponse:
    """Password and, where there is one, the authenticator's code of now."""
    done = browser.post("/login", data={"email": who.email, "password": PASSWORD})
    if who.seed and done.status_code == 303:
        done = browser.post("/login/second", data={"code": who.code()})
    return done


def with_cookie(app: Flask, session: factories.Session) -> FlaskClient:
    """A browser that carries a session."""
    browser = app.test_client()
    browser.set_cookie("login", session.cookie)
    return browser
