"""The doors of the job that rolls forward: shut for people, for other clients, for raw SQL."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli import install
from app.kernel import db, ids, jobs
from app.kernel.db import session
from app.kernel.errors import DomainError, Forbidden
from app.kernel.settings import Settings
from app.tasks.repeat import commands, queries
from app.tasks.work import queries as tasks
from app.tasks.work.queries import Wanted
from tests.tasks import repeat_stage, work_stage
from tests.tasks.repeat_stage import made, rolled, start
from tests.tasks.work_stage import Firm


@pytest.fixture
def firm(
    app: Flask, worker_app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Firm:
    """A client with its people, on a Monday in November."""
    return repeat_stage.firm(app, worker_app, settings, monkeypatch)


DOORS = (
    "select * from app.repeats_to_make(current_date)",
    "select * from app.make_work(cast(:tasks as json), cast('[]' as json))",
    "select * from app.tell_work(now())",
)


def asked(repeat: UUID, **fields: Any) -> dict[str, str]:
    """A task as the job says it."""
    row = {"id": str(ids.uuid7()), "repeat": str(repeat), "start": "2027-05-01", "number": 1}
    row |= {"kind": "task", "title": "Forged", "text": "", "day": "2027-05-10", "checks": []}
    return {"tasks": json.dumps([row | fields])}


def forge_a_job(firm: Firm, door: str, values: dict[str, str]) -> None:
    """A person whose raw SQL says that it is the platform's job."""
    forged = f"j|{firm.place.tenant}|{firm.manager.person_id}||9999999999|1|00"
    with firm.place.acting(firm.manager):
        session.execute(sa.text("select set_config('app.ctx', :it, true)"), {"it": forged})
        session.execute(sa.text(door), values)


def test_what_anybody_changes_of_a_repeat_is_audited_but_what_the_door_writes(firm: Firm) -> None:
    repeat = start(firm)

    def changes() -> int:
        with firm.place.acting(firm.manager):
            return int(
                session.execute(
                    sa.text(
                        "select count(*) from app.audit_event where act = 'repeat.changed'"
                        " and subject_id = :id"
                    ),
                    {"id": repeat},
                ).scalar_one()
            )

    before = changes()
    assert rolled(firm, date(2026, 12, 31)) > 0
    assert changes() == before
    with firm.place.acting(firm.manager):
        commands.set_state(repeat, "paused")
    assert changes() == before + 1
    with firm.place.job():  # a job of the platform that does not go through the door
        session.execute(
            sa.text("update app.repeat set ahead_days = 31 where id = :id"), {"id": repeat}
        )
    assert changes() == before + 2
    forged = f"j|{firm.place.tenant}|{firm.manager.person_id}||9999999999|1|00"
    with pytest.raises(DomainError), firm.place.acting(firm.manager):
        session.execute(
            sa.text(
                "update app.repeat set name = 'x' where id = :id"
                " and set_config('app.ctx', :forged, true) is not null"
            ),
            {"id": repeat, "forged": forged},
        )
    with firm.place.acting(firm.manager):
        assert queries.one(repeat).name == "VAT"


@pytest.mark.parametrize("door", DOORS)
def test_the_jobs_doors_are_shut_for_people_and_for_another_persons_job(
    firm: Firm, door: str
) -> None:
    repeat = start(firm)
    values = asked(repeat) if ":tasks" in door else {}
    for who in (firm.manager, firm.place.staff, firm.place.owner):
        with pytest.raises(Forbidden), firm.place.acting(who):
            session.execute(sa.text(door), values)
    scope = firm.manager.scope(firm.place.tenant)  # a person's own job, under the worker's role
    with pytest.raises(Forbidden), firm.place.worker_app.app_context(), db.transaction(scope):
        session.execute(sa.text(door), values)
    with pytest.raises(DomainError):
        forge_a_job(firm, door, values)
    with pytest.raises(Forbidden), firm.place.acting(firm.manager):
        session.execute(sa.text("select app.working_job()"))


def test_a_clients_job_makes_nothing_of_another_clients_repeat_and_nothing_in_a_suspended_one(
    firm: Firm, app: Flask, worker_app: Flask, settings: Settings
) -> None:
    repeat = start(firm)
    door = sa.text(DOORS[1])
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        other = work_stage.build(app, worker_app, admin, "Other")
    with other.place.job():
        assert session.execute(door, asked(repeat)).all() == []
        moved = json.dumps(
            [{"id": str(repeat), "state": "ended", "start": "2027-01-01", "day": "2027-01-01"}]
        )
        session.execute(
            sa.text("select app.make_work(cast('[]' as json), cast(:moved as json))"),
            {"moved": moved},
        )
    with firm.place.acting(firm.manager):
        assert queries.one(repeat).state == "active"
    before = len(made(firm))
    with firm.place.job():
        assert len(session.execute(door, asked(repeat)).all()) == 1
        assert session.execute(door, asked(repeat)).all() == []  # the same period and item
    assert len(made(firm)) == before + 1
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute(
            "update guard.tenant set state = 'suspended' where id = %s", (firm.place.tenant,)
        )
    for text in DOORS:
        with pytest.raises(Forbidden), firm.place.job():
            session.execute(sa.text(text), asked(repeat) if ":tasks" in text else {})


def test_what_the_job_makes_is_its_repeats_and_audited_as_the_platforms(firm: Firm) -> None:
    start(firm, assignee_id=firm.second.person_id, reviewer_id=firm.manager.person_id)
    before = {one.id for one in made(firm)}
    assert rolled(firm, date(2026, 12, 31)) == 2
    with firm.place.job():
        fresh = [one for one in tasks.tasks(Wanted(view="all")) if one.id not in before]
        rows = session.execute(
            sa.text(
                "select actor from app.audit_event where act = 'task.added'"
                " and subject_id = any(:ids)"
            ),
            {"ids": [one.id for one in fresh]},
        ).scalars()
        actors = set(rows)
    assert {(one.assignee_id, one.reviewer_id) for one in fresh} == {
        (firm.second.person_id, firm.manager.person_id)
    }
    assert {one.line for one in fresh} == {"accounting"}
    assert {one.made_by for one in fresh} == actors == {jobs.system_user("platform")}


def test_client_people_and_who_may_not_plan_are_refused_by_the_database(firm: Firm) -> None:
    repeat = start(firm)
    with firm.place.acting(firm.place.owner):
        assert queries.repeats() == []
        with pytest.raises(DomainError):
            queries.one(repeat)
    with pytest.raises(Forbidden), firm.place.acting(firm.place.owner):
        queries.templates_here()
    with pytest.raises(Forbidden), firm.place.acting(firm.place.owner):
        session.execute(
            sa.text(
                "insert into app.closure (tenant_id, id, from_on, to_on, title) values"
                " ((select guard.tenant_id()), uuidv7(), current_date, current_date, 'x')"
            )
        )
