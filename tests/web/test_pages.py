"""Pages: who comes in, what is refused and how, and what every answer carries."""

from __future__ import annotations

import re

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.cli import install
from app.kernel import db
from app.kernel.settings import Settings
from app.web import security
from app.web.pages import Pages, Surface
from tests import factories
from tests.web.browser import Firm, csrf_token, signed_in

THINGS = "/c/{}/sample/things"
NEW = "/c/{}/sample/new"


def test_a_route_that_declares_nothing_keeps_the_app_from_starting() -> None:
    pages = Pages("bare", __name__, surface=Surface.CLIENT)
    with pytest.raises(TypeError, match="declare needs"):
        pages.get("/bare")


def test_a_route_beside_the_toolkit_keeps_the_app_from_starting() -> None:
    app = Flask("bare", static_folder=None)
    app.add_url_rule("/open", "open", lambda: "open")
    with pytest.raises(RuntimeError, match="/open"):
        security.refuse_unguarded(app)


def test_every_answer_carries_one_of_the_two_policies(staff: FlaskClient, firm: Firm) -> None:
    page = staff.get(THINGS.format(firm.slug))
    frame = staff.get(f"/c/{firm.slug}/sample/frame")
    missing = staff.get("/nowhere")
    assert page.headers["Content-Security-Policy"] == security.PAGE_POLICY
    assert missing.headers["Content-Security-Policy"] == security.PAGE_POLICY
    assert frame.headers["Content-Security-Policy"] == security.FRAME_POLICY


def test_a_page_is_private_and_told_apart_from_its_fragment(staff: FlaskClient, firm: Firm) -> None:
    page = staff.get(THINGS.format(firm.slug))
    assert page.headers["Cache-Control"] == "private, no-store"
    assert {"HX-Request-Type", "Cookie"} <= set(page.vary.as_set(preserve_casing=True))


def test_a_history_restore_gets_the_whole_page(staff: FlaskClient, firm: Firm) -> None:
    whole = staff.get(THINGS.format(firm.slug), headers={"HX-Request": "true"})
    part = staff.get(THINGS.format(firm.slug), headers={"HX-Request-Type": "partial"})
    assert "<!doctype html>" in whole.get_data(True)
    assert "<!doctype html>" not in part.get_data(True)
    assert "Thing 01" in part.get_data(True)


def test_an_unknown_client_and_a_foreign_one_look_the_same(
    settings: Settings, staff: FlaskClient
) -> None:
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        foreign = factories.slug_of(admin, factories.make_client(admin, "Oakwell"))
    staff.get("/nowhere")  # the first answer of all sets the cookie of the forms
    for path in (THINGS, NEW, "/c/{}/", "/c/{}/jobs", "/portal/{}/"):
        first = staff.get(path.format("nobody-at-all"))
        second = staff.get(path.format(foreign))
        assert first.status_code == second.status_code == 404
        assert _unsigned(first) == _unsigned(second)
        assert _named(first) == _named(second)


def _unsigned(answer: TestResponse) -> str:
    """The page without its form token, which is signed anew for each answer."""
    return re.sub(r'"X-CSRF-Token":"[^"]+"', "", answer.get_data(as_text=True))


def _named(answer: TestResponse) -> dict[str, str]:
    """The headers of an answer without those that differ by the request alone."""
    return {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}


def test_a_missing_permission_in_ones_own_client_is_refused(staff: FlaskClient, firm: Firm) -> None:
    assert staff.get(f"/c/{firm.slug}/sample/forbidden").status_code == 403


def test_a_stranger_is_sent_to_sign_in(live_app: Flask, firm: Firm) -> None:
    answer = live_app.test_client().get(THINGS.format(firm.slug))
    assert answer.status_code in {303, 401}


def test_a_client_person_is_led_from_staff_screens_to_the_portal(
    owner: FlaskClient, firm: Firm
) -> None:
    answer = owner.get(THINGS.format(firm.slug))
    assert answer.status_code == 303
    assert answer.location == f"/portal/{firm.slug}/"


def test_a_form_without_its_token_is_refused(staff: FlaskClient, firm: Firm) -> None:
    assert staff.post(NEW.format(firm.slug), data={"name": "x"}).status_code == 403


