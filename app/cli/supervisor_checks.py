"""What may be wrong before the demo starts, each with its remedy, and what a killed run left."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.servers import ServerFault, processes
from app.cli.servers.layout import Layout
from app.cli.servers.secrets import is_free, write_private

FIRST_START_MB = 900
LATER_START_MB = 200
MARKER = "BACKOFFICE_RUN"


@contextmanager
def only_one(run: Path) -> Iterator[None]:
    """Hold the folder's lock; raises ServerFault when another demo runs in it."""
    with (run / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise ServerFault(
                f"The demo runs already in this folder (process {lock.read().strip() or '?'}).",
                remedy="Stop it with Ctrl-C in its terminal, or use it as it is.",
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def space(folder: Path, *, first: bool) -> None:
    """Refuse to start on a disk that will be full at once."""
    needed = FIRST_START_MB if first else LATER_START_MB
    free = shutil.disk_usage(folder).free // 2**20
    if free < needed:
        raise ServerFault(
            f"The disk is full: {free} MB are free where {folder} lies, {needed} MB are needed.",
            remedy="Free some space, or start in a folder on another disk.",
        )


def port(number: int) -> None:
    """Refuse to start on a port that somebody else uses."""
    if not is_free(number):
        raise ServerFault(
            f"Port {number} is taken by another program.",
            remedy=f"Choose another:  make demo PORT={number + 1}",
        )


def secrets_fit_data(layout_root: Path) -> None:
    """Refuse a data folder whose passwords are gone: nobody can log in to it any more."""
    if (layout_root / "postgres").exists() and not (layout_root / "private/secrets.json").exists():
        raise ServerFault(
            f"{layout_root} holds data, but its secrets (private/secrets.json) are gone.",
            remedy="Put the file back, or start over with an empty folder:  make demo-reset",
        )


def explain(error: OSError) -> ServerFault:
    """Return the sentence and remedy for an operating system's refusal."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ServerFault("The disk is full.", remedy="Free some space and start again.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return ServerFault(
            f"No right to use {error.filename}.",
            remedy="It was probably made by another user (root?): start as that user, or "
            "remove .local and start again.",
        )
    return ServerFault(f"{error.strerror}: {error.filename}")


def run_mark(layout: Layout) -> str:
    """Return the word that every process of this installation carries in its environment."""
    file = layout.private / "run-mark"
    if not file.exists():
        write_private(file, secrets.token_hex(12))
    return file.read_text().strip()


def marked(mark: str) -> list[processes.Identity]:
    """Return the living processes that carry the mark, ourselves left out.

    A process that a worker forked into a group of its own is found too.
    """
    word = f"{MARKER}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        if pid in (os.getpid(), os.getppid()):
            continue
        with contextlib.suppress(OSError):
            if word in (folder / "environ").read_bytes().split(b"\0"):
                found.append(processes.identify(pid))
    return [process for process in found if process.is_alive()]


def stop_orphans(layout: Layout) -> int:
    """Stop web, worker and dispatcher processes of a run that was killed; return how many."""
    orphans = marked(run_mark(layout))
    for name in ("web", "worker", "dispatcher"):
        left = processes.recall(layout.pid_file(name))
        if left and left not in orphans:
            orphans.append(left)
    kill_all(orphans, patience=3)
    return len(orphans)


def kill_all(group: list[processes.Identity], *, patience: float) -> None:
    """Ask all to end, wait `patience` seconds, and kill those that did not; 0 kills at once."""
    steps = [(signal.SIGTERM, patience), (signal.SIGKILL, 3.0)]
    for number, seconds in steps if patience else steps[1:]:
        for process in group:
            if process.is_alive():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, number)
        if processes.wait_until(lambda: not _living(group), seconds=seconds):
            return


def _living(group: list[processes.Identity]) -> list[processes.Identity]:
    processes.reap()
    return [process for process in group if process.is_alive()]
