"""Folders of running jobs: each held by a lock of its process, swept where the process died."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from flask import Flask, current_app

from app.kernel.settings import Settings

log = structlog.get_logger("workroom")
UNLOCKED_SECONDS = 3600
_LOCK = ".held"


def place(app: Flask | None = None) -> Path:
    """Where the folders of this installation's jobs lie, readable by its user only."""
    settings: Settings = (app or current_app).extensions["settings"]
    found = settings.data_dir / "work"
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


@contextmanager
def folder(prefix: str) -> Iterator[Path]:
    """An empty folder for the files of one job, gone afterwards.

    Where the process is killed before that, the next worker that starts takes it away.
    """
    made = tempfile.TemporaryDirectory(prefix=f"{prefix}-", dir=place())
    with made as name, _held(Path(name) / _LOCK):
        inside = Path(name) / "files"
        inside.mkdir()
        yield inside


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """The lock ends with the process, however that ends; programs it starts do not inherit it."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sweep(app: Flask) -> int:
    """Takes away the folders whose process is gone; returns how many there were.

    A folder without a lock is being made at this moment, or was left so: its age tells.
    """
    left = [path for path in place(app).iterdir() if _is_left(path)]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    if left:
        log.info("folders of killed workers removed", folders=len(left))
    return len(left)


def _is_left(path: Path) -> bool:
    try:
        handle = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return path.is_dir() and time.time() - path.stat().st_mtime > UNLOCKED_SECONDS
    except NotADirectoryError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
