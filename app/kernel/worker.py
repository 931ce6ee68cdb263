"""The worker process: takes tickets from the transport and runs their jobs, until stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import structlog
from flask import Flask

from app.kernel import jobs_catalog, rq_transport, workroom
from app.kernel.jobs_control import Ticket
from app.kernel.jobs_run import Runner
from app.kernel.settings import Settings

log = structlog.get_logger("worker")
LONGEST_PAUSE_SECONDS = 5.0
_running: list[Runner] = []  # one a process; RQ calls `perform` by name


def perform(tickets: str) -> None:
    """What RQ calls with one ticket or a few, parted by commas.

    Never raises: how a job ended stands in the job table.
    """
    if not _running:
        raise RuntimeError("a ticket outside a worker process")
    for text in tickets.split(","):
        _run(Ticket.parse(text))


def _run(ticket: Ticket) -> None:
    try:
        _running[0].run(ticket)
    except Exception as error:  # noqa: BLE001  # the server is away: the lease brings it back
        log.warning("ticket given up", job=str(ticket.job_id), error=type(error).__name__)
        time.sleep(0.2)


def run(create_app: Callable[[], Flask], queues: Sequence[str] = jobs_catalog.QUEUES) -> None:
    """Serves the queues in this order until SIGTERM or SIGINT; outlives outages of both servers.

    `create_app` makes the application with the worker's login role.
    """
    app = create_app()
    settings: Settings = app.extensions["settings"]
    workroom.sweep(app)
    runner = Runner(app)
    _running[:] = [runner]
    pause = 0.2
    log.info("worker ready", queues=list(queues))
    try:
        while True:
            began = time.monotonic()
            if _serve(settings.valkey_url, queues):
                return
            pause = 0.2 if time.monotonic() - began > 30 else min(pause * 2, LONGEST_PAUSE_SECONDS)
            log.warning("transport lost, trying again", seconds=pause)
            time.sleep(pause)
    finally:
        runner.close()
        _running.clear()


def _serve(url: str, queues: Sequence[str]) -> bool:
    """Works until the transport is lost (False) or somebody asked to stop (True)."""
    try:
        serving = rq_transport.TicketWorker(queues, url=url)
    except rq_transport.RedisError:
        return False
    try:
        serving.work(logging_level="WARNING")
    except rq_transport.RedisError:
        return serving.stopping
    return serving.stopping
