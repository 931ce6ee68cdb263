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
MOST_TOGETHER = 10  # tickets in one RQ job
BACKLOG = 4  # tickets travel together when more than twice as many wait
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


def _data(bundle: Sequence[Ticket], function: str) -> Any:
    return Queue.prepare_data(
        function,
        args=[",".join(str(ticket) for ticket in bundle)],
        job_id=_job_id(bundle[0]),
        timeout=-1,
        result_ttl=0,
        failure_ttl=1,
        description="job",
    )


class Transport:
    """The dispatcher's side: hands tickets over and knows which still wait.

    Under a backlog neighbours travel together, because RQ's own work for one job costs as much as
    a short job itself. A ticket that gets stuck behind a long one loses its lease and comes again.
    """

    def __init__(self, url: str) -> None:
        self._redis = connect(url)
        self._queues: dict[str, Queue] = {}
        self._bundles: dict[str, list[Ticket]] = {}

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            self._queues[name] = Queue(name, connection=self._redis, serializer=JSONSerializer)
        return self._queues[name]

    def send(
        self, tickets: Sequence[Ticket], *, function: str = PERFORM, bundled: bool = True
    ) -> None:
        """Puts tickets into their queues; raises RedisError when the server is away."""
        by_queue: dict[str, list[Ticket]] = defaultdict(list)
        for ticket in tickets:
            by_queue[ticket.queue].append(ticket)
        for name, found in by_queue.items():
            size = min(MOST_TOGETHER, max(1, len(found) // BACKLOG)) if bundled else 1
            bundles = [found[at : at + size] for at in range(0, len(found), size)]
            self._bundles |= {_job_id(one[0]): one for one in bundles if len(one) > 1}
            self._queue(name).enqueue_many([_data(one, function) for one in bundles])

    def waiting(self, queues: Sequence[str]) -> list[Ticket]:
        """The tickets that no worker has taken out yet."""
        ids = [job_id for name in queues for job_id in self._queue(name).get_job_ids()]
        self._bundles = {one: self._bundles[one] for one in ids if one in self._bundles}
        return [
            ticket
            for one in ids
            for ticket in self._bundles.get(one) or [Ticket.parse(one.replace("_", ":"))]
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
