"""Jobs a second through table, dispatcher and RQ, against RQ alone with the same worker process."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from redis import Redis
from rq.job import Job

from app.cli import bench
from app.cli.bench import Case
from app.cli.benches import _scratch
from app.cli.benches._scratch import Scratch
from app.kernel import ids, jobs
from app.kernel.dispatcher import Dispatcher
from app.kernel.jobs_control import Ticket
from app.kernel.rq_transport import Transport

SIZE = 600  # jobs of each run
CLIENTS = 20
DEADLINE_SECONDS = 120
ALONE = "app.cli.benches.jobs.alone"
_URLS = {
    "DATABASE_URL": "database_url",
    "DATABASE_ADMIN_URL": "database_admin_url",
    "DATABASE_WORKER_URL": "database_worker_url",
    "DATABASE_RESTORE_URL": "database_restore_url",
}
_LOAD = """
with p as (insert into guard.principal (kind, user_id, tenant_id, expires_at, made_by)
  select 'job', %(person)s, (%(tenants)s::uuid[])[1 + n %% %(clients)s], now() + interval '1 hour',
    %(person)s from generate_series(1, %(n)s) n returning id, tenant_id),
j as (insert into app.job (tenant_id, kind, key, line, principal_id, actor)
  select tenant_id, 'bench.nothing', id::text, 'accounting', id, %(person)s from p
  returning tenant_id, id)
insert into app.job_args (tenant_id, job_id, line, args)
  select tenant_id, id, 'accounting', '{"n": 1}' from j
"""


@jobs.job("bench.nothing")
def nothing(_args: dict[str, Any], _progress: jobs.Progress) -> None:
    """A person's job whose work is nothing: what is left is the price of its guarantees."""


def alone(_ticket: str) -> None:
    """The same nothing as RQ runs it by itself."""


def _work(environment: dict[str, str]) -> None:
    """The worker process of both sides."""
    os.environ.update(environment)
    from app.factory import create_worker_app
    from app.kernel import worker

    worker.run(create_worker_app)


def cases(size: int) -> Iterator[Case]:
    """One worker process; in turn, tickets of RQ alone and jobs of twenty clients."""
    with _scratch.database("jobs") as scratch:
        tenants = _scratch.make_clients(scratch, CLIENTS)
        with _serving(scratch):
            yield bench.compare(
                "jobs",
                "one worker, nothing to do",
                ours=lambda: _through_table(scratch, tenants, size),
                reference=lambda: _rq_alone(scratch, size),
                unit="jobs/s",
                better="more",
                floor=0.5,
                goal=0.8,
                runs=5,
            )


@contextmanager
def _serving(scratch: Scratch) -> Iterator[None]:
    from app.factory import create_worker_app

    environment = {name: str(getattr(scratch.settings, key)) for name, key in _URLS.items()}
    Redis.from_url(scratch.settings.valkey_url).flushall()
    dispatcher = Dispatcher(create_worker_app(scratch.settings))
    leading = threading.Thread(target=dispatcher.run, daemon=True)
    child = multiprocessing.get_context("spawn").Process(
        target=_work, args=({**_scratch.running_servers(), **environment},)
    )
    child.start()
    leading.start()
    try:
        yield
    finally:
        dispatcher.stop()
        child.kill()
        child.join()
        leading.join(timeout=10)


def _through_table(scratch: Scratch, tenants: list[UUID], size: int) -> float:
    """Jobs a second from the writing of the first row to the last done-mark."""
    began = time.perf_counter()
    with scratch.admin.transaction():
        scratch.admin.execute(
            _LOAD,
            {"person": scratch.person_id, "tenants": tenants, "clients": CLIENTS, "n": size},
        )
        scratch.admin.execute("select pg_notify('backoffice_jobs', '')")
    while _left(scratch):
        if time.perf_counter() - began > DEADLINE_SECONDS:
            raise RuntimeError("the jobs did not end")
        time.sleep(0.02)
    return size / (time.perf_counter() - began)


def _left(scratch: Scratch) -> bool:
    row = scratch.admin.execute(
        "select exists (select from app.job where state in ('due', 'claimed'))"
    ).fetchone()
    return bool(row and row[0])


def _rq_alone(scratch: Scratch, size: int) -> float:
    """Jobs a second from the first ticket's sending to the end of the last."""
    redis = Redis.from_url(scratch.settings.valkey_url)
    transport = Transport(scratch.settings.valkey_url)
    tickets = [Ticket(ids.uuid7(), ids.uuid7(), 1) for _number in range(size)]
    began = time.perf_counter()
    transport.send(tickets, function=ALONE, bundled=False)
    last = Job.key_for(str(tickets[-1]).replace(":", "_"))
    while redis.exists(last):
        if time.perf_counter() - began > DEADLINE_SECONDS:
            raise RuntimeError("the tickets did not end")
        time.sleep(0.02)
    return size / (time.perf_counter() - began)
