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


def declare() -> None:
    """Takes the kinds into the catalogue of this process."""
    jobs.job("process.effect")(_effect)
    jobs.job("process.slow_once")(_slow_once)


def main(what: str) -> None:
    """Runs one process of the platform with these kinds."""
    declare()
    {"worker": worker.run, "dispatcher": dispatcher.run}[what](create_worker_app)
