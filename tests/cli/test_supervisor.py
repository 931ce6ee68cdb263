"""What the demo notices before it starts, and how it keeps and stops its processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import supervisor_checks as checks
from app.cli.servers import ServerFault, processes
from app.cli.servers.layout import Layout
from app.cli.supervisor import Keeper
from app.cli.supervisor_logs import readable

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An installation without servers."""
    return Layout.at(tmp_path)


@pytest.fixture
def spawned(layout: Layout) -> Iterator[list[processes.Identity]]:
    """Processes that end with the test."""
    made: list[processes.Identity] = []
    yield made
    checks.kill_all(made, patience=1)


def test_a_taken_port_is_named_with_the_command_for_another() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        with pytest.raises(ServerFault, match=f"Port {number} is taken") as refused:
            checks.port(number)
    assert f"PORT={number + 1}" in refused.value.remedy


def test_a_second_demo_in_the_same_folder_is_refused(layout: Layout) -> None:
    with (
        checks.only_one(layout.run),
        pytest.raises(ServerFault, match="runs already"),
        checks.only_one(layout.run),
    ):
        pass


def test_a_full_disk_is_said_before_anything_is_written(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "FIRST_START_MB", 10**9)
    with pytest.raises(ServerFault, match="disk is full"):
        checks.space(layout.root, first=True)


def test_a_disk_that_fills_while_writing_is_explained() -> None:
    assert "disk is full" in str(checks.explain(OSError(28, "No space left on device")))


def test_data_without_secrets_asks_for_the_file_or_a_reset(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(ServerFault) as refused:
        checks.secrets_fit_data(tmp_path)
    assert "make demo-reset" in refused.value.remedy


def test_orphans_of_a_killed_run_are_found_by_their_mark_and_nobody_else_is_touched(
    layout: Layout, spawned: list[processes.Identity]
) -> None:
    marked = {checks.MARKER: checks.run_mark(layout)}
    ours = processes.spawn(SLEEP, log=layout.log("x"), cwd=layout.root, environment=marked)
    stranger = processes.spawn(SLEEP, log=layout.log("y"), cwd=layout.root)
    spawned += [ours, stranger]
    assert processes.wait_until(lambda: ours in checks.marked(marked[checks.MARKER]), seconds=60)
    assert checks.stop_orphans(layout) == 1
    assert not ours.is_alive()
    assert stranger.is_alive()


def test_a_killed_process_is_started_again_until_the_end(
    layout: Layout, spawned: list[processes.Identity]
) -> None:
    def launch() -> processes.Identity:
        started = processes.spawn(SLEEP, log=layout.log("x"), cwd=layout.root)
        spawned.append(started)
        return started

    stopping = threading.Event()
    keeper = Keeper(name="x", launch=launch, stopping=stopping)
    keeper.start()
    try:
        os.kill(spawned[0].pid, signal.SIGKILL)
        assert processes.wait_until(lambda: len(spawned) == 2 and spawned[1].is_alive(), seconds=60)
    finally:
        stopping.set()
        keeper.thread.join(timeout=60)
    assert keeper.pause > 0.3


def test_log_lines_in_json_become_readable_and_others_stay() -> None:
    line = '{"timestamp": "2026-10-01T08:09:10Z", "level": "info", "event": "served", "ms": 12}'
    assert readable(line) == "08:09:10 info served ms=12"
    assert readable("plain words") == "plain words"


def test_make_help_lists_the_commands() -> None:
    made = subprocess.run(["make", "help"], capture_output=True, text=True, check=True)
    assert "make demo" in made.stdout
    assert "make prove" in made.stdout
