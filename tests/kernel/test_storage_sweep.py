"""What a rolled-back upload left in the bucket is collected, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.kernel import clock, db, jobs, jobs_catalog, schedules, storage
from app.kernel.jobs_control import Control
from app.kernel.storage_bucket import bucket
from tests import factories


@pytest.fixture
def tenant(admin: psycopg.Connection) -> UUID:
    """A client firm."""
    admin.execute("delete from app.job")
    admin.commit()
    return factories.make_client(admin)


@pytest.fixture
def person(admin: psycopg.Connection, tenant: UUID) -> factories.Session:
    """Staff with a grant for accounting there."""
    return factories.staff(admin, tenant)


@pytest.fixture
def sweep(worker_app: Flask) -> Callable[[timedelta], None]:
    """Fires the schedule as the dispatcher would at a later time, and runs what it made."""

    def run(later: timedelta) -> None:
        control = Control(worker_app.config["SQLALCHEMY_DATABASE_URI"])
        with clock.frozen(clock.now() + later):
            control.fire(
                "storage.sweep",
                clock.now() - timedelta(days=10),
                clients=True,
                queue="bulk",
                line="member",
                retries=1,
                lease=10,
                actor=jobs_catalog.system_user("platform"),
            )
            control.close()
            jobs.run_due(worker_app)

    return run


def _put(data: bytes) -> UUID:
    return storage.put(data, kind="test", name="a.txt", media_type="text/plain", line="accounting")


def _put_and_fail(app: Flask, person: Any, tenant: UUID, data: bytes) -> None:
    with app.app_context(), db.transaction(person.scope(tenant)):
        _put(data)
        raise RuntimeError("cut off")


def _keys(app: Flask, tenant: UUID) -> list[str]:
    with app.app_context():
        return list(bucket().keys(f"t/{tenant}/"))


def test_only_what_no_head_answers_for_goes_and_only_after_a_day(
    app: Flask, tenant: UUID, person: Any, sweep: Callable[[timedelta], None]
) -> None:
    with app.app_context(), db.transaction(person.scope(tenant)):
        kept = _put(b"kept" * 1000)
    with pytest.raises(RuntimeError, match="cut off"):
        _put_and_fail(app, person, tenant, b"left behind" * 1000)
    assert len(_keys(app, tenant)) == 2

    sweep(timedelta(hours=1))
    assert len(_keys(app, tenant)) == 2

    sweep(timedelta(hours=25))
    assert len(_keys(app, tenant)) == 1
    with app.app_context(), db.transaction(person.scope(tenant)):
        assert storage.read(kept) == b"kept" * 1000


def test_another_clients_objects_are_not_touched(
    app: Flask,
    admin: psycopg.Connection,
    tenant: UUID,
    person: Any,
    sweep: Callable[[timedelta], None],
) -> None:
    other = factories.make_client(admin, "Other")
    colleague = factories.staff(admin, other)
    with app.app_context(), db.transaction(colleague.scope(other)):
        theirs = _put(b"theirs")
    with pytest.raises(RuntimeError, match="cut off"):
        _put_and_fail(app, person, tenant, b"theirs")
    sweep(timedelta(hours=25))
    assert _keys(app, tenant) == []
    with app.app_context(), db.transaction(colleague.scope(other)):
        assert storage.read(theirs) == b"theirs"


def test_the_sweep_is_fired_each_day_in_every_tenant() -> None:
    fired = {one.kind.name: one for one in schedules.declared()}
    assert fired["storage.sweep"].tenants == "clients"
    assert fired["storage.sweep-provider"].tenants == "provider"
    assert not fired["storage.sweep"].every.seconds


def test_nobody_sweeps_with_eyes_that_do_not_see_every_file(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    with app.app_context(), db.transaction(person.scope(tenant)):
        kept = _put(b"of a line that the agent does not see")
    agent = factories.staff(admin, tenant, role="it_support_agent", lines=("tickets",))
    with app.app_context(), db.transaction(agent.scope(tenant)):
        asked = jobs.enqueue("storage.sweep", {}, line="tickets")
    with clock.frozen(clock.now() + timedelta(days=3)):
        jobs.run_due(worker_app)
    with app.app_context(), db.transaction(person.scope(tenant)):
        assert storage.read(kept) == b"of a line that the agent does not see"
    state = admin.execute(
        "select state, error_code from app.job where id = %s", (asked,)
    ).fetchone()
    assert state == ("dead", "job-of-the-platform")
