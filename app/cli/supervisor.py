"""Keeps the demo's servers and processes alive: starts, watches, restarts with backoff, stops."""

from __future__ import annotations

import http.client
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.cli import servers
from app.cli import supervisor_checks as checks
from app.cli.servers import processes
from app.cli.servers.layout import Layout
from app.cli.supervisor_logs import Follower, rotate, say

FIRST_PAUSE = 0.3
LONGEST_PAUSE = 5.0
STABLE_AFTER = 5.0
SERVICES = ("web", "worker", "dispatcher")


@dataclass(slots=True)
class Keeper:
    """Keeps one process running: starts it again, each time later, until told to stop."""

    name: str
    launch: Callable[[], processes.Identity]
    stopping: threading.Event
    current: processes.Identity | None = None
    pause: float = FIRST_PAUSE
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._keep, daemon=True, name=f"keep-{self.name}")

    def start(self) -> None:
        """Launch for the first time (raising what goes wrong) and watch from now on."""
        self.current = self.launch()
        self.thread.start()

    def _keep(self) -> None:
        began = time.monotonic()
        while not self.stopping.wait(0.1):
            processes.reap()
            if self.current and self.current.is_alive():
                continue
            if time.monotonic() - began > STABLE_AFTER:
                self.pause = FIRST_PAUSE
            say(f"{self.name} ended; starting it again in {self.pause:.1f} s")
            if self.stopping.wait(self.pause):
                return
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
            began = time.monotonic()
            self._again()

    def _again(self) -> None:
        began = time.monotonic()
        try:
            self.current = self.launch()
        except servers.ServerFault as fault:
            say(f"{self.name} does not start: {fault} {fault.remedy}")
        except OSError as error:
            say(f"{self.name} does not start: {checks.explain(error)}")
        else:
            say(f"{self.name} is back after {time.monotonic() - began:.1f} s")


class Supervisor:
    """All that belongs to one demo: embedded servers, web, worker and dispatcher."""

    def __init__(self, layout: Layout, *, environment: Mapping[str, str], port: int) -> None:
        self.layout, self.port = layout, port
        self.environment = {
            **environment,
            checks.MARKER: checks.run_mark(layout),
            "PYTHONUNBUFFERED": "1",
        }
        self.stopping = threading.Event()
        self.followers: list[Follower] = []
        self.keepers: list[Keeper] = []
        self.root = Path.cwd()

    def start_services(self) -> None:
        """Start web, worker and dispatcher and follow their logs."""
        for name in SERVICES:
            log = self.layout.log(name)
            rotate(log)
            follower = Follower(name, log)
            follower.start()
            self.followers.append(follower)
            self._keep(name, lambda name=name: self._launch(name))  # type: ignore[misc]  # early binding

    def keep_servers(self, running: Mapping[str, processes.Identity]) -> None:
        """Watch the embedded servers that run already."""
        for name in running:
            self._keep(name, lambda name=name: self._launch_server(name))  # type: ignore[misc]  # early binding

    def _keep(self, name: str, launch: Callable[[], processes.Identity]) -> None:
        keeper = Keeper(name=name, launch=launch, stopping=self.stopping)
        self.keepers.append(keeper)
        keeper.start()

    def _launch(self, name: str) -> processes.Identity:
        """Start one of our own processes, after what a killed one left of its group."""
        before = next((k.current for k in self.keepers if k.name == name), None)
        if before:
            self._clear_group(before)
        command = [sys.executable, "-m", "app.cli", "serve" if name == "web" else name]
        if name == "web":
            command += ["--port", str(self.port)]
        started = processes.spawn(
            command, log=self.layout.log(name), cwd=self.root, environment=self.environment
        )
        processes.remember(self.layout.pid_file(name), started)
        return started

    def _clear_group(self, leader: processes.Identity) -> None:
        """Kill the children of a killed process at once: they hold its port, and a cut-off
        request has either committed or left nothing. Those in groups of their own end their job.
        """
        mine = checks.marked(self.environment[checks.MARKER])
        checks.kill_all([p for p in mine if processes.group(p.pid) == leader.pid], patience=0)

    def _launch_server(self, name: str) -> processes.Identity:
        return servers.start_all(self.layout.root, want={name}).processes[name]

    def wait_ready(self, *, seconds: float) -> bool:
        """Wait until the web application answers."""
        return processes.wait_until(
            lambda: self.stopping.is_set() or self._answers(), seconds=seconds, every=0.1
        )

    def _answers(self) -> bool:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        try:
            link.request("GET", "/healthz", headers={"Host": f"localhost:{self.port}"})
            return link.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()

    def stop(self) -> None:
        """Stop all that belongs to us: own processes first, then the servers, within 10 s."""
        self.stopping.set()
        checks.kill_all(checks.marked(self.environment[checks.MARKER]), patience=4)
        names = {keeper.name for keeper in self.keepers} - set(SERVICES)
        servers.stop(self.layout, want=names)
        for follower in self.followers:
            follower.ended.set()
            follower.join(timeout=1)
