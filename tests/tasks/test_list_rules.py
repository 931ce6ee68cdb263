"""What lists for clients refuse: wrong ways back, drafts shown, dead links, a client that rests."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask

from app.kernel import db, undo
from app.kernel.errors import Conflict
from app.tasks.client_requests import commands, queries
from tests import factories
from tests.tasks import list_stage, request_stage
from tests.tasks.request_stage import Place


@pytest.fixture(scope="module")
def place(settings: object, app: Flask, worker_app: Flask) -> Place:
    """A client with its accountant and its owner."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin, "Ruled")


def test_what_belongs_to_a_withdrawn_list_is_not_sent_back_and_opens_nothing(
    place: Place,
) -> None:
    listed = list_stage.sent(place)
    (answer,) = list_stage.items(place, listed)
    with place.acting(place.owner):
        commands.give(answer, text="me")
    with place.acting(place.staff):
        commands.withdraw(listed)
    back = f"/c/{place.slug}/requests/items/{answer}/send-back"
    refused = place.browser(place.staff).post(back, {"reason": "the full name, please"})
    assert refused.status_code == 409, refused.text
    assert list_stage.states(place, listed) == ("withdrawn", ["given"])


def test_taking_an_acceptance_back_leaves_a_withdrawn_list_withdrawn(place: Place) -> None:
    listed = list_stage.sent(place, (list_stage.ANSWER, list_stage.CONFIRMATION))
    answer, _confirmation = list_stage.items(place, listed)
    with place.acting(place.owner):
        commands.give(answer, text="me")
    with place.acting(place.staff):
        accepted = commands.accept([answer])
        withdrawn = commands.withdraw(listed)
    with place.acting(place.staff):
        undo.take(accepted)
    assert list_stage.states(place, listed) == ("withdrawn", ["given", "waiting"])
    with place.acting(place.staff):
        undo.take(withdrawn)
    assert list_stage.states(place, listed)[0] == "open"


def test_a_done_list_opens_again_when_one_of_its_things_is_sent_back(place: Place) -> None:
    listed = list_stage.sent(place)
    (answer,) = list_stage.items(place, listed)
    with place.acting(place.owner):
        commands.give(answer, text="me")
    with place.acting(place.staff):
        commands.accept([answer])
    assert list_stage.states(place, listed) == ("done", ["accepted"])
    with place.acting(place.staff):
        commands.send_back(answer, reason="Who is me?")
    assert list_stage.states(place, listed) == ("open", ["sent_back"])
    with place.acting(place.staff), pytest.raises(Conflict):
        commands.send_back(answer, reason="once more")


def test_a_thing_taken_off_comes_back_and_opens_the_list_that_ended_with_it(place: Place) -> None:
    listed = list_stage.sent(place, (list_stage.ANSWER, list_stage.CONFIRMATION))
    answer, confirmation = list_stage.items(place, listed)
    with place.acting(place.owner):
        commands.give(answer, text="Ada")
    with place.acting(place.staff):
        commands.accept([answer])
    staff = place.browser(place.staff)
    page = f"/c/{place.slug}/requests/{listed}"
    dropped = staff.post(f"/c/{place.slug}/requests/items/{confirmation}/drop", {})
    assert dropped.status_code == 303, dropped.text
    assert list_stage.states(place, listed) == ("done", ["accepted"])
    back = re.search(r'action="(/c/[^"]+/requests/undo/[^"]+)"', staff.get(page).text)
    assert back is not None
    assert staff.post(back[1], {}).status_code == 303
    assert list_stage.states(place, listed) == ("open", ["accepted", "waiting"])


@pytest.fixture
def resting(place: Place, admin: psycopg.Connection) -> Iterator[None]:
    """Whatever a test lets rest works again afterwards."""
    yield
    admin.rollback()
    admin.execute("update guard.tenant set state = 'active' where id = %s", (place.tenant,))
    admin.commit()


def test_nothing_is_written_by_a_link_of_a_client_whose_work_rests(
    place: Place, app: Flask, admin: psycopg.Connection, resting: None
) -> None:
    del resting
    listed = list_stage.sent(place)
    (answer,) = list_stage.items(place, listed)
    page = f"/r/{list_stage.secret(place, listed)}"
    admin.execute("update guard.tenant set state = 'suspended' where id = %s", (place.tenant,))
    admin.commit()
    browser = app.test_client()
    assert "Who drives it?" in browser.get(page).text
    given = list_stage.post(browser, page, f"{page}/items/{answer}", text="me")
    assert given == 409
    colleague = {"address": "dee@example.com", "name": "Dee"}
    handed = list_stage.post(browser, page, f"{page}/items/{answer}/hand-on", **colleague)
    assert handed == 409
    wrote = "select count(*) from app.request_act where item_id = %s"
    assert admin.execute(wrote, (answer,)).fetchone() == (0,)


def test_a_link_whose_maker_left_is_neither_mailed_nor_handed_out_and_a_new_one_is_made(
    place: Place, app: Flask, admin: psycopg.Connection
) -> None:
    leaver = factories.staff(admin, place.tenant)
    with app.app_context(), db.transaction(leaver.scope(place.tenant)):
        listed = commands.write(line="accounting", title="Left", wanted=[list_stage.ANSWER])
        commands.send(listed, version=1)
    with place.job():
        (mailed,) = [one for one in queries.day_items() if one.id == listed]
    assert app.test_client().get(mailed.path).status_code == 200
    gone = "update guard.membership set valid_to = now() where user_id = %s"
    admin.execute(gone, (leaver.person_id,))
    admin.commit()
    with place.job():
        (dead,) = [one for one in queries.day_items() if one.id == listed]
    assert dead.path == f"/portal/<client>/requests/{listed}"
    staff = place.browser(place.staff)
    assert mailed.path not in staff.get(f"/c/{place.slug}/requests/{listed}").text
    assert staff.post(f"/c/{place.slug}/requests/{listed}/remind", {}).status_code == 303
    with place.job():
        (anew,) = [one for one in queries.day_items() if one.id == listed]
    assert anew.path != mailed.path
    assert app.test_client().get(anew.path).status_code == 200


class _Unread(io.BytesIO):
    """A body of which nothing may be read."""

    def _refuse(self, *_size: object) -> bytes:
        raise AssertionError("the body was read before the secret was asked")

    read = read1 = readline = _refuse  # every way of reading


def test_what_a_wrong_secret_brings_is_refused_before_a_byte_of_it_is_read(
    place: Place, app: Flask
) -> None:
    listed, other = list_stage.sent(place), list_stage.sent(place)
    (answer,), (foreign,) = list_stage.items(place, listed), list_stage.items(place, other)
    secret = list_stage.secret(place, listed)
    wrong = (secret[:-1] + ("A" if secret[-1] != "A" else "B"), answer), (secret, foreign)
    for text, item in wrong:
        refused = app.test_client().post(
            f"/r/{text}/items/{item}",
            input_stream=_Unread(b"x" * 1000),
            content_type="multipart/form-data; boundary=x",
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert refused.status_code == 404
