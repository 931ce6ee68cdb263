"""Leases: what renews them, and that losing one is not a failure of the job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.kernel import db, jobs
from app.kernel.jobs_control import Control, Ticket
from tests import factories

LEASE = timedelta(seconds=10)
MOST_LOSSES = 10
AT_WORK = {"default": 5}


@jobs.job("lease.kind", retries=2, steps=True)
def _kind(_args: dict[str, Any], _progress: jobs.Progress) -> None:
    """Never runs: these tests speak to the doors as a worker does."""


@pytest.fixture
def control(worker_app: Flask, admin: psycopg.Connection) -> Iterator[Control]:
    """The connection of a worker; no jobs of others beside."""
    admin.execute("delete from app.job")
    admin.commit()
    found = Control(worker_app.config["SQLALCHEMY_DATABASE_URI"])
    yield found
    found.close()
    admin.execute("delete from app.job")
    admin.commit()


@pytest.fixture
def job_id(app: Flask, admin: psycopg.Connection, control: Control) -> UUID:
    """A job that waits; it may fail twice."""
    tenant = factories.make_client(admin)
    person = factories.staff(admin, tenant)
    with app.app_context(), db.transaction(person.scope(tenant)):
        return jobs.enqueue("lease.kind", {}, line="accounting")


def _begin(admin: psycopg.Connection, control: Control) -> Ticket:
    """A worker takes the job, whenever it would be due."""
    admin.execute("update app.job set run_after = now()")
    admin.commit()
    (ticket,) = control.claim_due(AT_WORK, share=5)
    assert control.take(ticket) is not None
    return ticket


def _lose(admin: psycopg.Connection, control: Control) -> tuple[int, int]:
    admin.execute("update app.job set lease_until = now() - interval '1 second'")
    admin.commit()
    return control.sweep()


def _row(admin: psycopg.Connection, what: str) -> Any:
    admin.rollback()
    row = admin.execute(f"select {what} from app.job").fetchone()
    assert row is not None
    return row


def _progress(connection: psycopg.Connection, ticket: Ticket) -> Any:
    row = connection.execute(
        "select guard.job_progress(%s, %s, %s, 1, 2, 'Reading', null)",
        (ticket.tenant_id, ticket.job_id, ticket.fence),
    ).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.usefixtures("job_id")
def test_a_step_leaves_a_whole_lease_however_long_its_transaction_has_been_open(
    admin: psycopg.Connection, worker_db: psycopg.Connection, control: Control
) -> None:
    ticket = _begin(admin, control)
    worker_db.rollback()
    worker_db.execute("select pg_sleep(0.3)")
    ended = worker_db.execute("select clock_timestamp()").fetchone()
    assert _progress(worker_db, ticket) == "ok"
    worker_db.commit()
    assert ended is not None
    assert _row(admin, "lease_until")[0] >= ended[0] + LEASE


@pytest.mark.usefixtures("job_id")
def test_a_job_whose_step_is_being_committed_is_not_taken_away(
    admin: psycopg.Connection, worker_db: psycopg.Connection, control: Control
) -> None:
    ticket = _begin(admin, control)
    worker_db.rollback()
    admin.execute("update app.job set lease_until = now() - interval '1 second'")
    admin.commit()
    assert _progress(worker_db, ticket) == "ok"
    assert control.sweep() == (0, 0)
    worker_db.commit()
    assert control.sweep() == (0, 0)
    assert control.beat(ticket) == "ok"


@pytest.mark.usefixtures("job_id")
def test_a_job_that_gets_further_never_dies_of_lost_leases(
    admin: psycopg.Connection, control: Control
) -> None:
    for done in range(1, 3 * MOST_LOSSES):
        ticket = _begin(admin, control)
        assert control.progress(ticket, done=done, total=100) == "ok"
        assert _lose(admin, control) == (1, 0)
        assert _row(admin, "losses, run_after <= now(), failures") == (1, True, 0)


@pytest.mark.usefixtures("job_id")
def test_a_job_that_takes_every_worker_with_it_waits_longer_each_time_and_ends(
    admin: psycopg.Connection, control: Control
) -> None:
    for number in range(1, MOST_LOSSES):
        ticket = _begin(admin, control)
        control.progress(ticket, done=1)  # begins again and gets as far as before
        control.progress(ticket, done=2)
        assert _lose(admin, control) == (1, 0)
        assert _row(admin, "losses, run_after > now()") == (number, number > 1)
    _begin(admin, control)
    assert _lose(admin, control) == (0, 1)
    assert _row(admin, "state, error_code") == ("dead", "worker-lost")


@pytest.mark.usefixtures("job_id")
def test_lost_leases_take_none_of_the_retries(admin: psycopg.Connection, control: Control) -> None:
    for _number in range(4):
        _begin(admin, control)
        assert _lose(admin, control) == (1, 0)
    assert control.fail(_begin(admin, control), "database-fault") == "due"
    _begin(admin, control)
    assert _lose(admin, control) == (1, 0)
    assert control.fail(_begin(admin, control), "database-fault") == "dead"
    assert _row(admin, "failures, attempt") == (2, 7)
