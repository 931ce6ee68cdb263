"""Jobs: work that is written down with the business and done afterwards, at least once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.kernel import db, jobs_catalog
from app.kernel import scope as scopes
from app.kernel.jobs_catalog import Queue, find, job, system_user, system_user_name
from app.kernel.jobs_control import CHANNEL, Control
from app.kernel.jobs_progress import FenceLost, JobCancelled, Progress
from app.kernel.jobs_queries import JobView, dead_letters, one, recent
from app.kernel.jobs_run import Runner

__all__ = [
    "FenceLost",
    "JobCancelled",
    "JobView",
    "Progress",
    "Queue",
    "cancel",
    "dead_letters",
    "enqueue",
    "find",
    "job",
    "one",
    "recent",
    "replay",
    "run_due",
    "system_user",
    "system_user_name",
    "wake",
]

NOTIFY_SECONDS = 0.02  # more often than that tells the dispatcher nothing new
_ENQUEUE = sa.text(
    "select app.enqueue_job(:kind, :args, :key, :title, :line, :queue, :run_after, :retries,"
    " :lease, :request)"
).bindparams(sa.bindparam("args", type_=JSONB))
_TELL = sa.text(
    "select pg_notify(:channel, payload) from unnest(cast(:payloads as text[])) as t(payload)"
)
_last_notified: dict[str, float] = {}


def enqueue(
    kind: str,
    args: dict[str, Any],
    *,
    key: str | None = None,
    run_after: datetime | None = None,
    line: str | None = None,
    title: str | None = None,
) -> UUID:
    """Writes a job in the caller's transaction; it runs as whoever acts here.

    The same key once more answers the same job and adds nothing. `line` decides who sees the
    arguments. Raises KeyError for a kind that nobody handles, Forbidden on a line out of reach.
    """
    known = find(kind)
    if known is None:
        raise KeyError(f"no handler for the job kind {kind}")
    made: UUID = db.session.execute(
        _ENQUEUE,
        {
            "kind": kind,
            "args": args,
            "key": key,
            "title": title,
            "line": line or known.line,
            "queue": known.queue,
            "run_after": run_after,
            "retries": known.retries,
            "lease": known.lease,
            "request": scopes.current().request_id or None,
        },
    ).scalar_one()
    notify_after_commit("")
    return made


def wake(kind: str) -> None:
    """Asks for a system job of this kind, from anywhere, also before anybody is signed in.

    Only kinds declared `wakeable` start; the dispatcher makes the row in the provider's tenant.
    """
    known = find(kind)
    if known is None or not known.wakeable:
        raise KeyError(f"not a wakeable job kind: {kind}")
    notify_after_commit(kind)


def cancel(job_id: UUID) -> str:
    """Stops a job: `cancelled` when it had not begun, `asked` when its next step will end it."""
    statement = sa.text("select app.cancel_job(:job)")
    return str(db.session.execute(statement, {"job": job_id}).scalar_one())


def replay(job_id: UUID) -> None:
    """Runs a dead or cancelled job once more, as the person who asks for it."""
    db.session.execute(sa.text("select app.replay_job(:job)"), {"job": job_id})
    notify_after_commit("")


def run_due(app: Flask, *, limit: int = 1000, kinds: Iterable[str] = ()) -> int:
    """Runs due jobs in this process without the transport, for operators, demo and tests.

    Returns how many attempts were made. The app must be the worker's. `kinds` are woken first.
    """
    runner = Runner(app)
    count = 0
    try:
        for name in kinds:
            start_woken(runner.control, name)
        while count < limit:
            runner.control.sweep()
            room: dict[str, int] = dict.fromkeys(jobs_catalog.QUEUES, min(50, limit - count))
            tickets = runner.control.claim_due(room, share=1000)
            if not tickets:
                break
            for ticket in tickets:
                runner.run(ticket)
                count += 1
        runner.control.sweep()
    finally:
        runner.close()
    return count


def start_woken(control: Control, name: str) -> int:
    """Makes the row of a woken job; names that are not wakeable are ignored."""
    known = find(name)
    if known is None or not known.wakeable:
        return 0
    return control.wake(
        name,
        queue=known.queue,
        line=known.line,
        retries=known.retries,
        lease=known.lease,
        actor=system_user("platform"),
    )


def notify_after_commit(payload: str) -> None:
    """Tells the dispatcher once this transaction is committed; lost words cost a poll, not a job.

    Not inside the transaction: NOTIFY holds a lock over the commit that would queue all writers.
    """
    db.session().info.setdefault("notify", set()).add(payload)


@event.listens_for(Session, "after_commit")
def _notify(session: Session) -> None:
    payloads = session.info.pop("notify", None)
    if not payloads:
        return
    moment = time.monotonic()
    fresh = [p for p in payloads if moment - _last_notified.get(p, 0.0) > NOTIFY_SECONDS]
    if not fresh:
        return
    _last_notified.update(dict.fromkeys(fresh, moment))
    try:
        engine = db.db.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(_TELL, {"channel": CHANNEL, "payloads": fresh})
    except SQLAlchemyError:
        return  # the dispatcher polls anyway
