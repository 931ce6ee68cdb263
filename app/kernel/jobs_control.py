"""The worker's and dispatcher's own connection: leases, fences and heads, never arguments."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import make_url

CHANNEL = "backoffice_jobs"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What travels to a worker: which job, and the fence that makes this attempt the only one."""

    tenant_id: UUID
    job_id: UUID
    fence: int
    queue: str = "default"

    def __str__(self) -> str:
        return f"{self.tenant_id}:{self.job_id}:{self.fence}"

    @classmethod
    def parse(cls, text: str) -> Ticket:
        """Reads `<tenant>:<job>:<fence>`; raises ValueError on anything else."""
        tenant, job_id, fence = text.split(":")
        return cls(UUID(tenant), UUID(job_id), int(fence))


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that this worker holds: its kind, and whose rights it runs with."""

    kind: str
    line: str
    principal_id: UUID | None
    actor: UUID | None
    request_id: str | None
    attempt: int
    lease_seconds: int
    done: int


class Control:
    """One autocommitting connection as the worker's login role, opened again when it was lost.

    Not synchronous: a lease lost with the server's memory only means that a job runs again.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.Connection[dict[str, Any]] | None = None
        self._lock = threading.Lock()

    def connection(self) -> psycopg.Connection[dict[str, Any]]:
        """The living connection; raises psycopg.OperationalError while the server is away."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url,
                autocommit=True,
                row_factory=dict_row,
                connect_timeout=5,
                application_name="backoffice-jobs",
                options="-c synchronous_commit=off -c statement_timeout=15000 -c timezone=UTC",
            )
        return self._connection

    def close(self) -> None:
        """Lets the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with self._lock:
            return self.connection().execute(statement, values, prepare=True).fetchall()

    def _value(self, statement: str, *values: Any) -> Any:
        return next(iter(self._rows(statement, *values)[0].values()))

    def claim_due(self, room: dict[str, int], *, share: int) -> list[Ticket]:
        """Claims due jobs, at most `room` a queue and `share` in flight for one tenant."""
        rows = self._rows(
            "select * from guard.claim_due(%s::text[], %s::int[], %s)",
            list(room),
            list(room.values()),
            share,
        )
        return [Ticket(r["tenant_id"], r["id"], r["fence"], r["queue"]) for r in rows]

    def in_flight(self) -> dict[str, int]:
        """How many jobs are claimed, by queue."""
        return {r["queue"]: r["n"] for r in self._rows("select * from guard.in_flight()")}

    def keep_queued(self, tickets: Sequence[Ticket]) -> int:
        """Keeps the leases of jobs that wait in the transport."""
        kept = self._value(
            "select guard.keep_queued(%s::uuid[], %s::uuid[], %s::bigint[])",
            [t.tenant_id for t in tickets],
            [t.job_id for t in tickets],
            [t.fence for t in tickets],
        )
        return int(kept)

    def take(self, ticket: Ticket) -> Taken | None:
        """Begins an attempt; None when the fence moved on, or the job was cancelled."""
        rows = self._rows(
            "select * from guard.take_job(%s, %s, %s)",
            ticket.tenant_id,
            ticket.job_id,
            ticket.fence,
        )
        return Taken(**rows[0]) if rows else None

    def beat(self, ticket: Ticket) -> str:
        """Keeps the lease; `ok`, `cancel` or `lost`."""
        return str(
            self._value(
                "select guard.beat(%s, %s, %s)", ticket.tenant_id, ticket.job_id, ticket.fence
            )
        )

    def progress(
        self,
        ticket: Ticket,
        *,
        done: int | None = None,
        total: int | None = None,
        stage: str | None = None,
        link: str | None = None,
    ) -> str:
        """Shows how far a job is, at once; `ok`, `cancel` or `lost`."""
        found = self._value(
            "select guard.job_progress(%s, %s, %s, %s, %s, %s, %s)",
            ticket.tenant_id,
            ticket.job_id,
            ticket.fence,
            done,
            total,
            stage,
            link,
        )
        return str(found)

    def fail(
        self, ticket: Ticket, code: str, *, fatal: bool = False, cancelled: bool = False
    ) -> str | None:
        """Ends an attempt that did not work out: `due` again, `dead` or `cancelled`."""
        found: str | None = self._value(
            "select guard.fail_job(%s, %s, %s, %s, %s, %s)",
            ticket.tenant_id,
            ticket.job_id,
            ticket.fence,
            code,
            fatal,
            cancelled,
        )
        return found

    def sweep(self) -> tuple[int, int]:
        """Takes back what nobody holds any more: how many run again, how many are dead."""
        row = self._rows("select * from guard.sweep()")[0]
        return row["again"], row["dead"]

    def figures(self) -> list[dict[str, Any]]:
        """Jobs by queue and state with the oldest due time."""
        return self._rows("select * from guard.queue_figures()")

    def fire(
        self,
        kind: str,
        due: datetime,
        *,
        clients: bool,
        queue: str,
        line: str,
        retries: int,
        lease: int,
        actor: UUID,
    ) -> int:
        """One job for one due time of a schedule; firing again adds nothing."""
        fired = self._value(
            "select guard.fire_schedule(%s, %s, %s, %s, %s, %s, %s, %s)",
            kind,
            due,
            clients,
            queue,
            line,
            retries,
            lease,
            actor,
        )
        return int(fired)

    def wake(
        self, kind: str, *, queue: str, line: str, retries: int, lease: int, actor: UUID
    ) -> int:
        """A named system job in the provider's tenant, unless one waits already."""
        woken = self._value(
            "select guard.wake_job(%s, %s, %s, %s, %s, %s)",
            kind,
            queue,
            line,
            retries,
            lease,
            actor,
        )
        return int(woken)

    def purge(self, before: datetime, *, most: int) -> int:
        """Removes jobs that ended before an instant."""
        return int(self._value("select guard.purge_jobs(%s, %s)", before, most))

    def try_to_lead(self, number: int) -> bool:
        """Takes the leader's lock of this connection's session; False while another holds it."""
        return bool(self._value("select pg_try_advisory_lock(%s)", number))
