"""What concerns the safety of an account is told at once and by mail, to both sides."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel.settings import Settings
from tests import factories
from tests.factories import Session
from tests.identity.people import Signer, enrolled, sign_in
from tests.tasks import notice_stage
from tests.tasks.notice_stage import Told, monday

PHONE = {"HTTP_USER_AGENT": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"}
ROLES = {"provider": "staff_accountant", "client": "owner"}


@pytest.fixture
def told(app: Flask, worker_app: Flask, settings: Settings) -> Told:
    """What people were told."""
    return notice_stage.build(app, worker_app, settings)


def at_home(app: Flask, admin: psycopg.Connection, side: str) -> Signer:
    """Somebody of a side who works somewhere."""
    who = enrolled(app, admin, side)
    place = factories.make_provider(admin) if side == "provider" else factories.make_client(admin)
    factories.grant(admin, place, who.id, role=ROLES[side], lines=("member", "accounting"))
    return who


def noticed(admin: psycopg.Connection, who: Signer) -> list[tuple[str, int]]:
    rows = admin.execute(
        "select kind, count from app.notice where owner_id = %s order by kind", (who.id,)
    ).fetchall()
    admin.commit()
    return [(str(kind), int(count)) for kind, count in rows]


def on_a_phone(app: Flask, who: Signer) -> FlaskClient:
    browser = app.test_client()
    browser.environ_base |= PHONE
    assert sign_in(browser, who).status_code == 303
    return browser


@pytest.mark.parametrize("side", ROLES)
def test_a_sign_in_from_a_new_device_is_mailed_and_cannot_be_stopped(
    app: Flask, admin: psycopg.Connection, told: Told, side: str
) -> None:
    who = at_home(app, admin, side)
    assert noticed(admin, who) == []  # the device on which the invitation was accepted
    on_a_phone(app, who)
    assert noticed(admin, who) == [("security.sign-in", 1)]
    assert told.mail(monday(3)) >= 1  # safety waits for no hour
    (letter,) = told.letters(Session(who.id, who.id, ""))
    assert "You signed in from a new device" in letter.text
    assert "/n/" not in letter.text
    assert letter.stop == ""


@pytest.mark.parametrize("side", ROLES)
def test_a_changed_password_is_told_once(app: Flask, admin: psycopg.Connection, side: str) -> None:
    who = at_home(app, admin, side)
    browser = on_a_phone(app, who)
    done = browser.post("/me/security/password", data={"password": "eleven loud purple trains"})
    assert done.status_code == 303, done.text
    assert ("security.factor", 1) in noticed(admin, who)
