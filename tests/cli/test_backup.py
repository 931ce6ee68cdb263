"""The drill: work, note the instant, work on, bring it back: books and papers are as they were."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from app.cli import install, main, servers
from app.factory import create_app
from app.kernel import db, jobs, settings, storage
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tests import factories
from tests.serving import close

OPERATOR = jobs.system_user("operator")


@dataclass(frozen=True, slots=True)
class House:
    """A whole installation of its own."""

    root: Path
    running: servers.Servers

    def settings(self) -> Settings:
        """As its processes would have them."""
        found = {"VALKEY_URL": "redis://127.0.0.1:1/0", **self.running.environment()}
        found |= {"BACKOFFICE_ENVIRONMENT": "test", "BACKOFFICE_DATA_DIR": str(self.root)}
        return Settings(**found)  # type: ignore[arg-type]  # pydantic parses the strings


def _house(root: Path) -> Iterator[House]:
    want = {servers.postgres.NAME, servers.s3.NAME}
    made = House(root, servers.start_all(root, want=want, fsync=False))
    try:
        yield made
    finally:
        made.running.stop()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An installation with its own database server and bucket."""
    yield from _house(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def working(house: House) -> Iterator[Flask]:
    """Its worker, migrated."""
    app = create_app(house.settings(), role="worker")
    install.prepare_database(house.settings())
    yield app
    close(app)


@pytest.fixture
def recovery(tmp_path: Path) -> Path:
    """A recovery key, kept apart."""
    path = tmp_path / "recovery"
    path.write_text("a sentence that nobody else would think of")
    return path


def run(monkeypatch: pytest.MonkeyPatch, house: House, *words: object) -> Result:
    """Runs `backoffice` in this installation."""
    monkeypatch.setattr(settings, "load_settings", house.settings)
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def put(app: Flask, tenant: UUID, text: str) -> UUID:
    """A paper of a client."""
    with app.app_context(), db.transaction(Scope.system_job(tenant, person_id=OPERATOR)):
        return storage.put(
            text.encode(), kind="document", name=text, media_type="text/plain", line="accounting"
        )


def state(found: Settings) -> tuple[str, dict[str, str]]:
    """A hash over the rows of every table of the clients, and the papers by name and content."""
    digest = hashlib.sha256()
    with psycopg.connect(install.libpq_url(str(found.database_admin_url))) as admin:
        for (name,) in admin.execute("select name from app.leaving_tables()").fetchall():
            rows = admin.execute(f"select to_jsonb(t)::text from {name} t order by 1").fetchall()
            digest.update(repr((name, rows)).encode())
        heads = admin.execute(
            "select tenant_id, id, name from app.stored_object where state = 'clean'"
        ).fetchall()
    app = create_app(found, role="worker")
    papers = {}
    with app.app_context():
        for tenant, object_id, name in heads:
            with db.transaction(Scope.system_job(tenant, person_id=OPERATOR)):
                papers[name] = hashlib.sha256(storage.read(object_id)).hexdigest()
    close(app)
    return digest.hexdigest(), papers


def test_an_instant_between_two_backups_comes_back_with_books_papers_and_keys(
    house: House,
    working: Flask,
    recovery: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backups = tmp_path / "backups"
    with psycopg.connect(install.libpq_url(str(house.settings().database_admin_url))) as admin:
        tenant = factories.make_client(admin, "Drill")
    put(working, tenant, "before the backup")
    first = run(monkeypatch, house, "backup", "--to", backups, "--recovery-key", recovery, "--json")
    assert first.exit_code == 0, first.output

    put(working, tenant, "after the backup")
    then = state(house.settings())
    time.sleep(1.1)  # the instant is told to the second
    instant = datetime.now(UTC)
    time.sleep(1.1)

    put(working, tenant, "after the instant")
    with psycopg.connect(install.libpq_url(str(house.settings().database_admin_url))) as admin:
        factories.make_client(admin, "Later")
        admin.execute("update app.client set name = 'Changed' where tenant_id = %s", (tenant,))
    later = run(monkeypatch, house, "backup", "--to", backups, "--log", "--json")
    assert later.exit_code == 0, later.output
    assert json.loads(later.stdout)["log_parts"] >= 1

    into = tmp_path / "restored"
    done = run(
        monkeypatch, house, "restore", "--from", backups, "--into", into,
        "--at", instant.isoformat(), "--recovery-key", recovery, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    with contextmanager(_house)(into) as other:
        assert state(other.settings()) == then
        assert sorted(then[1]) == ["after the backup", "before the backup"]


def test_what_cannot_be_restored_is_said_before_anything_is_written(
    house: House, working: Flask, recovery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups, into = tmp_path / "backups", tmp_path / "restored"
    without = run(monkeypatch, house, "backup", "--to", backups)
    assert without.exit_code == 1
    assert "recovery key" in without.output
    taken = run(monkeypatch, house, "backup", "--to", backups, "--recovery-key", recovery)
    assert taken.exit_code == 0, taken.output
    sound = run(monkeypatch, house, "backup", "--to", backups, "--verify", "--json")
    assert json.loads(sound.stdout) == {"backups": 1, "wrong": [], "ok": True}

    other = tmp_path / "other"
    other.write_text("another sentence that somebody thought of")
    asked = ["restore", "--from", backups, "--into", into, "--recovery-key"]
    for words, said in (
        ([*asked, other], "not the recovery key"),
        ([*asked, recovery, "--at", "2001-01-01T00:00:00Z"], "No backup is that old"),
        ([*asked, recovery, "--at", "2099-01-01T00:00:00Z"], "No backup reaches that far"),
        ([*asked, recovery, "--at", "2026-11-23T10:00:00"], "zone"),
    ):
        refused = run(monkeypatch, house, *words)
        assert refused.exit_code in (1, 2)
        assert said in refused.output
        assert not into.exists()

    sealed = next(backups.glob("database/*.sealed"))
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"!")
    damaged = run(monkeypatch, house, "backup", "--to", backups, "--verify", "--json")
    assert damaged.exit_code == 1
    assert json.loads(damaged.stdout)["wrong"] == [f"database/{sealed.name}"]
    # nothing of a client is readable in the folder
    for path in backups.rglob("*"):
        assert path.is_dir() or b"Drill" not in path.read_bytes()
