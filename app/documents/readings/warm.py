"""The reader that stands ready: a program that loaded what reading needs, and forks for each paper.

Each paper is still read in a process of its own, with its own little time and memory, which ends
with it. The program that forks holds nothing of any paper, has a bare environment, opens no
connection, and ends with the worker that started it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from app.documents.readings import child

GRACE = 10.0
"""So many seconds after a paper's time the program that forks is given up too."""
_CHILD = Path(child.__file__)
_KEPT = ("PATH", "LANG", "LC_ALL")


class Gone(OSError):
    """The program that forks is not there any more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One paper to read: where it lies, what it is said to be, where the answer goes."""

    source: Path
    media_type: str
    out: Path
    folder: Path
    seconds: float


class Reader:
    """One running program that forks; used by one thread at a time."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self.running = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=kept,
            cwd="/",
            start_new_session=True,
        )

    def read(self, asked: Asked) -> int | None:
        """The exit code of the process that read; None when its time was over. Raises Gone."""
        assert self.running.stdin
        line = {
            "source": str(asked.source.resolve()),
            "media_type": asked.media_type,
            "out": str(asked.out.resolve()),
            "folder": str(asked.folder.resolve()),
            "seconds": asked.seconds,
        }
        try:
            self.running.stdin.write(json.dumps(line).encode() + b"\n")
            self.running.stdin.flush()
        except OSError as fault:
            raise Gone from fault
        ended: int | None = json.loads(self._answer(asked.seconds + GRACE))
        return ended

    def _answer(self, seconds: float) -> bytes:
        assert self.running.stdout
        ready, _writing, _odd = select.select([self.running.stdout], [], [], seconds)
        line = self.running.stdout.readline() if ready else b""
        if not line.endswith(b"\n"):
            raise Gone
        return line

    def end(self) -> None:
        """Ends it; what it forked goes on within its own bounds."""
        if self.owner != os.getpid():
            return  # a copy of another process's
        if self.running.poll() is None:
            os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()
        for stream in (self.running.stdin, self.running.stdout):
            if stream:
                with contextlib.suppress(BrokenPipeError):  # what it did not take any more
                    stream.close()


_turn = threading.Lock()
_readers: list[Reader] = []


def read(asked: Asked) -> int | None:
    """Has a paper read in a process of its own; returns its exit code, None when it took too long.

    A program that forks and died meanwhile, as when memory ran out, is started anew once.
    """
    with _turn:
        for last in (False, True):
            reader = _ready()
            try:
                return reader.read(asked)
            except Gone:
                _readers.clear()
                reader.end()
                if last:
                    raise
    raise Gone


def pid() -> int | None:
    """The process id of this process's reader, where one runs: its processor time counts too."""
    running = [one for one in _readers if one.owner == os.getpid()]
    return running[0].running.pid if running else None


@atexit.register
def _end() -> None:
    while _readers:
        _readers.pop().end()


def _ready() -> Reader:
    if not _readers or _readers[0].owner != os.getpid():
        _readers[:] = [Reader()]
    return _readers[0]
