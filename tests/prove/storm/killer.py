"""The killer: one random process at a time by SIGKILL, and how long its work then stood still."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from app.cli import supervisor_checks as checks
from app.cli.servers import postgres, processes, s3, valkey
from tests.prove.storm.product import Product

TARGETS = ("web", "worker", "dispatcher", "postgres", "valkey", "s3")
BACK_WITHIN = 60.0


@dataclass(slots=True)
class Killer:
    """Kills and waits until the killed one is back; keeps the seconds of each."""

    product: Product
    dice: random.Random
    targets: Sequence[str] = TARGETS
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def strike(self) -> str:
        """Kill one process of a random target and wait for its return."""
        name = self.dice.choice(self.targets)
        known = processes.recall(self.product.layout.pid_file(name))
        assert known is not None, f"{name} was not running"
        victim = self._victim(name, known)
        began = time.monotonic()
        os.kill(victim.pid, signal.SIGKILL)
        back = processes.wait_until(
            lambda: self._is_back(name, victim), seconds=BACK_WITHIN, every=0.02
        )
        assert back, f"{name} was not back within {BACK_WITHIN:.0f} s"
        self.seconds[name].append(time.monotonic() - began)
        return name

    def _victim(self, name: str, leader: processes.Identity) -> processes.Identity:
        """Return the leader, or now and then a child (a web process, a database backend)."""
        if self.dice.random() < 0.6:
            return leader
        children = [processes.identify(pid) for pid in _children(leader.pid)]
        return self.dice.choice(children) if children else leader

    def _is_back(self, name: str, victim: processes.Identity) -> bool:
        if victim.is_alive():
            return False
        leader = processes.recall(self.product.layout.pid_file(name))
        if leader is None:
            return False
        answers: dict[str, Callable[[], bool]] = {
            "web": self._web_answers,
            "postgres": self._postgres_answers,
            "valkey": lambda: valkey.answers(self.product.layout),
            "s3": lambda: s3.answers(self.product.layout),
        }
        return answers.get(name, lambda: True)()

    def _web_answers(self) -> bool:
        import http.client

        link = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=2)
        try:
            link.request("GET", "/healthz")
            return link.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()

    def _postgres_answers(self) -> bool:
        try:
            return postgres.answers(self.product.layout)
        except psycopg.Error:
            return False


def _children(pid: int) -> list[int]:
    """Return the direct children of a process."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def survivors(product: Product) -> int:
    """Return how many marked processes run, for the report."""
    return len(checks.marked(checks.run_mark(product.layout)))
