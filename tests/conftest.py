"""Real servers for every test: started once; a migrated database anew for each test module."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url

from app.cli import install, servers
from app.factory import Role, create_app
from app.kernel.settings import Settings
from app.kernel.storage_bucket import Bucket
from migrations import bootstrap
from tests.serving import close

ROOT = Path(__file__).parent.parent
SERVERS = Path(os.environ.get("BACKOFFICE_TEST_DIR", ROOT / ".local" / "test"))
_started: list[servers.Servers] = []
_users: list[TextIO] = []

# The same code meets the same examples on every machine, however slow; the searches that begin
# elsewhere each time are the long proofs.
hypothesis.settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    # A fixture's client serves all examples of a search: they are sequences in one set of books.
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,
    ],
)
hypothesis.settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Starts the servers in the controlling process; workers of xdist inherit the addresses."""
    if hasattr(config, "workerinput") or "DATABASE_ADMIN_URL" in os.environ:
        return
    SERVERS.mkdir(parents=True, exist_ok=True)
    _users.append((SERVERS / "users.lock").open("w"))
    fcntl.flock(_users[0], fcntl.LOCK_SH)
    running = servers.start_all(SERVERS, fsync=False)
    os.environ.update(running.environment())
    os.environ["BACKOFFICE_ENVIRONMENT"] = "test"
    os.environ.setdefault("BACKOFFICE_DATA_DIR", str(SERVERS / "data"))
    _started.append(running)


def pytest_unconfigure() -> None:
    """Stops the servers, unless they are kept for a next run or another run still uses them.

    A run adopts what runs already; whoever ended first took the servers away from the other, whose
    requests were then answered 503 to the end.
    """
    for running in _started:
        if "BACKOFFICE_TEST_KEEP" not in os.environ and _is_last():
            running.stop()
    for lock in _users:
        lock.close()


def _is_last() -> bool:
    try:
        fcntl.flock(_users[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _settings(database: str) -> Settings:
    values = dict(os.environ)
    for name in ("", "_ADMIN", "_WORKER", "_RESTORE"):
        variable = f"DATABASE{name}_URL"
        values[variable] = _with_database(values[variable], database)
    values["S3_BUCKET"] = database.replace("_", "-")
    # A database of Valkey's own too: one process's tickets and flushes are not another's.
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 16
    values["VALKEY_URL"] = urlsplit(values["VALKEY_URL"])._replace(path=f"/{number}").geturl()
    return Settings(**values)  # type: ignore[arg-type]  # pydantic parses the strings


def _fingerprint() -> str:
    """What the template database depends on: revisions, their SQL, and the shipped roles."""
    digest = hashlib.sha256()
    files = [*(ROOT / "migrations").rglob("*.sql"), *(ROOT / "migrations").rglob("*.py")]
    files += ROOT.glob("app/*/roles.py")
    files += ROOT.glob("app/*/permissions.py")
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _template(admin: psycopg.Connection) -> str:
    """A migrated database to copy; made by whichever process comes first."""
    name = f"bo_template_{_fingerprint()}"
    admin.execute("select pg_advisory_lock(4711)")
    try:
        made = admin.execute(
            "select datistemplate from pg_database where datname = %s", (name,)
        ).fetchone()
        if made and made[0]:
            return name
        admin.execute(f'drop database if exists "{name}"')
        admin.execute(f'create database "{name}"')
        settings = _settings(name)
        create_app(settings)
        install.prepare_database(settings)
        admin.execute(f'alter database "{name}" with is_template true')
        return name
    finally:
        admin.execute("select pg_advisory_unlock(4711)")


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """Settings of a database of this module's own, copied from the migrated template.

    Tests run in another order each time: what one module leaves must not meet another's tests.
    """
    yield from _installation(f"bo_test_{os.getpid()}")


@pytest.fixture(scope="module")
def elsewhere(settings: Settings) -> Iterator[Settings]:
    """Settings of a second, empty installation: its own database, bucket and wrapping key."""
    yield from _installation(f"bo_other_{os.getpid()}", kek=secrets.token_hex(32))


def _installation(name: str, **differs: str) -> Iterator[Settings]:
    url = install.libpq_url(os.environ["DATABASE_ADMIN_URL"])
    with psycopg.connect(url, autocommit=True) as admin:
        template = _template(admin)
        admin.execute(f'drop database if exists "{name}" with (force)')
        admin.execute(f'create database "{name}" template "{template}"')
    found = _settings(name).model_copy(update=differs)
    bootstrap.migrate(found)  # a copy loses what is granted on the database itself
    with redis.Redis.from_url(found.valkey_url) as valkey:
        valkey.flushdb()
    yield found
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f'drop database if exists "{name}" with (force)')


def _running(settings: Settings, role: Role) -> Iterator[Flask]:
    made = create_app(settings, role=role)
    yield made
    close(made)


@pytest.fixture(scope="module")
def app(settings: Settings) -> Iterator[Flask]:
    """The web application."""
    yield from _running(settings, "web")


@pytest.fixture(scope="module")
def worker_app(settings: Settings, app: Flask) -> Iterator[Flask]:
    """The application with the worker's login role."""
    yield from _running(settings, "worker")


@pytest.fixture
def locked_bucket(settings: Settings, app: Flask, worker_app: Flask) -> Iterator[Bucket]:
    """A bucket of its own with object lock, which both applications use meanwhile."""
    name = f"locked-{secrets.token_hex(6)}"
    made = Bucket(settings.model_copy(update={"s3_bucket": name}))
    made.create(locks=True)
    before = [one.extensions.get("bucket") for one in (app, worker_app)]
    for one in (app, worker_app):
        one.extensions["bucket"] = made
    yield made
    for one, kept in zip((app, worker_app), before, strict=True):
        one.extensions["bucket"] = kept


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a session."""
    return app.test_client()


def _connection(url: str | None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(install.libpq_url(url or "")) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def admin(settings: Settings) -> Iterator[psycopg.Connection]:
    """The superuser of the embedded server, for arranging and for looking at the truth."""
    yield from _connection(settings.database_admin_url)


@pytest.fixture
def rw(settings: Settings) -> Iterator[psycopg.Connection]:
    """Raw SQL as the web's login role."""
    yield from _connection(settings.database_url)


@pytest.fixture
def worker_db(settings: Settings) -> Iterator[psycopg.Connection]:
    """Raw SQL as the worker's login role."""
    yield from _connection(settings.database_worker_url)


@pytest.fixture
def without_limits(app: Flask) -> Iterator[None]:
    """The API without its limits, which are tested by themselves."""
    limiters = tuple(app.extensions.get("limiter", ()))
    for limiter in limiters:
        limiter.enabled = False
    yield
    for limiter in limiters:
        limiter.enabled = True
