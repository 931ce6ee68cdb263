"""The embedded servers: private, adopted when they run, back after a kill, at home anywhere."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.cli import servers
from app.cli.servers import postgres, processes, secrets, valkey
from app.cli.servers.layout import Layout

AWKWARD = "a folder with spaces and a very long name " + "x" * 90


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with an awkward name that other users may pass through; its servers end with it."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        place = Path(made) / AWKWARD
        place.mkdir()
        try:
            yield place
        finally:
            servers.stop(Layout.at(place))


def libpq(running: servers.Servers, name: str) -> str:
    """Return an address as psycopg takes it."""
    return running.environment()[name].replace("+psycopg", "")


def kill(process: processes.Identity) -> None:
    """Kill a server as a crash would and wait until it is gone."""
    os.kill(process.pid, signal.SIGKILL)

    def gone() -> bool:
        processes.reap()
        return not process.is_alive()

    assert processes.wait_until(gone, seconds=60)


def test_postgres_starts_in_a_long_path_with_spaces_and_is_adopted_when_it_runs(
    folder: Path,
) -> None:
    first = servers.start_all(folder, want={"postgres"}, fsync=False)
    again = servers.start_all(folder, want={"postgres"}, fsync=False)
    assert first.processes == again.processes
    with psycopg.connect(libpq(first, "DATABASE_URL")) as link:
        assert link.execute("select current_user").fetchone() == ("app_rw",)


def test_postgres_keeps_what_was_committed_over_a_kill(folder: Path) -> None:
    running = servers.start_all(folder, want={"postgres"})
    with psycopg.connect(libpq(running, "DATABASE_ADMIN_URL")) as link:
        link.execute("create table if not exists kept (n int)")
        link.execute("insert into kept values (1)")
    kill(running.processes["postgres"])
    back = servers.start_all(folder, want={"postgres"})
    assert back.processes != running.processes
    with psycopg.connect(libpq(back, "DATABASE_ADMIN_URL")) as link:
        assert link.execute("select count(*) from kept").fetchone() != (0,)


def test_nobody_logs_in_without_a_password_also_not_by_the_socket(folder: Path) -> None:
    running = servers.start_all(folder, want={"postgres"}, fsync=False)
    port = running.layout.ports("postgres")["postgres"]
    for host in ("127.0.0.1", str(postgres.socket_folder(running.layout))):
        with pytest.raises(psycopg.OperationalError, match="no password"):
            psycopg.connect(host=host, port=port, user="postgres", dbname="postgres")


def test_valkey_starts_alone_refuses_strangers_and_is_back_after_a_kill(folder: Path) -> None:
    import redis

    running = servers.start_all(folder, want={"valkey"})
    assert set(running.environment()) >= {"VALKEY_URL"}
    assert "DATABASE_URL" not in running.environment()
    link = redis.Redis.from_url(running.environment()["VALKEY_URL"])
    link.set("kept", "yes")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=running.layout.ports("valkey")["valkey"]).get("kept")
    processes.wait_until(lambda: False, seconds=1.5)  # the append-only file is synced each second
    kill(running.processes["valkey"])
    servers.start_all(folder, want={"valkey"})
    assert link.get("kept") == b"yes"
    link.close()


def test_secrets_are_private_and_lie_outside_the_data(folder: Path) -> None:
    layout = Layout.at(folder)
    file = layout.private / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert not file.is_relative_to(layout.data("postgres"))


def test_data_without_its_secrets_is_refused_with_a_remedy(folder: Path) -> None:
    running = servers.start_all(folder, want={"postgres"}, fsync=False)
    stranger = Layout(
        root=running.layout.root, secrets={**running.layout.secrets, "postgres_admin": "other"}
    )
    with pytest.raises(servers.ServerFault, match="does not know our password"):
        postgres.answers(stranger)


def test_a_half_made_data_folder_is_made_anew(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        half = Path(made) / "postgres"
        half.mkdir()
        (half / "PG_VERSION").write_text("18\n")
        running = servers.start_all(Path(made), want={"postgres"}, fsync=False)
        try:
            with psycopg.connect(libpq(running, "DATABASE_ADMIN_URL")):
                pass
        finally:
            running.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_closed_parent_folders_stay_closed_when_root_starts_the_servers() -> None:
    with tempfile.TemporaryDirectory() as made:  # mode 0700
        place = Path(made) / "installation"
        running = servers.start_all(place, want={"postgres"}, fsync=False)
        try:
            assert stat.S_IMODE(Path(made).stat().st_mode) == 0o700
            with psycopg.connect(libpq(running, "DATABASE_URL")):
                pass
        finally:
            running.stop()
            postgres.remove(running.layout)


def test_a_server_with_the_process_id_of_another_is_not_taken_for_ours(tmp_path: Path) -> None:
    known = processes.Identity(pid=os.getpid(), began="some other boot:1")
    processes.remember(tmp_path / "valkey.pid", known)
    assert processes.recall(tmp_path / "valkey.pid") is None


def test_a_port_that_somebody_took_meanwhile_is_given_up(folder: Path) -> None:
    import socket

    layout = Layout.at(folder)
    valkey.stop(layout)
    before = layout.ports("valkey")["valkey"]
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", before))
        other.listen()
        running = servers.start_all(folder, want={"valkey"})
        assert running.layout.ports("valkey")["valkey"] != before


def test_free_ports_differ() -> None:
    taken: set[int] = set()
    for _ in range(20):
        taken.add(secrets.free_port(taken=taken))
    assert len(taken) == 20
