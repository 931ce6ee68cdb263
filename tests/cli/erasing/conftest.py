"""Two who may ask for an erasure and approve it, the operator, and clients to be erased."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask

from app import factory
from app.cli import install
from app.kernel import audit, db, jobs, storage, usage
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from app.kernel.usage import Evidence
from tests import factories
from tests.http import Browser
from tests.isolation import stage
from tests.isolation.stage import Stage


@pytest.fixture(scope="module")
def played(settings: Settings, app: Flask, worker_app: Flask) -> Stage:
    """Two clients, one of them with rows in most tables."""
    with psycopg.connect(install.libpq_url(str(settings.database_admin_url))) as admin:
        return stage.build(admin, worker_app, app)


@pytest.fixture
def two(app: Flask, admin: psycopg.Connection) -> tuple[Browser, Browser]:
    """Two people of the provider who may ask for and approve an erasure."""
    provider = factories.make_provider(admin)
    made = []
    for name in ("Robin Vale", "Kim Oake"):
        person = factories.make_person(admin, name=name)
        factories.grant(admin, provider, person, role="administrator", lines=("member",))
        made.append(Browser(app, factories.sign_in(admin, person)))
    return made[0], made[1]


@pytest.fixture
def operator(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A command line over this test's database."""
    monkeypatch.setattr(factory, "load_settings", lambda: settings)
    return CliRunner()


@pytest.fixture
def small(worker_app: Flask, admin: psycopg.Connection) -> UUID:
    """A client with people, a billed use and two papers."""
    tenant = factories.make_client(admin, "Small Firm")
    factories.owner(admin, tenant)
    factories.staff(admin, tenant)
    person = jobs.system_user("operator")
    with worker_app.app_context(), db.transaction(Scope.system_job(tenant, person_id=person)):
        for text in ("first", "second"):
            kept = storage.put(
                text.encode() * 1000,
                kind="document",
                name=f"{text}.txt",
                media_type="text/plain",
                line="accounting",
            )
        use = Evidence("stored_object", kept, "second.txt")
        usage.record("stored_day", 1, key="a use", evidence=use, line="member", unit="GB")
        audit.note("client.exported", subject_type="client", subject_id=tenant)
    return tenant
