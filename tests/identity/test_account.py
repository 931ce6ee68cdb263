"""A person's own account, tokens and the API through HTTP with the real database."""

from __future__ import annotations

import json
import re

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.identity import commands
from app.kernel import scope
from app.kernel.db import session as kernel_session
from app.kernel.db import transaction
from app.kernel.errors import Invalid
from app.kernel.scope import Scope
from tests import factories
from tests.identity.authenticator import Authenticator
from tests.identity.people import enrolled, options, sign_in, with_cookie
from tests.identity.test_people import administrator

ORIGIN = "http://localhost:8000"


def test_passkeys_are_added_named_and_the_last_factor_stays(
    app: Flask, admin: psycopg.Connection
) -> None:
    who = enrolled(app, admin)
    factories.grant(
        admin, factories.make_provider(admin), who.id, role="staff_accountant", lines=("member",)
    )
    browser = app.test_client()
    sign_in(browser, who)
    key = Authenticator(ORIGIN)
    made = key.create(options(browser, "/me/security/passkey/options"))
    done = browser.post("/me/security/passkey", data={"answer": made, "name": "Phone"})
    assert done.status_code == 303, done.text[:3000]
    page = browser.get("/me/security").text
    assert 'value="Phone"' in page
    ids = re.findall(r"/me/security/([0-9a-f-]{36})/drop", page)
    assert len(ids) == 3
    statuses = {browser.post(f"/me/security/{one}/drop").status_code for one in ids}
    assert statuses == {303, 409}


def test_display_is_kept_and_spoken_from_the_next_page_on(
    app: Flask, admin: psycopg.Connection
) -> None:
    browser = with_cookie(app, administrator(admin))
    done = browser.post(
        "/me/display",
        data={"locale": "de", "theme": "dark", "density": "compact", "time_zone": "Europe/Berlin"},
    )
    assert done.status_code == 303, done.text[:3000]
    page = browser.get("/me/display").text
    assert '<html lang="de" data-theme="dark" data-density="compact">' in page
    assert 'data-keys="off"' in page
    wrong = browser.post("/me/display", data={"time_zone": "Mars/Olympus"})
    assert wrong.status_code == 422


def test_sessions_are_listed_and_ended(app: Flask, admin: psycopg.Connection) -> None:
    session = administrator(admin)
    other = factories.sign_in(admin, session.person_id)
    browser = with_cookie(app, session)
    assert browser.get("/me/sessions").text.count("/end") >= 2
    assert browser.post("/me/sessions/end-others").status_code == 303
    assert with_cookie(app, other).get("/me/").status_code == 303
    foreign = administrator(admin)
    assert browser.post(f"/me/sessions/{foreign.principal_id}/end").status_code == 404


def test_a_token_is_shown_once_narrow_and_revoked(app: Flask, admin: psycopg.Connection) -> None:
    tenant = factories.make_client(admin)
    slug = factories.slug_of(admin, tenant)
    browser = with_cookie(app, factories.staff(admin, tenant))
    page = browser.post(
        f"/c/{slug}/tokens",
        data={"name": "Export", "lines": ["accounting"], "permissions": ["accounting.read"]},
    )
    assert page.status_code == 200, page.text[:3000]
    found = re.search(r"bo_[0-9a-f]{32}_[0-9a-f]{56}", page.text)
    assert found is not None
    text = found[0]
    assert text not in browser.get(f"/c/{slug}/tokens").text
    program = app.test_client()
    headers = {"Authorization": f"Bearer {text}"}
    token = admin.execute("select guard.sha('prin:' || %s)", (text,)).fetchone()
    assert token is not None
    assert admin.execute(
        "select n.permissions, p.lines from guard.principal p"
        " join guard.session_note n on n.principal_id = p.id where p.secret_sha = %s",
        token,
    ).fetchone() == (["accounting.read"], ["accounting"])
    assert program.get(f"/api/v1/clients/{slug}/people", headers=headers).status_code == 403
    token_id = re.search(r"/tokens/([0-9a-f-]{36})/end", browser.get(f"/c/{slug}/tokens").text)
    assert token_id is not None
    assert browser.post(f"/c/{slug}/tokens/{token_id[1]}/end").status_code == 303
    assert program.get(f"/api/v1/clients/{slug}/people", headers=headers).status_code == 401


def test_the_api_says_who_calls_and_who_may_see_what(app: Flask, admin: psycopg.Connection) -> None:
    session = administrator(admin)
    browser = with_cookie(app, session)
    me = browser.get("/api/v1/me")
    assert me.status_code == 200
    assert json.loads(me.text)["side"] == "provider"
    assert browser.get("/api/v1/me/access").status_code == 200
    assert browser.get("/api/v1/me/sessions").status_code == 200


def test_away_until_is_kept_with_the_colleague_who_covers(
    app: Flask, admin: psycopg.Connection
) -> None:
    session, other = administrator(admin), administrator(admin)
    browser = with_cookie(app, session)
    done = browser.post(
        "/me/absence", data={"until": "2099-01-31", "covered_by": str(other.person_id)}
    )
    assert done.status_code == 303, done.text[:3000]
    assert "2099" in browser.get(f"/desk/people/{session.person_id}").text
    assert browser.post("/me/absence", data={"until": "2001-01-01"}).status_code == 422


def test_a_token_holds_the_permissions_it_names_and_no_others(
    app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    session = factories.staff(admin, tenant)
    with app.app_context():
        with transaction(session.scope(tenant)):
            made = commands.make_token(
                name="Narrow", lines=("accounting",), permissions=("accounting.read",), days=1
            )
        token = Scope.in_client(tenant, person_id=session.person_id, principal_id=made.id)
        with transaction(token, read_only=True):
            assert scope.current().rights.permissions == {"accounting.read"}
            held = kernel_session.execute(
                sa.text("select guard.may('accounting.read'), guard.may('accounting.post')")
            ).one()
        assert tuple(held) == (True, False)
        with transaction(session.scope(tenant)), pytest.raises(Invalid):
            commands.make_token(
                name="Wide", lines=("accounting",), permissions=("role.edit",), days=1
            )


def test_a_tokens_text_is_not_kept_for_a_repeated_call(
    app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    slug = factories.slug_of(admin, tenant)
    browser = with_cookie(app, factories.staff(admin, tenant))
    body = {"name": "Export", "lines": ["accounting"], "permissions": ["accounting.read"]}
    headers = {"Idempotency-Key": f"token-of-{slug}"}
    address = f"/api/v1/clients/{slug}/tokens"
    made = browser.post(address, json={**body, "days": 30}, headers=headers)
    assert made.status_code == 201, made.text
    kept = admin.execute(
        "select body from app.idempotency_key where tenant_id = %s", (tenant,)
    ).fetchall()
    assert kept == [(None,)]
    assert browser.post(address, json={**body, "days": 30}, headers=headers).status_code == 409
