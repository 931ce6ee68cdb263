"""The dispatcher process: one leader hands due jobs to the transport and fires the schedules."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from flask import Flask
from psycopg import sql

from app.kernel import clock, jobs, jobs_catalog, rq_transport, schedules
from app.kernel.jobs_control import CHANNEL, Control
from app.kernel.settings import Settings

log = structlog.get_logger("dispatcher")
LEADER_LOCK = 7361
DEPTH = {"urgent": 100, "default": 100, "bulk": 20}
SWEEP_SECONDS = 1.0
KEEP_SECONDS = 3.0
IDLE_SECONDS = 0.5
BUSY_SECONDS = 0.02
KEEP_ENDED_DAYS = 30


class Dispatcher:
    """Keeps each queue short, so that fairness and urgency are decided as late as possible."""

    def __init__(self, app: Flask, *, depth: dict[str, int] | None = None) -> None:
        settings: Settings = app.extensions["settings"]
        self.control = Control(app.config["SQLALCHEMY_DATABASE_URI"])
        self.transport = rq_transport.Transport(settings.valkey_url)
        self._ears = Control(app.config["SQLALCHEMY_DATABASE_URI"])
        self._depth = depth or DEPTH
        self._stop = threading.Event()
        self._next: dict[str, float] = {}
        self._fired: dict[str, datetime] = {}
        self._listening: Any = None

    def stop(self, *_signal: Any) -> None:
        """Ends after the present round."""
        self._stop.set()

    def run(self) -> None:
        """Leads once the lock is ours; an outage of either server is waited out."""
        pause = 0.2
        while not self._stop.is_set():
            try:
                if self._lead():
                    pause = 0.2
            except (psycopg.Error, rq_transport.RedisError) as error:
                log.warning("server away, trying again", error=type(error).__name__, seconds=pause)
                self.control.close()
                self._ears.close()
                self._stop.wait(pause)
                pause = min(pause * 2, 5.0)
        self.control.close()
        self._ears.close()

    def _lead(self) -> bool:
        if not self.control.try_to_lead(LEADER_LOCK):
            self._stop.wait(1.0)
            return False
        log.info("dispatcher leads")
        self._listen()
        while not self._stop.is_set():
            sent = self.round()
            self._hear(BUSY_SECONDS if sent else IDLE_SECONDS)
        return True

    def round(self) -> int:
        """One turn: sweep, schedules, kept leases, and as many tickets as there is room for."""
        if self._is_time("sweep", SWEEP_SECONDS):
            again, dead = self.control.sweep()
            if again or dead:
                log.warning("leases ended", again=again, dead=dead)
            self._fire()
        if self._is_time("keep", KEEP_SECONDS):
            waiting = self.transport.waiting(tuple(self._depth))
            if waiting:
                self.control.keep_queued(waiting)
        if self._is_time("purge", 3600.0):
            before = clock.now() - timedelta(days=KEEP_ENDED_DAYS)
            self.control.purge(before, most=10_000)
        return self._send()

    def _is_time(self, what: str, seconds: float) -> bool:
        moment = time.monotonic()
        if moment < self._next.get(what, 0.0):
            return False
        self._next[what] = moment + seconds
        return True

    def _send(self) -> int:
        busy = self.control.in_flight()
        room = {q: _room(depth, busy.get(q, 0)) for q, depth in self._depth.items()}
        if not any(room.values()):
            return 1
        tickets = self.control.claim_due(room, share=max(self._depth.values()) // 2)
        if tickets:
            self.transport.send(tickets)
        return len(tickets)

    def _fire(self) -> None:
        moment = clock.now()
        for found in schedules.declared():
            due = found.every.last_due(moment)
            if self._fired.get(found.kind.name) == due:
                continue
            self.control.fire(
                found.kind.name,
                due,
                clients=found.tenants == "clients",
                queue=found.kind.queue,
                line=found.kind.line,
                retries=found.kind.retries,
                lease=found.kind.lease,
                actor=jobs_catalog.system_user("platform"),
            )
            self._fired[found.kind.name] = due

    def _listen(self) -> None:
        self._ears.connection().execute(sql.SQL("listen {}").format(sql.Identifier(CHANNEL)))

    def _hear(self, seconds: float) -> None:
        heard = self._ears.connection().notifies(timeout=seconds, stop_after=1)
        for notice in heard:
            if notice.payload:
                jobs.start_woken(self.control, notice.payload)


def _room(depth: int, busy: int) -> int:
    """The places that are free, once they are worth a round: a quarter of the queue."""
    free = depth - busy
    return free if free * 4 >= depth else 0


def run(create_app: Callable[[], Flask]) -> None:
    """Dispatches until SIGTERM or SIGINT. `create_app` makes the app with the worker's role."""
    dispatcher = Dispatcher(create_app())
    signal.signal(signal.SIGTERM, dispatcher.stop)
    signal.signal(signal.SIGINT, dispatcher.stop)
    log.info("dispatcher ready")
    dispatcher.run()
