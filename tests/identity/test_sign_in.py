"""Signing in through HTTP with the real database: every way in, and every way it is refused."""

from __future__ import annotations

import re

import psycopg
from flask import Flask
from limits.storage import Storage, storage_from_string

from app.identity import passwords
from app.identity.throttle import Throttle
from app.kernel.scope import secret_hash
from app.kernel.settings import Settings
from tests import factories
from tests.identity.authenticator import Authenticator
from tests.identity.people import (
    PASSWORD,
    email_of,
    enrolled,
    mailed_code,
    options,
    sign_in,
    with_cookie,
)

ORIGIN = "http://localhost:8000"


def _counting_in(address: str) -> Throttle:
    storage = storage_from_string(address, wrap_exceptions=True)
    assert isinstance(storage, Storage)
    return Throttle(storage)


def _cookie(browser: object) -> str:
    found = browser.get_cookie("login")  # type: ignore[attr-defined]  # Flask's test client
    return found.value if found else ""


def test_staff_sign_in_with_password_and_authenticator(
    app: Flask, admin: psycopg.Connection
) -> None:
    who = enrolled(app, admin)
    browser = app.test_client()
    done = sign_in(browser, who)
    assert done.status_code == 303
    assert browser.get("/welcome").location == "/desk"
    row = admin.execute(
        "select factors from guard.principal where secret_sha = %s",
        (secret_hash("prin", _cookie(browser)),),
    ).fetchone()
    assert row is not None
    assert set(row[0]) == {"password", "totp"}


def test_a_code_of_the_authenticator_opens_one_session_only(
    app: Flask, admin: psycopg.Connection
) -> None:
    who = enrolled(app, admin)
    code = who.code()  # the same for both, also when half a minute turns between them
    answers = []
    for browser in (app.test_client(), app.test_client()):
        browser.post("/login", data={"email": who.email, "password": PASSWORD})
        answers.append(browser.post("/login/second", data={"code": code}).status_code)
    assert answers == [303, 409]
    assert not _cookie(browser)


def test_a_recovery_code_works_once(app: Flask, admin: psycopg.Connection) -> None:
    who = enrolled(app, admin)
    for expected in (303, 422):
        browser = app.test_client()
        browser.post("/login", data={"email": who.email, "password": PASSWORD})
        done = browser.post("/login/second", data={"code": who.recovery[3].upper()})
        assert done.status_code == expected


def test_the_answer_is_the_same_for_unknown_addresses_and_wrong_passwords(
    app: Flask, admin: psycopg.Connection
) -> None:
    who = enrolled(app, admin)
    texts = []
    for email in (who.email, "nobody-here@example.com"):
        done = app.test_client().post("/login", data={"email": email, "password": "wrong wrong 1"})
        assert done.status_code == 422
        shown = done.text.replace(email, "").split("<main")[1]
        texts.append(re.sub(r'name="csrf_token" value="[^"]*"', "", shown))
    assert "not right" in texts[0]
    assert texts[0] == texts[1]


def test_tries_are_limited_by_address_and_counted_in_valkey(
    app: Flask, admin: psycopg.Connection, settings: Settings
) -> None:
    app.extensions["sign-in-throttle"] = _counting_in(settings.valkey_url)
    email = f"{factories.unique('limited')}@example.com"
    statuses = [
        app.test_client().post("/login", data={"email": email, "password": "x"}).status_code
        for _ in range(10)
    ]
    assert statuses[:8] == [422] * 8
    assert statuses[8:] == [429] * 2


def test_limits_hold_in_the_process_while_valkey_is_away(app: Flask) -> None:
    app.extensions["sign-in-throttle"] = _counting_in("redis://127.0.0.1:1/0")
    statuses = [
        app.test_client().post("/login", data={"email": "a@b.example", "password": "x"}).status_code
        for _ in range(9)
    ]
    assert statuses == [422] * 8 + [429]


def test_a_passkey_is_set_up_with_the_invitation_and_signs_in_alone(
    app: Flask, admin: psycopg.Connection
) -> None:
    factories.make_provider(admin)
    person = factories.make_person(admin, "provider")
    code = mailed_code(admin, person, "invite")
    key = Authenticator(ORIGIN)
    browser = app.test_client()
    made = key.create(options(browser, f"/invite/{code}/passkey/options"))
    done = browser.post(f"/invite/{code}/passkey", data={"answer": made, "name": "Laptop"})
    assert done.status_code == 303, done.text

    other = app.test_client()
    answer = key.get(options(other, "/login/passkey/options"))
    assert other.post("/login/passkey", data={"answer": answer}).status_code == 303
    replayed = app.test_client()
    replayed.get("/login/passkey/options")
    assert replayed.post("/login/passkey", data={"answer": answer}).status_code == 422

    # the same cookie and answer once more: the challenge has opened its session
    assert other.post("/login/passkey", data={"answer": answer}).status_code in {409, 422}


def test_a_copied_passkey_or_one_that_knows_nobody_is_refused(
    app: Flask, admin: psycopg.Connection
) -> None:
    factories.make_provider(admin)
    person = factories.make_person(admin, "provider")
    key = Authenticator(ORIGIN)
    code = mailed_code(admin, person, "invite")
    browser = app.test_client()
    made = key.create(options(browser, f"/invite/{code}/passkey/options"))
    browser.post(f"/invite/{code}/passkey", data={"answer": made})

    def attempt() -> int:
        tried = app.test_client()
        answer = key.get(options(tried, "/login/passkey/options"))
        return tried.post("/login/passkey", data={"answer": answer}).status_code

    assert attempt() == 303
    key.count = 0  # an older copy of the device
    assert attempt() == 409
    key.count, key.verified = 50, False
    assert attempt() == 422
    key.verified, key.origin = True, "https://elsewhere.example"
    assert attempt() == 422
    assert app.test_client().post("/login/passkey", data={"answer": "{}"}).status_code == 422


