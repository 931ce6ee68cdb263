"""What lists for clients refuse: wrong ways back, drafts shown, dead links, a client that rests."""

from __future__ import annotations

import re

import psycopg
import pytest
from flask import Flask

from app.kernel import undo
from app.kernel.errors import Conflict
from app.tasks.client_requests import commands
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
