"""Servers that go away under a running worker and dispatcher: the work goes on afterwards."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from app.cli import install, servers
from app.factory import create_app
from app.kernel import db, jobs
from app.kernel.settings import Settings
from tests import factories
from tests.kernel import process_jobs
from tests.processes import DONE, count, process, wait

EFFECTS = "select count(*) from public.test_effect"
RECOVERY_SECONDS = 180.0


@pytest.fixture(scope="module")
def own() -> Iterator[servers.Servers]:
    """Servers of this file's own, which it may stop."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        running = servers.start_all(Path(made), fsync=False)
        try:
            yield running
        finally:
            servers.stop(running.layout)


@pytest.fixture(scope="module")
def own_settings(own: servers.Servers) -> Settings:
    """Settings of a migrated database there."""
    found = Settings(**own.environment(), environment="test")  # type: ignore[arg-type]  # pydantic parses the strings
    create_app(found)
    install.prepare_database(found)
    with psycopg.connect(install.libpq_url(found.database_admin_url or "")) as link:
        link.execute("create table public.test_effect (job text, at timestamptz)")
        link.execute("grant insert, select on public.test_effect to app_worker")
    return found


@pytest.fixture
def own_app(own_settings: Settings) -> Iterator[Flask]:
    """The web application there."""
    made = create_app(own_settings)
    yield made
    with made.app_context():
        db.db.engine.dispose()


def _admin(settings: Settings) -> psycopg.Connection:
    return psycopg.connect(install.libpq_url(settings.database_admin_url or ""))


def _enqueue(app: Flask, place: Any, number: int) -> None:
    tenant, person = place
    with app.app_context(), db.transaction(person.scope(tenant)):
        for n in range(number):
            jobs.enqueue("process.effect", {"n": n}, line="accounting")


@pytest.mark.parametrize("server", ["valkey", "postgres"])
def test_jobs_go_on_after_a_server_was_away(
    own: servers.Servers, own_settings: Settings, own_app: Flask, server: str
) -> None:
    process_jobs.declare()
    with _admin(own_settings) as admin:
        tenant = factories.make_client(admin)
        place = (tenant, factories.staff(admin, tenant))
        before = count(admin, DONE)
        more = own.environment()
        with (
            process(own_settings, "dispatcher", more=more) as leads,
            process(own_settings, "worker", more=more) as works,
        ):
            _enqueue(own_app, place, 20)
            wait(admin, DONE, before + 20, 180)
            _enqueue(own_app, place, 200)
            admin.close()
            _away(own, server)
            with _admin(own_settings) as after:
                wait(after, DONE, before + 220, RECOVERY_SECONDS)
                assert count(after, EFFECTS) == before + 220
            assert (leads.poll(), works.poll()) == (None, None)


def _away(own: servers.Servers, server: str) -> None:
    """Stops a server, lets those who need it notice, and starts it again."""
    servers.stop(own.layout, want={server})
    time.sleep(2)
    servers.start_all(own.layout.root, want={server}, fsync=False)