def test_client_people_sign_in_with_a_code_by_mail_and_staff_do_not(
    app: Flask, admin: psycopg.Connection
) -> None:
    factories.make_provider(admin)
    person = factories.make_person(admin, "client")
    browser = app.test_client()
    asked = browser.post("/login/mail", data={"email": email_of(admin, person)})
    assert asked.status_code == 303
    waiting = admin.execute(
        "select count(*) from guard.one_time where person_id = %s and purpose = 'login'", (person,)
    ).fetchone()
    assert waiting == (1,)
    code = mailed_code(admin, person, "login")
    assert browser.get(f"/login/code/{code}").status_code == 200  # opening spends nothing
    assert browser.post("/login/code", data={"code": code}).status_code == 303
    assert app.test_client().post("/login/code", data={"code": code}).status_code == 422
    staff = factories.make_person(admin, "provider")
    refused = app.test_client().post(
        "/login/code", data={"code": mailed_code(admin, staff, "login")}
    )
    assert refused.status_code == 422


def test_staff_cannot_accept_an_invitation_with_a_password_alone(
    app: Flask, admin: psycopg.Connection
) -> None:
    factories.make_provider(admin)
    person = factories.make_person(admin, "provider")
    code = mailed_code(admin, person, "invite")
    browser = app.test_client()
    browser.get(f"/invite/{code}")
    refused = browser.post(f"/invite/{code}", data={"password": PASSWORD})
    assert refused.status_code == 422
    weak = browser.post(f"/invite/{code}", data={"password": "password1234"})
    assert weak.status_code == 422
    assert "guess" in weak.text


def test_used_and_expired_codes_say_what_to_do(app: Flask, admin: psycopg.Connection) -> None:
    factories.make_provider(admin)
    person = factories.make_person(admin, "client")
    code = mailed_code(admin, person, "invite")
    browser = app.test_client()
    assert browser.post(f"/invite/{code}", data={"password": PASSWORD}).status_code == 303
    used = app.test_client().get(f"/invite/{code}")
    assert used.status_code == 410
    assert "used already" in used.text
    old = app.test_client().get(f"/invite/{mailed_code(admin, person, 'invite', minutes=-1)}")
    assert old.status_code == 410
    assert "Ask the person who invited you" in old.text
    assert app.test_client().get("/invite/unknown").status_code == 410


def test_a_reset_sets_the_password_ends_sessions_and_keeps_the_second_factor(
    app: Flask, admin: psycopg.Connection
) -> None:
    who = enrolled(app, admin)
    session = factories.sign_in(admin, who.id)
    code = mailed_code(admin, who.id, "reset")
    new = "another plain green kettle"
    done = app.test_client().post(f"/reset/{code}", data={"password": new})
    assert done.status_code == 303
    ended = admin.execute(
        "select revoked_at is not null from guard.principal where id = %s", (session.principal_id,)
    ).fetchone()
    assert ended == (True,)
    browser = app.test_client()
    assert (
        browser.post("/login", data={"email": who.email, "password": PASSWORD}).status_code == 422
    )
    half = browser.post("/login", data={"email": who.email, "password": new})
    assert half.location.endswith("/login/second")


def test_asking_for_a_reset_says_the_same_for_everybody(
    app: Flask, admin: psycopg.Connection
) -> None:
    person = factories.make_person(admin, "provider")
    for email in (email_of(admin, person), "nobody@example.com"):
        done = app.test_client().post("/reset", data={"email": email})
        assert (done.status_code, done.location) == (303, "/login")


def test_the_way_back_never_leads_elsewhere(app: Flask, admin: psycopg.Connection) -> None:
    who = enrolled(app, admin, "client")
    for wanted in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        done = app.test_client().post(
            "/login", data={"email": who.email, "password": PASSWORD, "next": wanted}
        )
        assert done.status_code == 303
        assert done.location == "/"


def test_what_the_database_holds_of_a_password_is_sealed(
    app: Flask, admin: psycopg.Connection
) -> None:
    who = enrolled(app, admin)
    rows = admin.execute(
        "select kind, secret from guard.credential where person_id = %s", (who.id,)
    ).fetchall()
    assert {kind for kind, _ in rows} == {"password", "totp"}
    for _, secret in rows:
        assert b"argon2" not in secret
        assert who.seed.encode() not in secret


def test_a_password_is_compared_as_slowly_when_there_is_none() -> None:
    assert not passwords.matches(None, "nobody has this password")
    assert passwords.matches(passwords.hash_of(PASSWORD), PASSWORD)


def test_a_session_ends_by_idleness_by_age_by_sign_out_and_by_revocation(
    app: Flask, admin: psycopg.Connection
) -> None:
    person = factories.make_person(admin, "provider")
    factories.grant(
        admin, factories.make_provider(admin), person, role="staff_accountant", lines=("member",)
    )
    for change in (
        "idle_until = now() - interval '1 s'",
        "expires_at = now()",
        "revoked_at = now()",
    ):
        session = factories.sign_in(admin, person)
        browser = with_cookie(app, session)
        assert browser.get("/me/").status_code == 200
        admin.execute(f"update guard.principal set {change} where id = %s", (session.principal_id,))
        admin.commit()
        assert browser.get("/me/").status_code == 303  # remembered, and refused all the same
    session = factories.sign_in(admin, person)
    browser = with_cookie(app, session)
    assert browser.post("/logout").status_code == 303
    assert with_cookie(app, session).get("/me/").status_code == 303
