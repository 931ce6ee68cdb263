"""A client is erased when two people agree, on screen or over the API, and they mean the same."""

from __future__ import annotations

import json
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from werkzeug.test import TestResponse

from app.cli import main
from app.kernel import approvals, db, jobs
from app.kernel.errors import Conflict
from app.kernel.scope import Scope
from app.kernel.storage_bucket import bucket
from tenants.leaving import erasing
from tests import factories
from tests.cli.erasing.stage import approve, ask_and_approve, certificate_of, rows_of
from tests.http import Browser
from tests.isolation.stage import Stage


def test_without_a_second_persons_approval_nothing_is_erased(
    operator: CliRunner, admin: psycopg.Connection, played: Stage
) -> None:
    refused = operator.invoke(main, ["tenant", "erase", played.ours, "--yes", "--json"])
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["code"] == "erasure-not-approved"
    row = admin.execute("select state from guard.tenant where slug = %s", (played.ours,)).fetchone()
    assert row == ("active",)


ASK_IN_RAW = sa.text(
    "select app.request_approval('client.erase', 'client', :big, 'member', :title,"
    " cast(:words as jsonb), null, null, null)"
)


def test_words_that_name_another_client_than_the_one_to_be_erased_erase_neither(
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    operator: CliRunner,
    two: tuple[Browser, Browser],
    small: UUID,
) -> None:
    big, provider = factories.make_client(admin, "Big Firm"), factories.make_provider(admin)
    slug = factories.slug_of(admin, small)
    words = json.dumps({"client": "Small Firm", "slug": slug, "reason": "The client has left"})
    asks, approves = (one.session.scope(provider) for one in two if one.session)
    with app.app_context(), db.transaction(asks):
        values = {"big": big, "title": f"Small Firm ({slug})", "words": words}
        asked = db.session.execute(ASK_IN_RAW, values).scalar_one()
        bound = approvals.one(asked).content_sha
    sheet = f"/c/{factories.slug_of(admin, provider)}/approvals/{asked}"
    assert "Small Firm" not in two[1].get(sheet).text.partition("What is asked")[2]
    refused = two[1].post(sheet, {"decision": "approve", "content_sha": bound})
    assert refused.status_code == 409
    with app.app_context(), db.transaction(approves):  # and past the pages
        decide = sa.text("select app.decide_approval(:id, 'approve', :sha, '')")
        values = {"id": asked, "sha": bound}
        assert db.session.execute(decide, values).scalar_one() == "approved"
    for name in (slug, factories.slug_of(admin, big)):
        done = operator.invoke(main, ["tenant", "erase", name, "--yes", "--json"])
        assert json.loads(done.stdout)["error"]["code"] == "erasure-not-approved"
    with (
        worker_app.app_context(),
        db.transaction(Scope.system_job(provider, person_id=jobs.system_user("operator"))),
        pytest.raises(Conflict, match="erasure-not-approved"),
    ):
        erasing.approved(approval_id=asked)  # as the job asks
    # nor does it stand in the way of asking truly
    page = f"/desk/clients/{factories.slug_of(admin, big)}/erase"
    asks_ = two[0]
    assert asks_.get(page).status_code == 200
    assert asks_.post(page, {"reason": "The client has left"}).status_code == 303


def test_what_a_second_person_approved_on_screen_is_carried_out_by_the_job(
    worker_app: Flask, admin: psycopg.Connection, two: tuple[Browser, Browser], small: UUID
) -> None:
    slug = factories.slug_of(admin, small)
    ask_and_approve(admin, two, slug)
    jobs.run_due(worker_app)
    certificate = certificate_of(admin, small)
    assert certificate["finished_at"] is not None
    assert certificate["objects_erased"] == 2
    assert certificate["rows_erased"] > 5
    assert rows_of(admin, small) == 0
    with worker_app.app_context():
        assert list(bucket().versions(f"t/{small}/")) == []
    page = two[0].get("/desk/erasures").get_data(as_text=True)
    assert str(small) in page
    assert "still being deleted" not in page
    jobs.run_due(worker_app)
    assert certificate_of(admin, small) == certificate


def test_an_erasure_is_asked_for_over_the_api_by_a_person_and_its_certificate_read_there(
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    two: tuple[Browser, Browser],
    small: UUID,
) -> None:
    slug = factories.slug_of(admin, small)
    provider = factories.make_provider(admin)
    person = factories.make_person(admin)
    factories.grant(admin, provider, person, role="administrator", lines=("member",))
    asks = Browser(app, factories.sign_in(admin, person))

    def ask(browser: Browser, reason: str) -> TestResponse:
        head = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token}
        address = f"/api/v1/directory/{slug}/erase"
        return browser.client.post(address, json={"reason": reason}, headers=head)

    stale = Browser(app, factories.sign_in(admin, person, fresh=False))
    assert ask(stale, "It has left").get_json()["code"] == "fresh-sign-in-needed"
    token = {"Authorization": f"Bearer {factories.token(admin, provider, person)}"}
    refused = asks.client.post(
        f"/api/v1/directory/{slug}/erase", json={"reason": "It has left"}, headers=token
    )
    assert refused.status_code == 403
    assert ask(asks, "x").status_code == 422
    made = ask(asks, "It has left")
    assert made.status_code == 201, made.text
    asked = made.get_json()["approval_id"]
    waiting = asks.client.get("/api/v1/erasures/requests?limit=200").get_json()["items"]
    assert [one["state"] for one in waiting if one["id"] == asked] == ["pending"]
    approve(admin, two[0], slug)
    jobs.run_due(worker_app)
    waiting = asks.client.get("/api/v1/erasures/requests?limit=200").get_json()["items"]
    assert asked not in {one["id"] for one in waiting}
    walked, after = [], ""
    while True:
        page = asks.client.get(f"/api/v1/erasures?limit=1{after}").get_json()
        walked += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert walked == asks.client.get("/api/v1/erasures?limit=200").get_json()["items"]
    (mine,) = (one for one in walked if one["erased_tenant_id"] == str(small))
    assert (mine["approval_id"], mine["objects_erased"]) == (asked, 2)
    assert mine["finished_at"] is not None
    assert slug not in str(mine)
    assert asks.client.get("/api/v1/erasures?after=nonsense").status_code == 422
    clerk = Browser(app, factories.staff(admin, provider, lines=("member",)))
    assert clerk.client.get("/api/v1/erasures").status_code == 403
