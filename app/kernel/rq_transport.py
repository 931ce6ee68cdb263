"""RQ as the transport of tickets: the only module that knows RQ and Valkey's queues.

What stands in Valkey can be lost at any moment: the job table is the truth, and a ticket whose
fence is old is thrown away by whoever receives it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from app.kernel.jobs_control import Ticket

__all__ = ["RedisError", "TicketWorker", "Transport", "connect"]

PERFORM = "app.kernel.worker.perform"
logging.getLogger("rq.worker").setLevel(logging.WARNING)


def connect(url: str) -> Redis:
    """A connection with short time-outs: a silent server is as bad as none."""
    return Redis.from_url(
        url,
        socket_connect_timeout=3,
        socket_timeout=30,
        health_check_interval=15,
        retry=Retry(NoBackoff(), 1),
    )


def _job_id(ticket: Ticket) -> str:
    """The ticket as RQ takes ids: it refuses colons."""
    return str(ticket).replace(":", "_")


class Transport:
    """The dispatcher's side: hands tickets over and knows which still wait."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url)
        self._queues: dict[str, Queue] = {}

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            self._queues[name] = Queue(name, connection=self._redis, serializer=JSONSerializer)
        return self._queues[name]

    def send(self, tickets: Sequence[Ticket], *, function: str = PERFORM) -> None:
        """Puts tickets into their queues; raises RedisError when the server is away."""
        by_queue: dict[str, list[Any]] = defaultdict(list)
        for ticket in tickets:
            by_queue[ticket.queue].append(
                Queue.prepare_data(
                    function,
                    args=[str(ticket)],
                    job_id=_job_id(ticket),
                    timeout=-1,
                    result_ttl=0,
                    failure_ttl=1,
                    description="job",
                )
            )
        for name, data in by_queue.items():
            self._queue(name).enqueue_many(data)

    def waiting(self, queues: Sequence[str]) -> list[Ticket]:
        """The tickets that no worker has taken out yet."""
        return [
            Ticket.parse(job_id.replace("_", ":"))
            for name in queues
            for job_id in self._queue(name).get_job_ids()
        ]

    def clear(self, queues: Sequence[str]) -> None:
        """Empties the queues; what is still due comes again from the table."""
        for name in queues:
            self._queue(name).empty()  # type: ignore[no-untyped-call]  # RQ gives no types


class TicketWorker(SimpleWorker):
    """Runs tickets in this process: a fork for each would cost several times the work itself.

    A crash takes this process only; its supervisor starts another, and the lease brings the job
    back.
    """

    def __init__(self, queues: Sequence[str], *, url: str) -> None:
        super().__init__(
            list(queues),
            connection=connect(url),
            serializer=JSONSerializer,
            worker_ttl=30,
            maintenance_interval=10,
            job_monitoring_interval=5,
            default_result_ttl=0,
            log_job_description=False,
        )
        self.stopping = False

    def request_stop(self, signum: Any, frame: Any) -> None:
        """Ends after the job that runs now."""
        self.stopping = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ gives none

    def procline(self, message: str) -> None:
        """Does not rename the process for each job."""
