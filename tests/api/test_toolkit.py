"""The API's manners: tokens, problems, idempotency keys, paging, bounds, limits, its own pages."""

from __future__ import annotations

import json
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import Api
from app.api.operations import UndeclaredAccess
from tests import factories
from tests.programs import token_of

NEW = {"slug": "quay-nine", "name": "Quay Nine", "country": "GB"}
pytestmark = pytest.mark.usefixtures("without_limits")


@pytest.fixture
def administrator(admin: psycopg.Connection) -> dict[str, str]:
    """The header of an administrator of the provider."""
    home = factories.make_provider(admin)
    boss = factories.staff(admin, home, role="administrator", lines=("member",))
    return token_of(admin, home, boss.person_id)


def test_without_a_token_the_answer_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/api/v1/clients")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["code"] == "sign-in-needed"
    assert set(answer.get_json()) == {
        "type", "title", "status", "code", "detail", "errors", "request_id",
    }  # fmt: skip


@pytest.mark.parametrize(
    "header", ["Basic eDp5", "Bearer", "Bearer nonsense", "Bearer " + "x" * 600]
)
def test_a_token_that_is_none_is_refused(client: FlaskClient, header: str) -> None:
    answer = client.get("/api/v1/clients", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_revoked_token_is_refused_at_once(client: FlaskClient, admin: psycopg.Connection) -> None:
    tenant = factories.make_client(admin)
    person = factories.owner(admin, tenant).person_id
    header = token_of(admin, tenant, person)
    assert client.get("/api/v1/clients", headers=header).status_code == 200
    admin.execute("update guard.principal set revoked_at = now() where user_id = %s", (person,))
    admin.commit()
    assert client.get("/api/v1/clients", headers=header).status_code == 401


def test_a_token_reaches_its_own_client_and_no_other(
    client: FlaskClient, admin: psycopg.Connection
) -> None:
    one, other = factories.make_client(admin, "One"), factories.make_client(admin, "Other")
    person = factories.owner(admin, one).person_id
    factories.grant(admin, other, person, role="owner", lines=("accounting",))
    header = token_of(admin, one, person)
    slugs = [
        row["slug"] for row in client.get("/api/v1/clients", headers=header).get_json()["items"]
    ]
    assert slugs == [factories.slug_of(admin, one)]
    address = f"/api/v1/clients/{factories.slug_of(admin, other)}"
    assert client.get(address, headers=header).status_code == 404


def test_an_unknown_route_and_method_are_problems_too(client: FlaskClient) -> None:
    missing, wrong = client.get("/api/v1/nothing"), client.delete("/api/v1/clients")
    assert (missing.status_code, missing.get_json()["code"]) == (404, "not-found")
    assert (wrong.status_code, wrong.get_json()["code"]) == (405, "method-not-allowed")
    assert "GET" in wrong.headers["Allow"]


def test_pages_follow_one_another_without_gap_or_double(
    client: FlaskClient, admin: psycopg.Connection
) -> None:
    person = factories.make_person(admin, "client")
    made = [factories.make_client(admin, "Page") for _ in range(5)]
    for tenant in made:
        factories.grant(admin, tenant, person, role="viewer", lines=("accounting",))
    client.set_cookie("login", factories.sign_in(admin, person).cookie, domain="localhost")
    seen: list[str] = []
    address: str | None = "/api/v1/clients?limit=2"
    while address:
        answer = client.get(address).get_json()
        seen += [row["slug"] for row in answer["items"]]
        address = f"/api/v1/clients?limit=2&after={answer['next']}" if answer["next"] else None
    assert seen == sorted(factories.slug_of(admin, tenant) for tenant in made)


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "greater-than-equal"),
        ("limit=many", "limit", "int-parsing"),
        ("after=nonsense", "after", "bad-cursor"),
        ("colour=red", "colour", "unknown-field"),
    ],
)
def test_a_wrong_query_is_refused_at_its_field(
    client: FlaskClient, administrator: dict[str, str], query: str, field: str, code: str
) -> None:
    answer = client.get(f"/api/v1/clients?{query}", headers=administrator)
    assert answer.status_code == 422
    assert (answer.get_json()["errors"][0]["field"], answer.get_json()["errors"][0]["code"]) == (
        field,
        code,
    )


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"colour": "red"}, "colour", "unknown-field"),
        ({"name": "a\0b"}, "body", "control-character"),
        ({"country": "XX"}, "country", "unknown-country"),
        ({"slug": "Quay Nine"}, "slug", "bad-slug"),
        ({"name": 7}, "name", "string-type"),
        ({"serve_from": "2026-02-30"}, "serve_from", "date-from-datetime-parsing"),
    ],
)
def test_a_wrong_body_is_refused_at_its_field(
    client: FlaskClient,
    administrator: dict[str, str],
    change: dict[str, object],
    field: str,
    code: str,
) -> None:
    answer = client.post("/api/v1/clients", json={**NEW, **change}, headers=administrator)
    assert answer.status_code == 422
    assert (field, code) in [(one["field"], one["code"]) for one in answer.get_json()["errors"]]


