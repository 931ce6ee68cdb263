"""Folders of jobs: gone with the job, swept where its process was killed, never taken from one
that lives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from app.kernel import workroom

_HOLDER = """
import fcntl, os, sys
handle = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def room(worker_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own; returns where the folders of its jobs lie."""
    settings = worker_app.extensions["settings"].model_copy(update={"data_dir": tmp_path})
    monkeypatch.setitem(worker_app.extensions, "settings", settings)
    return workroom.place(worker_app)


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process at work in a folder."""
    path.mkdir()
    command = [sys.executable, "-c", _HOLDER, str(path / ".held")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield other
        other.kill()


def test_the_folder_is_gone_when_the_job_ends(worker_app: Flask, room: Path) -> None:
    with worker_app.app_context(), workroom.folder("report") as folder:
        assert not list(folder.iterdir())
        (folder / "part.pdf").write_bytes(b"%PDF")
    assert not list(room.iterdir())


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_has_is_not(
    worker_app: Flask, room: Path
) -> None:
    with held(room / "report-dead") as other:
        other.kill()
        other.wait()
        with held(room / "report-living"):
            assert workroom.sweep(worker_app) == 1
            assert [path.name for path in room.iterdir()] == ["report-living"]


def test_a_folder_without_a_lock_is_left_alone_until_it_is_old(
    worker_app: Flask, room: Path
) -> None:
    (room / "report-young").mkdir()
    old = room / "report-old"
    old.mkdir()
    os.utime(old, (0, 0))
    assert workroom.sweep(worker_app) == 1
    assert [path.name for path in room.iterdir()] == ["report-young"]


def test_only_our_user_reads_the_folders(worker_app: Flask, room: Path) -> None:
    assert room.stat().st_mode & 0o077 == 0
