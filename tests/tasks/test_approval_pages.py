"""Approval pages work as plain forms: list, content, decision; nobody else finds them."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel import approvals, db
from app.web import security
from tests import factories


@pytest.fixture
def place(admin: psycopg.Connection) -> tuple[UUID, str, factories.Session, factories.Session]:
    """A client, its slug, staff who asks and the owner who decides."""
    admin.execute(
        "insert into app.approval_kind (kind, side) values ('test.thing', 'client')"
        " on conflict do nothing"
    )
    admin.execute(
        "insert into guard.role_permission (role, permission)"
        " values ('owner', 'approve.test.thing') on conflict do nothing"
    )
    admin.commit()
    tenant = factories.make_client(admin)
    slug = factories.slug_of(admin, tenant)
    return tenant, slug, factories.staff(admin, tenant), factories.owner(admin, tenant)


def _ask(app: Flask, tenant: UUID, maker: Any) -> UUID:
    with app.app_context(), db.transaction(maker.scope(tenant)):
        return approvals.request(
            "test.thing",
            subject_type="thing",
            subject_id=uuid4(),
            line="accounting",
            title="Pay <b>rent</b>",
            content={"amount": "1,200.00", "lines": ["accounting"]},
        )


def _browser(app: Flask, session: factories.Session) -> FlaskClient:
    browser = app.test_client()
    with app.app_context():
        browser.set_cookie(security.login_cookie_name(), session.cookie)
    return browser


def _form(html: str) -> dict[str, str]:
    found = dict(re.findall(r'name="(csrf_token|content_sha)" value="([^"]*)"', html))
    assert set(found) == {"csrf_token", "content_sha"}
    return found


def test_the_owner_finds_reads_and_approves_at_the_portal(app: Flask, place: Any) -> None:
    tenant, slug, maker, owner = place
    asked = _ask(app, tenant, maker)
    browser = _browser(app, owner)
    listed = browser.get(f"/portal/{slug}/approvals")
    assert listed.status_code == 200
    assert "Pay &lt;b&gt;rent" in listed.text
    page = browser.get(f"/portal/{slug}/approvals/{asked}")
    assert "1,200.00" in page.text
    answer = browser.post(
        f"/portal/{slug}/approvals/{asked}",
        data={**_form(page.text), "decision": "approve", "reason": "fine"},
    )
    assert answer.status_code == 303
    assert "fine" in browser.get(f"/portal/{slug}/approvals/{asked}").text
    with app.app_context(), db.transaction(owner.scope(tenant)):
        assert approvals.one(asked).state == "approved"


def test_a_hundred_older_ones_that_others_decide_hide_none_of_mine(
    app: Flask, admin: psycopg.Connection, place: Any
) -> None:
    tenant, slug, maker, owner = place
    admin.execute(
        "insert into app.approval_kind (kind, side) values ('test.other', 'provider')"
        " on conflict do nothing"
    )
    admin.commit()
    with app.app_context(), db.transaction(maker.scope(tenant)):
        for number in range(101):
            approvals.request(
                "test.other",
                subject_type="thing",
                line="accounting",
                title=f"Not theirs {number}",
                content={},
            )
    mine = {str(_ask(app, tenant, maker)) for _ in range(3)}
    browser = _browser(app, owner)
    for page in ("approvals", ""):
        waiting = browser.get(f"/portal/{slug}/{page}").text.split("All approvals")[0]
        assert {one for one in mine if one in waiting} == mine
    listed, after = set(), ""
    for _ in range(2):
        answer = browser.get(f"/api/v1/clients/{slug}/approvals?limit=2{after}").get_json()
        listed |= {one["id"] for one in answer["items"]}
        after = f"&after={answer['next']}"
    assert (listed, answer["next"]) == (mine, None)


def test_other_content_is_refused_with_its_words(app: Flask, place: Any) -> None:
    tenant, slug, maker, owner = place
    asked = _ask(app, tenant, maker)
    browser = _browser(app, owner)
    form = _form(browser.get(f"/portal/{slug}/approvals/{asked}").text)
    answer = browser.post(
        f"/portal/{slug}/approvals/{asked}",
        data={**form, "content_sha": "0" * 64, "decision": "approve"},
    )
    assert answer.status_code in (409, 422)
    answer = browser.post(f"/portal/{slug}/approvals/{asked}", data={**form, "decision": "perhaps"})
    assert answer.status_code == 422
    with app.app_context(), db.transaction(owner.scope(tenant)):
        assert approvals.one(asked).state == "pending"


def test_staff_see_what_was_asked_and_may_withdraw(app: Flask, place: Any) -> None:
    tenant, slug, maker, _owner = place
    asked = _ask(app, tenant, maker)
    browser = _browser(app, maker)
    assert browser.get("/desk/approvals").status_code == 200
    page = browser.get(f"/c/{slug}/approvals/{asked}")
    assert page.status_code == 200
    assert 'name="decision"' not in page.text
    token = re.findall(r'name="csrf_token" value="([^"]*)"', page.text)[0]
    answer = browser.post(f"/c/{slug}/approvals/{asked}/withdraw", data={"csrf_token": token})
    assert answer.status_code == 303
    assert "Withdrawn" in browser.get(f"/c/{slug}/approvals").text


def test_nobody_else_finds_an_approval(app: Flask, admin: psycopg.Connection, place: Any) -> None:
    tenant, slug, maker, _owner = place
    asked = _ask(app, tenant, maker)
    other = factories.make_client(admin, "Other")
    stranger = _browser(app, factories.owner(admin, other))
    own = factories.slug_of(admin, other)
    assert stranger.get(f"/portal/{slug}/approvals/{asked}").status_code == 404
    assert stranger.get(f"/portal/{own}/approvals/{asked}").status_code == 404


def test_the_mailbox_is_there_in_the_demo_only(app: Flask, client: FlaskClient) -> None:
    assert client.get("/dev/mail").status_code == 404
    settings = app.extensions["settings"]
    app.extensions["settings"] = settings.model_copy(update={"environment": "demo"})
    try:
        assert client.get("/dev/mail").status_code == 200
        away = client.get("/dev/mail", environ_base={"REMOTE_ADDR": "192.0.2.7"})
        assert away.status_code == 404
    finally:
        app.extensions["settings"] = settings
