"""Lists for the client: written, sent, given by portal and by link, accepted, sent back, done."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel import db, jobs, undo
from app.kernel.errors import Conflict, Invalid
from app.tasks.client_requests import commands, happened, links, queries, secrets
from app.tasks.client_requests.models import Wanted
from tests import factories
from tests.tasks import request_stage
from tests.tasks.request_stage import PDF, Place

WANTED = (
    Wanted("file", "Invoice of the van", "the one with the VAT on it"),
    Wanted("answer", "Who drives it?"),
    Wanted("confirmation", "Only for business?"),
)


@pytest.fixture(scope="module")
def place(settings: object, app: Flask, worker_app: Flask) -> Place:
    """A client with its accountant and its owner."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin, "Listed")


def _sent(place: Place, wanted: tuple[Wanted, ...] = WANTED) -> UUID:
    with place.acting(place.staff):
        made = commands.write(line="accounting", title="VAT for October", wanted=wanted)
        commands.send(made, version=1)
    return made


def _items(place: Place, list_id: UUID) -> list[UUID]:
    with place.acting(place.staff):
        return [one.id for one in queries.items(list_id)]


def _states(place: Place, list_id: UUID) -> tuple[str, list[str]]:
    with place.acting(place.staff):
        return queries.one(list_id).state, [one.state for one in queries.items(list_id)]


def _secret(place: Place, list_id: UUID) -> str:
    with place.acting(place.staff):
        return secrets.of_link(links.of_list(list_id).id)


def _token(browser: FlaskClient, address: str) -> str:
    text = browser.get(address).text
    return text.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def _post(browser: FlaskClient, page: str, to: str, **data: object) -> int:
    data["csrf_token"] = _token(browser, page)
    answer = browser.post(
        to, data=data, headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=False
    )
    return answer.status_code


def test_a_list_is_given_at_the_portal_accepted_and_done(place: Place) -> None:
    listed = _sent(place)
    file, answer, confirmation = _items(place, listed)
    owner = place.browser(place.owner)
    page = owner.get(f"/portal/{place.slug}/requests/{listed}").text
    assert "Invoice of the van" in page
    base = f"/portal/{place.slug}/requests/items"
    owner.get(f"/portal/{place.slug}/requests/{listed}")
    empty = owner.post(f"{base}/{file}", {})
    assert empty.status_code == 422
    given = owner.post(f"{base}/{file}", {"files": (io.BytesIO(PDF), "van.pdf")})
    assert given.status_code == 303, given.text
    assert owner.post(f"{base}/{answer}", {"text": "Ada"}).status_code == 303
    assert owner.post(f"{base}/{confirmation}", {"confirmed": "false"}).status_code == 303
    assert _states(place, listed) == ("open", ["given", "given", "given"])

    staff = place.browser(place.staff)
    shown = staff.get(f"/c/{place.slug}/requests/{listed}").text
    assert "van.pdf" in shown
    assert "Ada" in shown
    assert staff.post(f"/c/{place.slug}/requests/{listed}/accept", {}).status_code == 303
    assert _states(place, listed) == ("done", ["accepted"] * 3)
    late = owner.post(f"{base}/{answer}", {"text": "Bea"})
    assert late.status_code == 409


def test_of_several_files_the_one_that_cannot_be_taken_is_named(place: Place, app: Flask) -> None:
    listed = _sent(place, WANTED[:1])
    (file,) = _items(place, listed)
    secret = _secret(place, listed)
    stranger, owner = app.test_client(), place.browser(place.owner)
    token = _token(stranger, f"/r/{secret}")
    owner.get(f"/portal/{place.slug}/requests/{listed}")
    pages = [
        stranger.post(
            f"/r/{secret}/items/{file}",
            data=_van_and_program() | {"csrf_token": token},
            headers={"Sec-Fetch-Site": "same-origin"},
        ),
        owner.post(f"/portal/{place.slug}/requests/items/{file}", _van_and_program()),
    ]
    for page in pages:
        assert page.status_code == 422
        assert "setup.pdf: Files of this kind become no documents." in page.text
        assert 'href="#f-files"' in page.text
    assert _states(place, listed) == ("open", ["waiting"])


def _van_and_program() -> dict[str, Any]:
    return {"files": [(io.BytesIO(PDF), "van.pdf"), (io.BytesIO(b"MZ" + b"\0" * 99), "setup.pdf")]}


def test_what_is_sent_back_is_asked_once_more_with_its_reason(place: Place) -> None:
    listed = _sent(place, WANTED[1:2])
    (answer,) = _items(place, listed)
    with place.acting(place.owner):
        commands.give(answer, text="me")
    staff, owner = place.browser(place.staff), place.browser(place.owner)
    back = f"/c/{place.slug}/requests/items/{answer}/send-back"
    staff.get(f"/c/{place.slug}/requests/{listed}")
    assert staff.post(back, {"reason": ""}).status_code == 422
    assert staff.post(back, {"reason": "We need the full name"}).status_code == 303
    assert "We need the full name" in owner.get(f"/portal/{place.slug}/requests/{listed}").text
    with place.acting(place.owner):
        commands.give(answer, text="Ada Byron")
    with place.acting(place.staff):
        token = commands.accept([answer])
    assert _states(place, listed) == ("done", ["accepted"])
    with place.acting(place.staff):
        undo.take(token)
    assert _states(place, listed) == ("open", ["given"])