def test_a_body_that_is_no_json_is_refused(
    client: FlaskClient, administrator: dict[str, str]
) -> None:
    broken = client.post(
        "/api/v1/clients", data="{", content_type="application/json", headers=administrator
    )
    form = client.post("/api/v1/clients", data={"name": "x"}, headers=administrator)
    assert (broken.status_code, form.status_code) == (422, 415)


def test_a_body_beyond_the_bound_is_refused(
    client: FlaskClient, administrator: dict[str, str]
) -> None:
    answer = client.post(
        "/api/v1/clients", json={**NEW, "name": "x" * 2_000_000}, headers=administrator
    )
    assert (answer.status_code, answer.get_json()["code"]) == (413, "body-too-large")


def test_a_client_is_made_by_a_job_that_can_be_followed(
    app: Flask, worker_app: Flask, client: FlaskClient, administrator: dict[str, str]
) -> None:
    from app.kernel import jobs

    slug = factories.unique("quay")
    answer = client.post("/api/v1/clients", json={**NEW, "slug": slug}, headers=administrator)
    assert answer.status_code == 202
    assert (
        client.get(answer.headers["Location"], headers=administrator).get_json()["state"] == "due"
    )
    jobs.run_due(worker_app)
    done = client.get(answer.headers["Location"], headers=administrator).get_json()
    assert (done["state"], done["href"]) == ("done", f"/desk/clients/{slug}")
    found = client.get(f"/api/v1/directory?q={slug}", headers=administrator).get_json()["items"]
    assert [(row["slug"], row["state"]) for row in found] == [(slug, "active")]


def test_the_same_key_gives_the_stored_answer_and_refuses_another_body(
    client: FlaskClient, admin: psycopg.Connection, administrator: dict[str, str]
) -> None:
    header = {**administrator, "Idempotency-Key": f"make-{uuid4()}"}
    body = {**NEW, "slug": factories.unique("key")}
    first = client.post("/api/v1/clients", json=body, headers=header)
    again = client.post("/api/v1/clients", json=body, headers=header)
    other = client.post("/api/v1/clients", json={**body, "name": "Else"}, headers=header)
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 409)
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.get_json()["code"] == "idempotency-key-reused"


def test_a_person_without_the_permission_is_told_so(
    client: FlaskClient, admin: psycopg.Connection
) -> None:
    home = factories.make_provider(admin)
    session = factories.staff(admin, home, role="it_support_agent", lines=("member",))
    header = token_of(admin, home, session.person_id)
    assert client.get("/api/v1/directory", headers=header).status_code == 403


def test_a_form_of_another_site_cannot_use_the_session(
    client: FlaskClient, admin: psycopg.Connection
) -> None:
    home = factories.make_provider(admin)
    session = factories.staff(admin, home, role="administrator", lines=("member",))
    client.set_cookie("login", session.cookie, domain="localhost")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        answer = client.post("/api/v1/clients", json=NEW, headers=headers)
        assert answer.status_code == 403


def test_an_operation_without_a_permission_is_a_mistake_at_start() -> None:
    with pytest.raises(UndeclaredAccess):
        Api("planted").get("/planted")


def test_the_description_names_every_operation_and_its_permission(
    app: Flask, client: FlaskClient
) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    operations = app.extensions["api-operations"]
    described = {one["operationId"] for path in document["paths"].values() for one in path.values()}
    assert described == {operation.name for operation in operations}
    assert len(described) == len(operations)
    assert "$defs" not in json.dumps(document)


def test_the_readable_page_needs_nothing_from_outside(client: FlaskClient) -> None:
    answer = client.get("/api/docs")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "<script" not in text
    assert "style=" not in text
    assert "http://" not in text.replace("http://localhost", "")
    with client.get("/api/docs.css") as style:
        assert style.status_code == 200


def test_callers_are_limited_and_told_when_to_come_again(app: Flask) -> None:
    for limiter in app.extensions["limiter"]:
        limiter.enabled = True
    browser = app.test_client()
    header = {"Authorization": f"Bearer {uuid4()}"}
    answers = [browser.get("/api/v1/clients", headers=header) for _ in range(601)]
    assert {answer.status_code for answer in answers[:600]} == {401}
    assert answers[-1].status_code == 429
    assert answers[-1].get_json()["code"] == "too-many-requests"
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[0].headers["X-RateLimit-Limit"] == "600"
