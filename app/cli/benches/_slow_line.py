"""A slow and lossy line to a local server: a TCP proxy with a round trip, losses and cuts."""

from __future__ import annotations

import contextlib
import random
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

SEGMENT = 1_400
RESEND = 0.3
"""What a lost segment costs until it is sent again, in seconds."""


@dataclass(slots=True)
class Line:
    """What the line does now; `cut` drops every connection and takes no new one."""

    port: int
    round_trip: float
    loss: float
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311  # chance, not secrets
    cut: bool = False
    turned_away: int = 0
    """How many connections found the line cut."""


@contextlib.contextmanager
def to(server: int, *, round_trip: float, loss: float) -> Iterator[Line]:
    """A line to a local port; seconds there and back, and the share of segments that get lost.

    TCP sends lost segments again, so a loss is a delay of all that follows it.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        line = Line(int(listening.getsockname()[1]), round_trip, loss)
        stopped = threading.Event()
        accepting = threading.Thread(
            target=_accept, args=(listening, server, line, stopped), daemon=True
        )
        accepting.start()
        try:
            yield line
        finally:
            stopped.set()
            accepting.join(2)


def _accept(listening: socket.socket, server: int, line: Line, stopped: threading.Event) -> None:
    listening.settimeout(0.1)
    carrying: list[threading.Thread] = []
    while not stopped.is_set():
        try:
            near, _address = listening.accept()
        except TimeoutError:
            continue
        if line.cut:
            line.turned_away += 1
            near.close()
            continue
        one = threading.Thread(target=_connect, args=(near, server, line, stopped), daemon=True)
        one.start()
        carrying.append(one)
    for one in carrying:
        one.join(1)


def _connect(near: socket.socket, server: int, line: Line, stopped: threading.Event) -> None:
    """Carries one connection both ways; its sockets are closed when neither way reads them."""
    with near, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server)) as far:
        back = threading.Thread(target=_carry, args=(far, near, line, stopped), daemon=True)
        back.start()
        _carry(near, far, line, stopped)
        back.join()


def _carry(
    source: socket.socket, sink: socket.socket, line: Line, stopped: threading.Event
) -> None:
    """Carries one direction: what is read is due half a round trip later, in order."""
    waiting: deque[tuple[float, bytes]] = deque()
    last, open_ = 0.0, True
    try:
        while (open_ or waiting) and not stopped.is_set() and not line.cut:
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                sink.sendall(waiting.popleft()[1])
            timeout = max(0.0, waiting[0][0] - now) if waiting else 0.05
            readable, _, _ = select.select([source] if open_ else [], [], [], min(timeout, 0.05))
            if readable:
                data = source.recv(65_536)
                open_ = bool(data)
                last = max(last, time.monotonic() + line.round_trip / 2 + _lost(line, len(data)))
                waiting.append((last, data))
    except OSError:
        pass  # either end went away: the other is told by what follows
    finally:
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _lost(line: Line, size: int) -> float:
    """How long what was lost on the way takes to be sent again."""
    segments = -(-size // SEGMENT)
    return sum(RESEND for _ in range(segments) if line.dice.random() < line.loss)
