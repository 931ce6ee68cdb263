"""What of lists the client's people never see: drafts, and what is asked of somebody else."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import db, undo
from app.kernel.database_errors import from_database
from app.kernel.db import session
from app.kernel.errors import DomainError
from app.kernel.scope import secret_hash
from app.tasks.client_requests import commands, queries
from tests import factories
from tests.factories import Session
from tests.tasks import list_stage, request_stage
from tests.tasks.request_stage import Place

TABLES = {
    "request_list": "select count(*) from app.request_list where id = :list",
    "request_item": "select count(*) from app.request_item where list_id = :list",
    "request_link": "select count(*) from app.request_link where list_id = :list",
    "request_act": "select count(*) from app.request_act a join app.request_item i"
    " on i.id = a.item_id where i.list_id = :list",
}


@pytest.fixture(scope="module")
def place(settings: object, app: Flask, worker_app: Flask) -> Place:
    """A client with its accountant and its owner."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin, "Unseen")


def _seen(place: Place, who: Session, list_id: UUID) -> dict[str, int]:
    """How many rows of a list somebody reads by raw SQL as the web's login role."""
    with place.acting(who):
        return {
            name: session.execute(sa.text(statement), {"list": list_id}).scalar_one()
            for name, statement in TABLES.items()
        }


def _refused(place: Place, who: Session, statement: str, **values: object) -> str:
    """The refusal of raw SQL as the web's login role."""
    with pytest.raises((DomainError, sa.exc.DBAPIError)) as caught, place.acting(who):
        session.execute(sa.text(statement), values)
    fault = caught.value
    refusal = from_database(fault) if isinstance(fault, sa.exc.DBAPIError) else fault
    assert isinstance(refusal, DomainError)
    return refusal.code


def _draft(place: Place) -> tuple[UUID, UUID]:
    with place.acting(place.staff):
        made = commands.write(line="accounting", title="Not yet", wanted=[list_stage.ANSWER])
        return made, queries.items(made)[0].id


def test_a_draft_is_seen_by_nobody_of_the_client_by_no_page_token_or_raw_sql(
    place: Place,
) -> None:
    made, item = _draft(place)
    assert _seen(place, place.owner, made) == dict.fromkeys(TABLES, 0)
    assert _seen(place, place.staff, made)["request_item"] == 1
    owner = place.browser(place.owner)
    assert owner.get(f"/portal/{place.slug}/requests/{made}").status_code == 404
    assert str(made) not in owner.get(f"/portal/{place.slug}/requests").text
    give = "select app.give_request_item(:item, 'x', null, null, null)"
    assert _refused(place, place.owner, give, item=item) == "not-found"
    link = "select app.make_request_link(:id, :list, :item, null, 'a@b.example', '', :sha)"
    sha = secret_hash("prin", uuid4().hex)
    assert (
        _refused(place, place.owner, link, id=uuid4(), list=made, item=item, sha=sha) == "not-found"
    )


def test_a_draft_that_was_withdrawn_and_taken_back_is_still_a_draft(place: Place) -> None:
    made, _item = _draft(place)
    with place.acting(place.staff):
        token = commands.withdraw(made)
    assert _seen(place, place.owner, made) == dict.fromkeys(TABLES, 0)
    with place.acting(place.staff):
        undo.take(token)
        assert queries.one(made).state == "draft"
        commands.send(made, version=queries.one(made).version)
    assert _seen(place, place.owner, made)["request_item"] == 1


def test_what_is_asked_of_one_person_is_neither_read_nor_given_by_another(
    place: Place, app: Flask, admin: psycopg.Connection
) -> None:
    other = factories.owner(admin, place.tenant)
    listed = list_stage.sent(place, to_person=place.owner.person_id)
    (item,) = list_stage.items(place, listed)
    assert _seen(place, other, listed) == dict.fromkeys(TABLES, 0)
    assert _seen(place, place.owner, listed)["request_item"] == 1
    page = f"/portal/{place.slug}/requests/{listed}"
    assert place.browser(other).get(page).status_code == 404
    assert place.browser(place.owner).get(page).status_code == 200
    give = "select app.give_request_item(:item, 'x', null, null, null)"
    assert _refused(place, other, give, item=item) == "not-found"
    with app.app_context(), db.transaction(place.owner.scope(place.tenant)):
        commands.give(item, text="Ada")
    assert list_stage.states(place, listed) == ("open", ["given"])
