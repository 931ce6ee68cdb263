"""Approvals and usage over the API, by those who may and by those who may not."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel import approvals, db, usage
from tests import factories
from tests.programs import token_of

KIND = "test.api"


pytestmark = pytest.mark.usefixtures("without_limits")


@pytest.fixture
def place(admin: psycopg.Connection) -> tuple[UUID, str, factories.Session, factories.Session]:
    """A client, its address in the API, staff who asks and the owner who decides."""
    admin.execute(
        "insert into app.approval_kind (kind, side) values (%s, 'client') on conflict do nothing",
        (KIND,),
    )
    admin.execute(
        "insert into guard.role_permission (role, permission) values ('owner', %s)"
        " on conflict do nothing",
        (f"approve.{KIND}",),
    )
    admin.commit()
    tenant = factories.make_client(admin)
    base = f"/api/v1/clients/{factories.slug_of(admin, tenant)}"
    return tenant, base, factories.staff(admin, tenant), factories.owner(admin, tenant)


def _ask(app: Flask, tenant: UUID, maker: Any) -> str:
    with app.app_context(), db.transaction(maker.scope(tenant)):
        made = approvals.request(
            KIND,
            subject_type="thing",
            subject_id=uuid4(),
            line="accounting",
            title="Pay rent",
            content={"amount": "1,200.00"},
        )
    return str(made)


def test_what_waits_is_listed_read_and_decided_once(
    app: Flask,
    client: FlaskClient,
    admin: psycopg.Connection,
    place: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant, base, maker, owner = place
    asked = _ask(app, tenant, maker)
    mine, theirs = (token_of(admin, tenant, one.person_id) for one in (owner, maker))
    assert client.get(f"{base}/approvals", headers=theirs).get_json()["items"] == []
    (waits,) = client.get(f"{base}/approvals", headers=mine).get_json()["items"]
    assert (waits["id"], waits["content"]) == (asked, {"amount": "1,200.00"})
    assert client.get(f"{base}/approvals/{asked}", headers=theirs).status_code == 200

    session = app.test_client()
    session.set_cookie("login", owner.cookie)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)  # forms are tested elsewhere

    path, body = f"{base}/approvals/{asked}/decision", {"decision": "approve"}
    other = session.post(path, json={**body, "content_sha": "0" * 64})
    assert (other.status_code, other.get_json()["code"]) == (409, "approval-content-changed")
    assert client.post(path, json={**body, "content_sha": "x"}, headers=mine).status_code == 422
    body["content_sha"] = waits["content_sha"]
    assert client.post(path, json=body, headers=theirs).status_code == 403
    assert client.post(path, json=body, headers=mine).status_code == 403  # a token never decides
    done = session.post(path, json=body)
    assert (done.status_code, done.get_json()["state"]) == (200, "approved")
    assert session.post(path, json=body).status_code == 409


def test_nobody_elsewhere_finds_an_approval(
    app: Flask, client: FlaskClient, admin: psycopg.Connection, place: Any
) -> None:
    tenant, base, maker, _owner = place
    asked = _ask(app, tenant, maker)
    other = factories.make_client(admin, "Other")
    stranger = token_of(admin, other, factories.owner(admin, other).person_id)
    own = f"/api/v1/clients/{factories.slug_of(admin, other)}"
    for address in (f"{base}/approvals/{asked}", f"{own}/approvals/{asked}", f"{base}/usage"):
        assert client.get(address, headers=stranger).status_code == 404


def test_usage_is_read_page_by_page_on_the_lines_one_reads(
    app: Flask, client: FlaskClient, admin: psycopg.Connection, place: Any
) -> None:
    tenant, base, maker, _owner = place
    with app.app_context(), db.transaction(maker.scope(tenant)):
        for number in range(3):
            usage.record(
                "test.use",
                number + 1,
                key=f"use-{number}",
                evidence=usage.Evidence("thing", uuid4(), f"No {number}"),
                line="accounting",
            )
        usage.void("use-1")
    header = token_of(admin, tenant, maker.person_id)
    first = client.get(f"{base}/usage?limit=1", headers=header).get_json()
    rest = client.get(f"{base}/usage?limit=1&after={first['next']}", headers=header).get_json()
    seen = [one["key"] for one in (*first["items"], *rest["items"])]
    assert (seen, rest["next"]) == (["use-2", "use-0"], None)
    assert first["items"][0]["evidence"]["title"] == "No 2"
    everything = client.get(f"{base}/usage?voided=true", headers=header).get_json()["items"]
    assert len(everything) == 3
    assert client.get(f"{base}/usage?after=zzz", headers=header).status_code == 422

    agent = factories.staff(admin, tenant, role="it_support_agent", lines=("tickets",))
    other_line = token_of(admin, tenant, agent.person_id)
    assert client.get(f"{base}/usage", headers=other_line).get_json()["items"] == []