def test_a_link_opens_just_its_list_and_opening_it_changes_nothing(
    place: Place, app: Flask, admin: psycopg.Connection
) -> None:
    listed, other = _sent(place), _sent(place, WANTED[1:2])
    secret = _secret(place, listed)
    browser = app.test_client()
    before = admin.execute("select count(*) from app.request_act").fetchone()
    for _time in range(3):
        assert "Invoice of the van" in browser.get(f"/r/{secret}").text
    admin.rollback()
    assert admin.execute("select count(*) from app.request_act").fetchone() == before
    (foreign,) = _items(place, other)
    data = {"text": "no"}
    assert _post(browser, f"/r/{secret}", f"/r/{secret}/items/{foreign}", **data) == 404
    assert _states(place, other) == ("open", ["waiting"])
    assert browser.get(f"/r/{secret[:-2]}xx").status_code == 404
    assert browser.get("/desk").status_code == 303  # and nothing else


def test_a_file_brought_by_a_link_becomes_a_paper_of_its_thing(
    place: Place, app: Flask, worker_app: Flask
) -> None:
    listed = _sent(place, WANTED[:1])
    (file,) = _items(place, listed)
    secret = _secret(place, listed)
    browser = app.test_client()
    photo = (io.BytesIO(PDF + b"by link"), "van.pdf")
    status = _post(browser, f"/r/{secret}", f"/r/{secret}/items/{file}", files=photo)
    assert status == 303
    assert _states(place, listed) == ("open", ["given"])
    assert "van.pdf" in browser.get(f"/r/{secret}").text
    with worker_app.app_context():
        jobs.run_due(worker_app)
    staff = place.browser(place.staff).get(f"/c/{place.slug}/requests/{listed}").text
    assert "/documents/" in staff.split("van.pdf")[0][-400:] or staff.count("van.pdf") > 1


