"""Lists over the API: what the pages do, both sides do by their sessions and by tokens too."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.kernel import jobs
from tests import factories
from tests.factories import Session
from tests.tasks import list_stage, request_stage
from tests.tasks.request_stage import PDF, Place

ALL = (list_stage.FILE, list_stage.ANSWER, list_stage.CONFIRMATION)


@pytest.fixture(scope="module")
def place(settings: object, app: Flask, worker_app: Flask) -> Place:
    """A client with its accountant and its owner."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin, "Called")


def _call(
    place: Place, who: Session, path: str, *, method: str = "POST", **options: Any
) -> TestResponse:
    """An operation, called as this person's page would."""
    browser = place.browser(who)
    browser.get(f"/portal/{place.slug}/")
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token}
    address = f"/api/v1/clients/{place.slug}/{path}"
    return browser.client.open(address, method=method, headers=headers, **options)


def test_the_client_gives_a_file_an_answer_and_a_confirmation_by_a_token(
    place: Place, admin: psycopg.Connection
) -> None:
    listed = list_stage.sent(place, ALL)
    file, answer, confirmation = list_stage.items(place, listed)
    bearer = factories.token(admin, place.tenant, place.owner.person_id)
    called = place.app.test_client()

    def give(item: UUID, how: str = "give", **options: Any) -> TestResponse:
        address = f"/api/v1/clients/{place.slug}/request-items/{item}/{how}"
        return called.post(address, headers={"Authorization": f"Bearer {bearer}"}, **options)

    nothing = give(answer, json={})
    assert nothing.status_code == 422
    assert "text" in nothing.get_json()["errors"][0]["field"]
    program = {"files": (io.BytesIO(b"MZ" + b"\0" * 99), "setup.exe")}
    assert give(file, "give-file", data=program).status_code == 422
    photo = {"files": (io.BytesIO(PDF + b"called"), "van.pdf"), "text": "page 1"}
    assert give(file, "give-file", data=photo).status_code == 200
    assert give(answer, json={"text": "Ada"}).status_code == 200
    told = give(confirmation, json={"confirmed": False}).get_json()
    assert [one["state"] for one in told["things"]] == ["given"] * 3
    shown = place.browser(place.staff).get(f"/c/{place.slug}/requests/{listed}").text
    assert all(one in shown for one in ("van.pdf", "page 1", "Ada"))
    accepted = _call(place, place.staff, f"request-items/{answer}/accept")
    assert accepted.status_code == 200
    assert give(answer, json={"text": "Bea"}).status_code == 409


def test_a_thing_is_handed_on_over_the_api_and_its_mail_goes_out(
    place: Place, admin: psycopg.Connection
) -> None:
    listed = list_stage.sent(place)
    (answer,) = list_stage.items(place, listed)
    path = f"request-items/{answer}/hand-on"
    assert _call(place, place.owner, path, json={"address": "nobody"}).status_code == 422
    sent = {"address": "dee@example.com", "name": "Dee"}
    assert _call(place, place.owner, path, json=sent).status_code == 200
    with place.worker_app.app_context():
        jobs.run_due(place.worker_app)
    found = admin.execute(
        "select params ->> 'link' from app.mail_message where to_address = 'dee@example.com'"
    ).fetchone()
    assert found is not None
    assert "Who drives it?" in place.app.test_client().get(found[0]).text


def test_a_draft_is_rewritten_and_its_link_is_there_once_it_was_sent(place: Place) -> None:
    body: dict[str, Any] = {"title": "Draft", "items": [{"title": "One"}, {"title": "Two"}]}
    made = _call(place, place.staff, "request-lists", json=body).get_json()
    at = f"request-lists/{made['head']['id']}"
    assert _call(place, place.staff, f"{at}/link").get_json()["code"] == "request-list-draft"
    anew = {"title": "Anew", "items": [{"kind": "answer", "title": "Three"}], "version": 1}
    told = _call(place, place.staff, at, method="PUT", json=anew).get_json()
    assert (told["head"]["title"], [one["title"] for one in told["things"]]) == ("Anew", ["Three"])
    assert _call(place, place.staff, at, method="PUT", json=anew).status_code == 409, "stale"
    assert _call(place, place.owner, at, method="PUT", json=anew).status_code == 403
    assert _call(place, place.staff, f"{at}/send").status_code == 200
    late = anew | {"version": told["head"]["version"] + 1}
    assert _call(place, place.staff, at, method="PUT", json=late).status_code == 409
    links = [_call(place, place.staff, f"{at}/link").get_json()["url"] for _time in range(2)]
    assert links[0] == links[1]
    opened = place.app.test_client().get("/r/" + links[0].rsplit("/", 1)[1])
    assert "Three" in opened.text
    assert _call(place, place.owner, f"{at}/link").status_code == 403


def test_accepting_dropping_and_withdrawing_are_taken_back_over_the_api(place: Place) -> None:
    listed = list_stage.sent(place, ALL[1:])
    answer, confirmation = list_stage.items(place, listed)
    given = _call(place, place.owner, f"request-items/{answer}/give", json={"text": "Ada"})
    assert given.status_code == 200
    acts = (
        (f"request-items/{answer}/accept", ("open", ["given", "waiting"])),
        (f"request-items/{confirmation}/drop", ("open", ["given", "waiting"])),
        (f"request-lists/{listed}/withdraw", ("open", ["given", "waiting"])),
    )
    for path, before in acts:
        token = _call(place, place.staff, path).get_json()["undo"]
        assert list_stage.states(place, listed) != before
        back = f"request-lists/undo/{token}"
        assert _call(place, place.owner, back).status_code == 403
        assert _call(place, place.staff, back).status_code == 204
        assert list_stage.states(place, listed) == before
        assert _call(place, place.staff, back).status_code == 404
    assert _call(place, place.staff, f"request-lists/undo/{uuid4()}").status_code == 404
