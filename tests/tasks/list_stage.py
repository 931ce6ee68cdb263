"""What tests of lists for clients share: a place, sent lists, their links and states."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask.testing import FlaskClient

from app.tasks.client_requests import commands, links, queries, secrets
from app.tasks.client_requests.models import Wanted
from tests.tasks.request_stage import Place

FILE = Wanted("file", "Invoice of the van", "the one with the VAT on it")
ANSWER = Wanted("answer", "Who drives it?")
CONFIRMATION = Wanted("confirmation", "Only for business?")


def sent(
    place: Place, wanted: Sequence[Wanted] = (ANSWER,), *, to_person: UUID | None = None
) -> UUID:
    """A list that the accountant sent."""
    with place.acting(place.staff):
        made = commands.write(
            line="accounting", title="VAT for October", wanted=wanted, to_person=to_person
        )
        commands.send(made, version=1)
    return made


def items(place: Place, list_id: UUID) -> list[UUID]:
    """The things of a list, in order."""
    with place.acting(place.staff):
        return [one.id for one in queries.items(list_id)]


def states(place: Place, list_id: UUID) -> tuple[str, list[str]]:
    """The list's state and those of its things."""
    with place.acting(place.staff):
        return queries.one(list_id).state, [one.state for one in queries.items(list_id)]


def secret(place: Place, list_id: UUID) -> str:
    """The text that opens a list."""
    with place.acting(place.staff):
        return secrets.of_link(links.of_list(list_id).id)


def token(browser: FlaskClient, address: str) -> str:
    """What a form of this page carries against forgery."""
    return browser.get(address).text.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def post(browser: FlaskClient, page: str, to: str, **data: object) -> int:
    """Sends a form of a page that a link opened; returns the status."""
    data["csrf_token"] = token(browser, page)
    answer = browser.post(to, data=data, headers={"Sec-Fetch-Site": "same-origin"})
    return answer.status_code
