"""Runs one claimed job: takes it, does the work in its own scope, marks it done or failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from app.kernel import db, jobs_catalog
from app.kernel import scope as scopes
from app.kernel.errors import Conflict, DomainError, Forbidden, Throttled, Unavailable
from app.kernel.jobs_catalog import JobKind
from app.kernel.jobs_control import Control, Taken, Ticket
from app.kernel.jobs_progress import FenceLost, JobCancelled, Progress
from app.kernel.scope import Scope

log = structlog.get_logger("jobs")
BEAT_SECONDS = 3.0

_ARGS = sa.text("select args from app.job_args where tenant_id = :tenant and job_id = :job")
_FINISH = sa.text("select guard.finish_job(:tenant, :job, :fence)")


class Runner:
    """Runs jobs in this process, one at a time, and keeps the lease of the one that runs."""

    def __init__(self, app: Flask) -> None:
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        self._app = app
        self.control = Control(url)
        self._heart = Heart(Control(url))

    def run(self, ticket: Ticket) -> str:
        """Runs one attempt and says how it ended: done, due, dead, cancelled, lost or stale."""
        taken = self.control.take(ticket)
        if taken is None:
            return "stale"
        with self._app.app_context(), self._heart.beating(ticket):
            return self._attempt(ticket, taken)

    def close(self) -> None:
        """Stops the heart and lets both connections go."""
        self._heart.stop()
        self.control.close()

    def _attempt(self, ticket: Ticket, taken: Taken) -> str:
        kind = jobs_catalog.find(taken.kind)
        if kind is None:
            return self.control.fail(ticket, "job-kind-unknown", fatal=True) or "lost"
        if taken.principal_id is not None and (kind.clocked or kind.wakeable):
            # a person can name any kind by raw SQL; their eyes would miss what the platform sees
            return self.control.fail(ticket, "job-of-the-platform", fatal=True) or "lost"
        scope = _scope(ticket, taken)
        progress = Progress(ticket, self.control, scope, done=taken.done, attempt=taken.attempt)
        try:
            _perform(kind, ticket, scope, progress)
        except FenceLost:
            return "lost"
        except JobCancelled:
            return self.control.fail(ticket, "cancelled", cancelled=True) or "lost"
        except Exception as error:  # noqa: BLE001  # whatever a handler raises, its job is told
            return self._failed(ticket, taken, error)
        return "done"

    def _failed(self, ticket: Ticket, taken: Taken, error: Exception) -> str:
        code, fatal = judge(error)
        state = self.control.fail(ticket, code, fatal=fatal) or "lost"
        log.warning(
            "job failed",
            kind=taken.kind,
            job=str(ticket.job_id),
            tenant=str(ticket.tenant_id),
            attempt=taken.attempt,
            code=code,
            state=state,
            exc_info=not isinstance(error, DomainError),
        )
        return state


def judge(error: Exception) -> tuple[str, bool]:
    """The code of a failure, and whether trying again cannot help: a refusal stays one."""
    if isinstance(error, DomainError):
        return error.code, not isinstance(error, (Conflict, Throttled, Unavailable))
    if isinstance(error, (DBAPIError, psycopg.Error)):
        return "database-fault", False
    return f"fault-{type(error).__name__}", False


def _scope(ticket: Ticket, taken: Taken) -> Scope:
    request = taken.request_id or str(ticket.job_id)
    actor = taken.actor or jobs_catalog.system_user("platform")
    if taken.principal_id is None:
        return Scope.system_job(ticket.tenant_id, person_id=actor, request_id=request)
    return Scope.in_client(
        ticket.tenant_id, person_id=actor, principal_id=taken.principal_id, request_id=request
    )


def _perform(kind: JobKind, ticket: Ticket, scope: Scope, progress: Progress) -> None:
    names = {"tenant": ticket.tenant_id, "job": ticket.job_id}
    if not kind.steps:
        with db.transaction(scope):
            kind.handler(_args(names), progress)
            db.session.execute(_FINISH, {**names, "fence": ticket.fence})
        return
    with db.transaction(scope, read_only=True):
        args = _args(names)
    kind.handler(args, progress)
    with db.transaction(scope):
        db.session.execute(_FINISH, {**names, "fence": ticket.fence})


def _args(names: dict[str, UUID]) -> dict[str, Any]:
    """The arguments as the job's own rights show them; a person's job without them has no right
    any more: the grant ended after it was enqueued. What the clock started has no arguments.
    """
    found: dict[str, Any] | None = db.session.execute(_ARGS, names).scalar()
    if found is None and scopes.current().mode == "t":
        raise Forbidden("job-rights-ended")
    return found or {}


class Heart:
    """A thread that keeps the lease of the running job while its handler is busy."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._ticket: Ticket | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def beating(self, ticket: Ticket) -> Iterator[None]:
        """Keeps this ticket's lease until the block ends."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="job-heart", daemon=True)
            self._thread.start()
        self._ticket = ticket
        try:
            yield
        finally:
            self._ticket = None

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._control.close()

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT_SECONDS):
            ticket = self._ticket
            if ticket is None:
                continue
            try:
                self._control.beat(ticket)
            except psycopg.Error as error:
                log.warning("lease not kept", job=str(ticket.job_id), error=type(error).__name__)
