"""Dispatcher and worker as processes: kills, a flushed transport and schedules."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from redis import Redis

from app.kernel import db, jobs, schedules
from app.kernel.dispatcher import Dispatcher
from app.kernel.jobs_catalog import JobKind
from app.kernel.jobs_control import Control
from app.kernel.schedules import Every
from app.kernel.settings import Settings
from tests import factories
from tests.kernel import process_jobs
from tests.processes import DONE, OURS, count, process, wait

pytestmark = pytest.mark.xdist_group("transport")


@pytest.fixture(autouse=True)
def _clean(admin: psycopg.Connection, settings: Settings) -> Iterator[None]:
    def clean() -> None:
        admin.rollback()
        admin.execute("delete from app.job")
        admin.execute("create table if not exists public.test_effect (job text, at timestamptz)")
        admin.execute("grant insert, select on public.test_effect to app_worker")
        admin.execute("truncate public.test_effect")
        admin.commit()
        Redis.from_url(settings.valkey_url).flushdb()

    clean()
    yield
    clean()
    admin.execute("drop table public.test_effect")
    admin.commit()


@pytest.fixture
def place(admin: psycopg.Connection) -> tuple[UUID, factories.Session]:
    """A client and staff who may work there."""
    tenant = factories.make_client(admin)
    return tenant, factories.staff(admin, tenant)


def _enqueue(app: Flask, place: tuple[UUID, Any], kind: str, count: int, **args: Any) -> None:
    tenant, person = place
    with app.app_context(), db.transaction(person.scope(tenant)):
        for number in range(count):
            jobs.enqueue(kind, {**args, "n": number}, line="accounting")


EFFECTS = "select count(*) from public.test_effect"


def test_jobs_reach_a_worker_and_leave_nothing_in_the_transport(
    app: Flask, settings: Settings, admin: psycopg.Connection, place: Any
) -> None:
    process_jobs.declare()
    with process(settings, "dispatcher"), process(settings, "worker"):
        _enqueue(app, place, "process.effect", 50)
        wait(admin, DONE, 50, 180)
        assert count(admin, EFFECTS) == 50
        transport, until = Redis.from_url(settings.valkey_url), time.monotonic() + 60
        while (left := transport.keys(f"rq:job:{place[0]}*")) and time.monotonic() < until:
            time.sleep(0.1)
        assert left == []


def test_a_killed_workers_job_runs_again_as_its_lease_of_ten_seconds_ends(
    app: Flask, settings: Settings, admin: psycopg.Connection, place: Any
) -> None:
    process_jobs.declare()
    with process(settings, "dispatcher"), process(settings, "worker") as first:
        _enqueue(app, place, "process.slow_once", 1)
        wait(admin, f"{OURS} and started_at is not null", 1, 180)
        with process(settings, "worker"):
            _enqueue(app, place, "process.effect", 1)
            wait(admin, DONE, 1, 180)  # the second worker serves
            first.send_signal(signal.SIGKILL)
            long = f"{OURS} and lease_until > now() + interval '10 seconds'"
            assert count(admin, long) == 0
            wait(admin, DONE, 2, 180)
    assert count(admin, EFFECTS) == 2
    assert count(admin, "select max(attempt) from app.job where kind like 'process.%'") == 2


def test_a_worker_that_stood_still_changes_nothing_once_it_goes_on(
    app: Flask, settings: Settings, admin: psycopg.Connection, place: Any
) -> None:
    process_jobs.declare()
    with process(settings, "dispatcher"), process(settings, "worker") as first:
        _enqueue(app, place, "process.pause_in_a_step", 1)
        wait(admin, f"{OURS} and stage = 'In the step'", 1, 180)
        first.send_signal(signal.SIGSTOP)
        with process(settings, "worker"):
            wait(admin, DONE, 1, 180)
        first.send_signal(signal.SIGCONT)
        _enqueue(app, place, "process.effect", 1)
        wait(admin, DONE, 2, 180)  # the first worker is over the job it had lost
    assert count(admin, EFFECTS) == 2
    assert count(admin, "select max(attempt) from app.job where kind like 'process.%'") == 2
    assert count(admin, "select sum(failures) from app.job where kind like 'process.%'") == 0


def test_a_flushed_transport_loses_nothing(
    app: Flask, settings: Settings, admin: psycopg.Connection, place: Any
) -> None:
    process_jobs.declare()
    with process(settings, "dispatcher"):
        _enqueue(app, place, "process.effect", 150)
        wait(admin, f"{OURS} and state = 'claimed'", 40, 180)  # schedules take some of the 50
        Redis.from_url(settings.valkey_url).flushdb()
        with process(settings, "worker"):
            time.sleep(1)
            Redis.from_url(settings.valkey_url).flushdb()
            wait(admin, DONE, 150, 180)
    assert count(admin, EFFECTS) == 150
    assert count(admin, f"{OURS} and state <> 'done'") == 0


def test_the_lease_of_a_waiting_ticket_is_kept_while_it_stands_in_the_queue(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, place: Any
) -> None:
    process_jobs.declare()
    _enqueue(app, place, "process.effect", 3)
    dispatcher = Dispatcher(worker_app)
    assert dispatcher.round() >= 3  # schedules of the product may be due beside
    admin.execute("update app.job set lease_until = now() + interval '1 second'")
    admin.commit()
    kept = dispatcher.control.keep_queued(dispatcher.transport.waiting(("default",)))
    assert kept >= 3
    assert count(admin, f"{OURS} and lease_until > now() + interval '8 seconds'") == 3
    dispatcher.control.close()


def test_a_schedule_fires_once_for_each_due_time(
    worker_app: Flask, admin: psycopg.Connection
) -> None:
    factories.make_provider(admin)
    clients = [factories.make_client(admin) for _number in range(2)]
    control = Control(worker_app.config["SQLALCHEMY_DATABASE_URI"])
    due = datetime(2026, 3, 1, 6, tzinfo=UTC)
    actor = jobs.system_user("platform")
    for _time in range(3):
        for clients_too in (True, False):
            control.fire(
                "process.effect",
                due,
                clients=clients_too,
                queue="default",
                line="member",
                retries=5,
                lease=10,
                actor=actor,
            )
    admin.rollback()
    rows = admin.execute("select tenant_id, count(*) from app.job group by 1").fetchall()
    assert {count for _tenant, count in rows} == {1}
    assert {tenant for tenant, _count in rows} >= set(clients)
    control.close()


@pytest.mark.parametrize(
    ("text", "at", "due"),
    [
        ("5 minutes", "2026-03-01T10:07:30", "2026-03-01T10:05:00"),
        ("daily 06:00", "2026-03-01T05:59:00", "2026-02-28T06:00:00"),
        ("daily 06:00", "2026-03-01T06:00:00", "2026-03-01T06:00:00"),
        ("monthly 31 06:00", "2026-03-01T10:00:00", "2026-02-28T06:00:00"),
        ("monthly 1 00:00", "2026-03-01T00:00:00", "2026-03-01T00:00:00"),
        ("monthly 15 00:00", "2026-01-02T00:00:00", "2025-12-15T00:00:00"),
    ],
)
def test_a_schedule_is_due_at_its_last_time_until_now(text: str, at: str, due: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert Every.parse(text).last_due(moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_nonsense_is_no_schedule() -> None:
    with pytest.raises(ValueError, match="not a schedule"):
        Every.parse("whenever")
    assert all(isinstance(found.kind, JobKind) for found in schedules.declared())
