"""What a running job says of itself: progress that others see at once, and fenced steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from app.kernel import db
from app.kernel.jobs_control import Control, Ticket
from app.kernel.scope import Scope

_STEP = sa.text("select guard.job_progress(:tenant, :job, :fence, :done, :total, :stage, null)")


class FenceLost(Exception):
    """This attempt is no longer the one that counts: another worker has the job."""


class JobCancelled(Exception):
    """Somebody asked the job to stop."""


class Progress:
    """Handed to every handler. `done` is where an earlier attempt got to; `attempt` counts from 1.

    Raises FenceLost or JobCancelled from `at` and `step`, which a handler lets pass.
    """

    def __init__(
        self, ticket: Ticket, control: Control, scope: Scope, *, done: int, attempt: int
    ) -> None:
        self.ticket = ticket
        self.scope = scope
        self.done = done
        self.attempt = attempt
        self._control = control

    @property
    def key(self) -> str:
        """A key for effects outside the database: the same in every attempt of this job."""
        return str(self.ticket.job_id)

    def at(self, done: int, total: int | None = None, stage: str | None = None) -> None:
        """Shows how far the job is, whatever becomes of the handler's own transaction."""
        self.done = done
        _heed(self._control.progress(self.ticket, done=done, total=total, stage=stage))

    def link(self, url: str) -> None:
        """Where the result can be seen."""
        _heed(self._control.progress(self.ticket, link=url))

    @contextmanager
    def step(
        self, *, done: int | None = None, total: int | None = None, stage: str | None = None
    ) -> Iterator[None]:
        """One transaction of a long job; `done` counts as reached when the block has committed.

        The fence is checked in the same transaction, so a worker that was given up changes nothing.
        """
        with db.transaction(self.scope):
            yield
            found = db.session.execute(
                _STEP,
                {
                    "tenant": self.ticket.tenant_id,
                    "job": self.ticket.job_id,
                    "fence": self.ticket.fence,
                    "done": done,
                    "total": total,
                    "stage": stage,
                },
            ).scalar_one()
            if found == "lost":
                raise FenceLost(str(self.ticket))
        if done is not None:
            self.done = done
        _heed(found)


def _heed(answer: str) -> None:
    if answer == "lost":
        raise FenceLost
    if answer == "cancel":
        raise JobCancelled
