"""The drill: work, note the instant, work on, bring it back: books and papers are as they were."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from app import factory
from app.cli import install, main, servers
from app.cli.backup import folder
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
    changes: Mapping[str, str] = field(default_factory=dict)

    def settings(self) -> Settings:
        """As its processes would have them."""
        found = {"VALKEY_URL": "redis://127.0.0.1:1/0", **self.running.environment()}
        found |= {"BACKOFFICE_ENVIRONMENT": "test", "BACKOFFICE_DATA_DIR": str(self.root)}
        found |= self.changes
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
    for place in (settings, factory):
        monkeypatch.setattr(place, "load_settings", house.settings)
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
        others = {name for name in then[1] if name.startswith("a paper of ")}  # of other tests
        assert set(then[1]) - others == {"after the backup", "before the backup"}


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


@pytest.fixture
def taken(
    house: House, working: Flask, recovery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder with one backup and a log after it."""
    backups = tmp_path / "backups"
    whole = run(monkeypatch, house, "backup", "--to", backups, "--recovery-key", recovery)
    assert whole.exit_code == 0, whole.output
    with psycopg.connect(install.libpq_url(str(house.settings().database_admin_url))) as admin:
        tenant = factories.make_client(admin, "Drill")
    put(working, tenant, f"a paper of {tenant}")
    log = run(monkeypatch, house, "backup", "--to", backups, "--log")
    assert log.exit_code == 0, log.output
    return backups


def wrong(monkeypatch: pytest.MonkeyPatch, house: House, backups: Path) -> list[str]:
    """What `--verify` finds."""
    found = run(monkeypatch, house, "backup", "--to", backups, "--verify", "--json")
    names: list[str] = json.loads(found.stdout)["wrong"]
    assert found.exit_code == int(bool(names))
    return names


