"""Reading in a program of its own: bounded time and memory for what strangers send.

One child serves many mails; a mail that wastes time or memory costs that child, not the caller,
and the next mail gets a fresh one. What travels between them is framed by its length.
"""

from __future__ import annotations

import os
import select
import struct
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from app.kernel.errors import DomainError
from app.mail import wire
from app.mail.message import Mail

SECONDS = 2.0
MOST_BYTES = 64 * 1024 * 1024
MOST_MAILS = 500
_STARTING = 30.0
_ROOT = Path(__file__).parents[2]
_LENGTH = struct.Struct("<Q")


class Unreadable(DomainError):
    """A mail that cannot be read within its bounds; its raw message is all there is."""

    status = 422


class Reader:
    """Reads mails one after another in a child; use it as a context."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.process: subprocess.Popen[bytes] | None = None
        self.count = 0

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def read(self, data: bytes) -> Mail:
        """Read a raw message; raises Unreadable when it is too large or wastes its bounds."""
        if len(data) > MOST_BYTES:
            raise Unreadable("mail-too-large", most=MOST_BYTES // (1024 * 1024))
        try:
            source, sink = self._running()
            sink.write(_LENGTH.pack(len(data)) + data)
            sink.flush()
            mail = wire.unpacked(_frame(source, time.monotonic() + self.seconds))
        except TimeoutError as fault:
            self.stop()
            raise Unreadable("mail-too-slow", seconds=self.seconds) from fault
        except (OSError, EOFError, ValueError) as fault:
            self.stop()
            raise Unreadable("mail-unreadable") from fault
        self.count += 1
        return mail

    def stop(self) -> None:
        """End the child."""
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                _closed(stream)

    def _running(self) -> tuple[IO[bytes], IO[bytes]]:
        """The child's two ends, of a new one after many mails; it says when it is ready."""
        spent = self.process is not None and self.process.poll() is not None
        if spent or self.count >= MOST_MAILS:
            self.stop()
        if self.process is None:
            self.count = 0
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "app.mail.serving"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8"},
            )
            assert self.process.stdout is not None
            _frame(self.process.stdout, time.monotonic() + _STARTING)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        return self.process.stdout, self.process.stdin


def _closed(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except OSError:
        return  # what was still to be written has nobody to read it


def _frame(stream: IO[bytes], until: float) -> bytes:
    length = _LENGTH.unpack(_exactly(stream, _LENGTH.size, until))[0]
    return _exactly(stream, length, until)


def _exactly(stream: IO[bytes], count: int, until: float) -> bytes:
    """Read so many bytes, unbuffered, so that waiting and reading see the same.

    Raises TimeoutError after `until`, EOFError when the child has ended.
    """
    pieces: list[bytes] = []
    while count:
        ready, _out, _odd = select.select([stream], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        piece = os.read(stream.fileno(), min(count, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