def test_a_thing_handed_on_by_link_opens_for_the_colleague_alone(
    place: Place, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    listed = _sent(place)
    _file, answer, _confirmation = _items(place, listed)
    secret = _secret(place, listed)
    browser = app.test_client()
    address = f"/r/{secret}/items/{answer}/hand-on"
    sent = {"address": "driver@example.com", "name": "Dee"}
    assert _post(browser, f"/r/{secret}?item={answer}", address, **sent) == 303
    with place.job():
        made = next(one for one in queries.links(listed) if one.item_id == answer)
        happened.send(made.id)
    row = admin.execute(
        "select to_address, params from app.mail_message where tenant_id = %s and template = %s",
        (place.tenant, happened.TEMPLATE),
    ).fetchone()
    assert row is not None
    assert row[0] == "driver@example.com"
    colleague = app.test_client()
    page = colleague.get(row[1]["link"]).text
    assert "Who drives it?" in page
    assert "Invoice of the van" not in page
    assert "VAT for October" not in page
    own = row[1]["link"]
    assert _post(colleague, own, f"{own}/items/{_file}", text="x") == 404
    assert _post(colleague, own, f"{own}/items/{answer}/hand-on", **sent) == 404
    holders = [browser.get(f"/r/{secret}").text]
    holders.append(place.browser(place.owner).get(f"/portal/{place.slug}/requests/{listed}").text)
    assert all("Handed on to Dee" in one for one in holders)
    assert "Handed on" not in page
    assert _post(colleague, own, f"{own}/items/{answer}", text="I do") == 303
    assert "Handed on to Dee" not in browser.get(f"/r/{secret}").text
    assert _states(place, listed)[1] == ["waiting", "given", "waiting"]


def test_a_link_that_died_before_its_mail_left_is_not_mailed(
    place: Place, worker_app: Flask, admin: psycopg.Connection
) -> None:
    listed = _sent(place, WANTED[1:2])
    (answer,) = _items(place, listed)
    leaver = factories.owner(admin, place.tenant)
    with place.acting(leaver):
        made = links.hand_on(answer, address="late@example.com")
    with place.job():
        happened.send(made.id)
    admin.execute(
        "update guard.membership set valid_to = now() where user_id = %s", (leaver.person_id,)
    )
    admin.commit()
    with worker_app.app_context():
        jobs.run_due(worker_app)
    row = admin.execute(
        "select state from app.mail_message where to_address = 'late@example.com'"
    ).fetchone()
    assert row == ("overtaken",)


def test_a_withdrawn_list_needs_nothing_and_takes_nothing(place: Place, app: Flask) -> None:
    listed = _sent(place, WANTED[1:2])
    (answer,) = _items(place, listed)
    secret = _secret(place, listed)
    browser = app.test_client()
    token = _token(browser, f"/r/{secret}")
    with place.acting(place.staff):
        commands.withdraw(listed)
    assert "taken back" in browser.get(f"/r/{secret}").text
    data = {"text": "late", "csrf_token": token}
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert browser.post(f"/r/{secret}/items/{answer}", data=data, headers=headers).status_code in {
        404,
        409,
    }


def test_a_link_dies_with_the_grant_of_its_maker(
    place: Place, app: Flask, admin: psycopg.Connection
) -> None:
    maker = factories.staff(admin, place.tenant)
    with app.app_context(), db.transaction(maker.scope(place.tenant)):
        made = commands.write(line="accounting", title="By a leaver", wanted=WANTED[1:2])
        commands.send(made, version=1)
        secret = secrets.of_link(links.of_list(made).id)
    assert app.test_client().get(f"/r/{secret}").status_code == 200
    admin.execute(
        "update guard.membership set valid_to = now() where user_id = %s", (maker.person_id,)
    )
    admin.commit()
    assert app.test_client().get(f"/r/{secret}").status_code == 404


def test_the_client_writes_no_list_and_decides_nothing(place: Place) -> None:
    listed = _sent(place, WANTED[1:2])
    (answer,) = _items(place, listed)
    owner = place.browser(place.owner)
    owner.get(f"/portal/{place.slug}/")
    for address in (f"requests/items/{answer}/accept", f"requests/{listed}/withdraw"):
        assert owner.post(f"/c/{place.slug}/{address}", {}).status_code in {303, 403, 404}
    assert _states(place, listed) == ("open", ["waiting"])


def test_a_draft_is_written_anew_and_a_sent_list_is_not(place: Place) -> None:
    with place.acting(place.staff):
        made = commands.write(line="accounting", title="Draft", wanted=WANTED)
        commands.rewrite(made, version=1, title="Anew", wanted=WANTED[:1])
        assert [one.title for one in queries.items(made)] == ["Invoice of the van"]
        commands.send(made, version=queries.one(made).version)
        with pytest.raises(Conflict):
            commands.rewrite(made, version=queries.one(made).version, title="No", wanted=WANTED[:1])
    with place.acting(place.staff), pytest.raises(Invalid):
        commands.write(line="accounting", title="", wanted=WANTED)
    with place.acting(place.staff), pytest.raises(Invalid):
        commands.write(line="accounting", title="Nothing", wanted=())


def test_a_list_belongs_to_a_line_that_its_writer_may_write_in(
    place: Place, admin: psycopg.Connection
) -> None:
    agent = factories.staff(admin, place.tenant, lines=("tickets",))
    browser, both = place.browser(agent), place.browser(place.staff)
    assert 'name="line"' not in browser.get(f"/c/{place.slug}/requests/new").text
    wide = place.browser(factories.staff(admin, place.tenant, lines=("accounting", "tickets")))
    assert 'name="line"' in wide.get(f"/c/{place.slug}/requests/new").text
    sent = {"title": "A photo of the printer", "files": "Printer", "send": "true"}
    made = browser.post(f"/c/{place.slug}/requests/new", sent)
    assert made.status_code == 303, made.text
    listed = UUID(made.headers["Location"].rsplit("/", 1)[1])
    with place.acting(agent):
        assert queries.one(listed).line == "tickets"
        (item,) = [one.id for one in queries.items(listed)]
    owner = place.browser(place.owner)
    owner.get(f"/portal/{place.slug}/requests/{listed}")
    given = {"files": (io.BytesIO(PDF + b"printer"), "printer.pdf")}
    address = f"/portal/{place.slug}/requests/items/{item}"
    assert owner.post(address, given).status_code == 303
    assert "printer.pdf" in browser.get(f"/c/{place.slug}/requests/{listed}").text
    refused = browser.post(f"/c/{place.slug}/requests/new", {**sent, "line": "accounting"})
    assert refused.status_code == 422
    api = f"/api/v1/clients/{place.slug}/request-lists"
    body = {"title": "The bank contract", "items": [{"title": "Contract"}]}
    for asks, told in ((both, "accounting"), (browser, "tickets")):
        headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": asks.token}
        answer = asks.client.post(api, json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        assert answer.get_json()["head"]["line"] == told


def test_who_may_make_no_links_sends_to_the_portal_alone(
    place: Place, admin: psycopg.Connection
) -> None:
    clerk = factories.staff(admin, place.tenant, role="finance_assistant")
    sent = place.browser(clerk).post(
        f"/c/{place.slug}/requests/new", {"title": "Two", "answers": "Who?", "send": "true"}
    )
    assert sent.status_code == 303, sent.text
    listed = UUID(sent.headers["Location"].rsplit("/", 1)[1])
    with place.acting(place.staff):
        assert queries.links(listed) == []
    assert "Who?" in place.browser(place.owner).get(f"/portal/{place.slug}/requests/{listed}").text