def test_two_runs_at_once_are_refused_in_clear_words(
    house: House, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(taken.rglob("*"))
    with folder.Folder(taken).alone():
        for words in ([], ["--log"]):
            second = run(monkeypatch, house, "backup", "--to", taken, *words)
            assert second.exit_code == 1
            assert "is running already" in second.output
    assert sorted(taken.rglob("*")) == before
    assert run(monkeypatch, house, "backup", "--to", taken, "--log").exit_code == 0


def test_verify_reads_the_log_and_what_was_fetched_since_the_last_backup(
    house: House, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wrong(monkeypatch, house, taken) == []
    newest = max(taken.glob("objects/??/*"), key=lambda path: path.stat().st_mtime_ns)
    log = taken / "log" / f"{folder.Folder(taken).backups()[0].first_segment}.sealed"
    for path in (newest, log, taken / "bucket" / "newest.sealed"):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        name = "objects/" + path.name if path is newest else str(path.relative_to(taken))
        assert wrong(monkeypatch, house, taken) == [name]
        path.write_bytes(whole)
    log.unlink()
    assert wrong(monkeypatch, house, taken) == [f"log/{log.name}"]


def test_a_part_of_the_log_that_is_missing_between_two_is_named(
    house: House, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(install.libpq_url(str(house.settings().database_admin_url))) as admin:
        for _part in range(2):
            admin.execute("select pg_logical_emit_message(true, 'test', 'x')")
            admin.commit()
            admin.execute("select pg_switch_wal()")
            admin.commit()
    run(monkeypatch, house, "backup", "--to", taken, "--log")
    middle = sorted(taken.glob("log/*.sealed"))[1]
    middle.unlink()
    assert wrong(monkeypatch, house, taken) == [f"log/{middle.name}"]


def test_after_the_server_lost_the_log_the_next_whole_backup_begins_a_clean_chain(
    house: House,
    taken: Path,
    recovery: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = install.libpq_url(str(house.settings().database_admin_url))
    left = folder.Folder(taken).covered_until()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("select pg_drop_replication_slot('backoffice_backup')")
        for _part in range(3):  # what no slot keeps is gone with a checkpoint
            admin.execute("select pg_logical_emit_message(true, 'test', 'x')")
            admin.execute("select pg_switch_wal()")
            admin.execute("checkpoint")
    for _again in range(2):  # also once the server keeps the log anew
        refused = run(monkeypatch, house, "backup", "--to", taken, "--log")
        assert refused.exit_code == 1
        assert "does not follow" in refused.output
    assert not list(taken.glob("log/incoming/*"))
    time.sleep(1.1)
    between = datetime.now(UTC)
    time.sleep(1.1)
    whole = run(monkeypatch, house, "backup", "--to", taken)
    assert whole.exit_code == 0, whole.output
    assert run(monkeypatch, house, "backup", "--to", taken, "--log").exit_code == 0
    assert wrong(monkeypatch, house, taken) == []
    lost = run(
        monkeypatch, house, "restore", "--from", taken, "--into", tmp_path / "lost",
        "--at", between.isoformat(), "--recovery-key", recovery,
    )  # fmt: skip
    assert lost.exit_code == 1
    assert left is not None
    assert f"The last instant before is {left.isoformat()}" in lost.output


def test_a_whole_backup_that_finds_the_log_lost_is_followed_by_the_log_again(
    house: House, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = install.libpq_url(str(house.settings().database_admin_url))
    slots = "select count(*) from pg_replication_slots where slot_name = 'backoffice_backup'"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("select pg_drop_replication_slot('backoffice_backup')")
        with monkeypatch.context() as broken:
            broken.setattr(folder.Folder, "end_log", _break_off)
            with pytest.raises(OSError, match="broken off"):
                run(monkeypatch, house, "backup", "--to", taken)
        assert admin.execute(slots).fetchone() == (0,)  # nothing hides the break from the next
    whole = run(monkeypatch, house, "backup", "--to", taken)
    assert whole.exit_code == 0, whole.output
    after = run(monkeypatch, house, "backup", "--to", taken, "--log")
    assert after.exit_code == 0, after.output


def under_another_key(house: House) -> House:
    """The installation while its KEK is being changed: the new one seals, both open."""
    changes = {
        "BACKOFFICE_KEK": secrets.token_hex(32),
        "BACKOFFICE_KEK_BEFORE": house.settings().kek,
    }
    return replace(house, changes=changes)


def test_once_the_kek_has_changed_nothing_more_is_written_into_the_folder(
    house: House, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in taken.rglob("*") if path.is_file()}
    changing = under_another_key(house)
    for words in ([], ["--log"]):
        refused = run(monkeypatch, changing, "backup", "--to", taken, *words)
        assert refused.exit_code == 1
        assert "The KEK has changed" in refused.output
    assert {path: path.read_bytes() for path in taken.rglob("*") if path.is_file()} == before
    assert wrong(monkeypatch, house, taken) == []


def test_a_new_folder_begins_only_once_nothing_is_sealed_under_the_key_before(
    house: House,
    working: Flask,
    recovery: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backups, changing = tmp_path / "backups", under_another_key(house)
    with psycopg.connect(install.libpq_url(str(house.settings().database_admin_url))) as admin:
        put(working, factories.make_client(admin, "Sealed before"), "a paper of the key before")
    words = ["backup", "--to", backups, "--recovery-key", recovery]
    refused = run(monkeypatch, changing, *words)
    assert refused.exit_code == 1
    assert "backoffice keys rewrap" in refused.output
    assert not list(backups.rglob("*.sealed"))
    try:
        assert run(monkeypatch, changing, "keys", "rewrap").exit_code == 0
        taken = run(monkeypatch, changing, *words)
        assert taken.exit_code == 0, taken.output
    finally:  # other tests of this installation go on
        old, new = house.settings().kek, changing.changes["BACKOFFICE_KEK"]
        back = replace(house, changes={"BACKOFFICE_KEK": old, "BACKOFFICE_KEK_BEFORE": new})
        assert run(monkeypatch, back, "keys", "rewrap").exit_code == 0


def _break_off(_folder: folder.Folder, *, now: datetime) -> None:
    raise OSError(f"broken off at {now}")


def test_a_backup_ages_by_its_own_moment_whatever_the_files_say(tmp_path: Path) -> None:
    kept = folder.Folder(tmp_path)
    now = datetime(2026, 6, 1, tzinfo=UTC)
    for days, name in ((90, "1"), (60, "2"), (40, "3"), (20, "4")):
        moment = now - timedelta(days=days)
        segment = f"00000001{int(name):016X}"
        kept.add(folder.Backup(folder.stamp_of(moment), moment, moment, segment))
        (kept.place("log", f"{segment}.sealed")).write_bytes(b"x")
    for path in tmp_path.rglob("*"):
        os.utime(path, (0, 0))  # as copied or restored by another tool
    gone = kept.expire(days=35, now=now)
    assert gone == [folder.stamp_of(now - timedelta(days=days)) for days in (90, 60)]
    # the one of forty days serves the instants of the last thirty-five
    assert [one.stamp for one in kept.backups()] == [
        folder.stamp_of(now - timedelta(days=days)) for days in (40, 20)
    ]
    assert kept.segments() == [f"00000001{n:016X}" for n in (3, 4)]
