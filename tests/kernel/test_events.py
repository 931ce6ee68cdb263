"""Events reach every handler as whoever caused them; work is handed to another tenant once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from app.kernel import db, events, jobs
from app.kernel import scope as scopes
from app.kernel.errors import Forbidden
from tests import factories

heard: list[tuple[str, Any, UUID | None]] = []
handed: list[tuple[dict[str, Any], str, UUID | None, UUID | None]] = []


@events.event("test.paper-came", line="accounting")
@dataclass(frozen=True)
class PaperCame:
    """Something happened, with the types an event may hold."""

    paper_id: UUID
    on: dt.date
    amounts: tuple[int, ...]


@events.on(PaperCame)
def first_hears(event: PaperCame) -> None:
    """The first package that listens."""
    heard.append(("first", event, scopes.current().person_id))


@events.on(PaperCame)
def second_hears(event: PaperCame) -> None:
    """The second one, on its own."""
    heard.append(("second", event, scopes.current().person_id))


@events.event("test.nobody-listens")
@dataclass(frozen=True)
class NobodyListens:
    """An event without a handler."""

    n: int


@events.event("test.many-came")
@dataclass(frozen=True)
class ManyCame:
    """An event that is told many times at once."""

    n: int


@events.together(ManyCame)
def hears_at_once(told: Sequence[ManyCame]) -> None:
    """A listener inside the teller's transaction."""
    heard.append(("together", [one.n for one in told], scopes.current().person_id))


@events.on(ManyCame)
def hears_one_by_one(event: ManyCame) -> None:
    """A handler of the same event."""
    heard.append(("job", event.n, None))


@jobs.job("test.handed")
def take_over(args: dict[str, Any], _progress: jobs.Progress) -> None:
    """The receiving tenant's part."""
    scope = scopes.current()
    handed.append((args, scope.mode, scope.tenant_id, scope.person_id))


@pytest.fixture(autouse=True)
def _clean(admin: psycopg.Connection) -> Iterator[None]:
    heard.clear()
    handed.clear()
    admin.execute("delete from app.job")
    admin.execute(
        "insert into app.hand_over_route(event, direction, line)"
        " values ('test.handed', 'to_provider', 'accounting'),"
        " ('test.handed', 'to_client', 'accounting') on conflict do nothing"
    )
    admin.commit()
    yield
    admin.rollback()
    admin.execute("delete from app.job")
    admin.execute("delete from app.hand_over_route where event = 'test.handed'")
    admin.commit()


@pytest.fixture
def tenant(admin: psycopg.Connection) -> UUID:
    """A client firm."""
    return factories.make_client(admin)


@pytest.fixture
def person(admin: psycopg.Connection, tenant: UUID) -> factories.Session:
    """Staff with a grant for accounting there."""
    return factories.staff(admin, tenant)


def test_every_handler_hears_an_event_whole_and_as_whoever_caused_it(
    app: Flask, worker_app: Flask, tenant: UUID, person: Any
) -> None:
    happened = PaperCame(uuid4(), dt.date(2026, 3, 4), (1, -2))
    with app.app_context(), db.transaction(person.scope(tenant)):
        events.emit(happened)
        assert heard == []
    assert jobs.run_due(worker_app) == 2
    assert sorted(heard, key=lambda one: one[0]) == [
        ("first", happened, person.person_id),
        ("second", happened, person.person_id),
    ]


def test_events_told_together_are_heard_each_once_in_few_jobs(
    app: Flask, worker_app: Flask, tenant: UUID, person: Any
) -> None:
    happened = [PaperCame(uuid4(), dt.date(2026, 3, 4), (no,)) for no in range(230)]
    with app.app_context(), db.transaction(person.scope(tenant)):
        events.emit_many([*happened, NobodyListens(1)])
        events.emit_many([])
    assert jobs.run_due(worker_app) == 2 * 3
    for name in ("first", "second"):
        found = [event for who, event, _person in heard if who == name]
        assert sorted(found, key=lambda one: one.amounts) == happened


def test_an_event_of_a_transaction_that_failed_never_happened(
    app: Flask, worker_app: Flask, tenant: UUID, person: Any
) -> None:
    def fail() -> None:
        with db.transaction(person.scope(tenant)):
            events.emit(PaperCame(uuid4(), dt.date(2026, 3, 4), ()))
            raise RuntimeError("cut off")

    with app.app_context(), pytest.raises(RuntimeError, match="cut off"):
        fail()
    assert jobs.run_due(worker_app) == 0
    assert heard == []


def test_an_event_nobody_listens_to_makes_no_job(
    app: Flask, worker_app: Flask, tenant: UUID, person: Any
) -> None:
    with app.app_context(), db.transaction(person.scope(tenant)):
        events.emit(NobodyListens(1))
    assert jobs.run_due(worker_app) == 0


def test_many_events_are_heard_in_one_call_and_handled_one_by_one(
    app: Flask, worker_app: Flask, tenant: UUID, person: Any
) -> None:
    with app.app_context(), db.transaction(person.scope(tenant)):
        events.emit_many([ManyCame(1), ManyCame(2), NobodyListens(3)])
        assert heard == [("together", [1, 2], person.person_id)]
    assert jobs.run_due(worker_app) == 1
    assert sorted(one[1] for one in heard if one[0] == "job") == [1, 2]


def test_work_is_handed_to_the_provider_once_and_done_there(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    home = factories.make_provider(admin)
    with app.app_context(), db.transaction(person.scope(tenant)):
        made = events.hand_over("test.handed", home, {"invoice": 7}, key="invoice-7")
        again = events.hand_over("test.handed", home, {"invoice": 7}, key="invoice-7")
    assert made is not None
    assert again is None
    jobs.run_due(worker_app)
    assert handed == [({"invoice": 7}, "j", home, person.person_id)]
    admin.rollback()
    row = admin.execute(
        "select tenant_id, source_tenant, state from app.job where id = %s", (made,)
    ).fetchone()
    assert row == (home, tenant, "done")


def test_a_client_hands_nothing_to_another_client(
    app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    other = factories.make_client(admin, "Other")
    with app.app_context(), pytest.raises(Forbidden), db.transaction(person.scope(tenant)):
        events.hand_over("test.handed", other, {}, key="k")
    with app.app_context(), pytest.raises(Forbidden), db.transaction(person.scope(tenant)):
        events.hand_over("test.unknown", factories.make_provider(admin), {}, key="k")
