"""The child's side of reading: bound the memory, answer each mail until the caller goes away."""

from __future__ import annotations

import resource
import struct
import sys
from typing import IO

from app.kernel import offline
from app.mail import reading, wire

MEMORY = 768 * 1024 * 1024
"""Address space in bytes; what a mail really takes stays far below."""
LENGTH = struct.Struct("<Q")


def serve() -> None:
    """Read framed mails from standard input and write the read ones to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    offline.cut_off()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    _send(sink, b"ready")
    while len(header := source.read(LENGTH.size)) == LENGTH.size:
        data = source.read(LENGTH.unpack(header)[0])
        _send(sink, wire.packed(reading.read(data)))


def _send(sink: IO[bytes], data: bytes) -> None:
    sink.write(LENGTH.pack(len(data)))
    sink.write(data)
    sink.flush()


if __name__ == "__main__":
    serve()
