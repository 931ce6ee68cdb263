"""Jobs for the tests of the processes, and how such a process is started."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

from app.factory import create_worker_app
from app.kernel import db, dispatcher, jobs, worker

_EFFECT = sa.text("insert into public.test_effect (job, at) values (:job, now())")


def _effect(_args: dict[str, Any], progress: jobs.Progress) -> None:
    db.session.execute(_EFFECT, {"job": progress.key})


def _slow_once(_args: dict[str, Any], progress: jobs.Progress) -> None:
    db.session.execute(_EFFECT, {"job": progress.key})
    if progress.attempt == 1:
        time.sleep(600)


def _pause_in_a_step(_args: dict[str, Any], progress: jobs.Progress) -> None:
    with progress.step(done=1, total=1):
        db.session.execute(_EFFECT, {"job": progress.key})
        if progress.attempt == 1:
            progress.at(0, 1, "In the step")
            time.sleep(3)  # long enough to be stopped in


def _burn(args: dict[str, Any], progress: jobs.Progress) -> None:
    """One step that holds the interpreter all the time."""
    with progress.step(done=1, total=1):
        db.session.execute(_EFFECT, {"job": progress.key})
        until, found = time.monotonic() + args["seconds"], 0
        while time.monotonic() < until:
            found += sum(range(100_000))


def _long_statement(args: dict[str, Any], progress: jobs.Progress) -> None:
    """One step that sits in one statement."""
    with progress.step(done=1, total=1):
        db.session.execute(_EFFECT, {"job": progress.key})
        db.session.execute(sa.text("select pg_sleep(:seconds)"), {"seconds": args["seconds"]})


def declare() -> None:
    """Takes the kinds into the catalogue of this process."""
    jobs.job("process.effect")(_effect)
    jobs.job("process.slow_once")(_slow_once)
    jobs.job("process.pause_in_a_step", steps=True, lease=5)(_pause_in_a_step)
    jobs.job("process.burn", steps=True)(_burn)
    jobs.job("process.long_statement", steps=True)(_long_statement)


def main(what: str) -> None:
    """Runs one process of the platform with these kinds."""
    declare()
    {"worker": worker.run, "dispatcher": dispatcher.run}[what](create_worker_app)