def test_a_form_from_another_site_is_refused(staff: FlaskClient, firm: Firm) -> None:
    token = csrf_token(staff, NEW.format(firm.slug))
    answer = staff.post(
        NEW.format(firm.slug),
        data={"name": "x", "csrf_token": token},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        ({"name": ""}, 422, "Enter something here."),
        ({"name": "a" * 21}, 422, "Shorten this to 20"),
        ({"name": "a\0b"}, 422, "cannot be kept"),
        ({"name": "a", "amount": "many"}, 422, "Enter a number."),
        ({"name": "a", "other": "b"}, 422, "does not have such a field"),
        ({"name": "a", "way": "conflict"}, 409, "at the same moment"),
        ({"name": "a", "way": "locked"}, 423, "could not be done"),
    ],
)
def test_a_refused_form_comes_back_with_its_reason_and_values(
    staff: FlaskClient, firm: Firm, data: dict[str, str], status: int, said: str
) -> None:
    token = csrf_token(staff, NEW.format(firm.slug))
    answer = staff.post(NEW.format(firm.slug), data={**data, "csrf_token": token})
    text = answer.get_data(True)
    assert answer.status_code == status
    assert said in text
    if data["name"] and "\0" not in data["name"]:
        assert f'value="{data["name"]}"' in text


def test_a_body_beyond_the_bound_is_refused_in_words(staff: FlaskClient, firm: Firm) -> None:
    answer = staff.post(NEW.format(firm.slug), data={"name": "x" * 2_000_000})
    assert answer.status_code == 413


def test_a_toast_offers_undo_on_the_next_page_only(staff: FlaskClient, firm: Firm) -> None:
    list_page = THINGS.format(firm.slug)
    token = csrf_token(staff, list_page)
    ids = ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"]
    staff.post(f"/c/{firm.slug}/sample/done", data={"ids": ids, "csrf_token": token})
    first, second = staff.get(list_page).get_data(True), staff.get(list_page).get_data(True)
    assert "2 done" in first
    assert "2 done" not in second
    assert f'id="undo" method="post" action="/c/{firm.slug}/sample/undo"' in second


def test_a_fault_of_ours_shows_no_detail(live_app: Flask, staff: FlaskClient, firm: Firm) -> None:
    token = csrf_token(staff, THINGS.format(firm.slug))
    answer = staff.post(f"/c/{firm.slug}/sample/fails", data={"csrf_token": token})
    assert answer.status_code == 500
    assert "broken on purpose" not in answer.get_data(True)


def test_the_desk_asks_the_database_as_often_for_500_clients_as_for_5(
    live_app: Flask, settings: Settings
) -> None:
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        few, many = factories.make_person(admin), factories.make_person(admin)
        for number in range(500):
            tenant = factories.make_client(admin, "Oakwell")
            for person in (many, few) if number < 5 else (many,):
                factories.grant(
                    admin, tenant, person, role="staff_accountant", lines=("accounting",)
                )
        cookies = [factories.sign_in(admin, person).cookie for person in (few, many)]
    five, rows_of_five = _statements(live_app, cookies[0])
    most, rows_of_most = _statements(live_app, cookies[1])
    assert (rows_of_five, rows_of_most) == (5, 500)
    assert five == most > 0


def _statements(app: Flask, cookie: str) -> tuple[int, int]:
    """How many statements the warm desk sends, and how many rows it shows."""
    client, sent = signed_in(app, cookie), []
    client.get("/desk")
    with app.app_context():
        engine = db.db.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *_args: sent.append(1))
    text = client.get("/desk").get_data(True)
    return len(sent), text.count("data-row ")


def test_the_same_screen_opens_in_the_next_client(staff: FlaskClient, firm: Firm) -> None:
    answer = staff.get(f"/c/{firm.slug}/next?at=sample.things")
    assert answer.status_code == 303
    assert answer.location.endswith("/sample/things")
    assert firm.slug not in answer.location


def test_the_palette_finds_a_client_without_a_script(staff: FlaskClient, firm: Firm) -> None:
    text = staff.get("/palette?q=harb").get_data(True)
    assert f"/c/{firm.slug}/" in text


def test_the_palette_offers_commands_within_the_readers_rights(
    staff: FlaskClient, firm: Firm
) -> None:
    found = staff.get(f"/c/{firm.slug}/palette?q=new+entry").get_data(True)
    assert f'href="/c/{firm.slug}/books/entries/new"' in found
    assert "New client" not in staff.get("/palette?q=new+client").get_data(True)
    theme = staff.get("/palette?q=dark").get_data(True)
    assert 'method="post" action="/me/theme/dark"' in theme


def test_the_palette_is_a_listbox_over_a_page_and_links_without_a_script(
    staff: FlaskClient,
) -> None:
    over = staff.get("/palette", headers={"HX-Request-Type": "partial"}).get_data(True)
    plain = staff.get("/palette").get_data(True)
    assert 'role="combobox"' in over
    assert 'role="option" id="opt-1"' in over
    assert 'role="option"' not in plain
