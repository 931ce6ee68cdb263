"""Jobs keep their lease on a busy machine: workers at nice 19 beside processes that only burn.

SIZE is the seconds of each job: one holds the interpreter, one sits in one SQL statement.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.kernel import db, jobs
from app.kernel.settings import Settings
from tests import factories
from tests.kernel import process_jobs
from tests.processes import DONE, OURS, count, process, wait

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "30"))
KINDS = ("process.burn", "process.long_statement")
_ROWS = (
    "select kind, attempt, failures, losses, extract(epoch from finished_at - made_at)"
    " from app.job where kind like 'process.%' order by kind"
)


@contextmanager
def _burning(many: int) -> Iterator[None]:
    """So many processes that want all of a core."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(many)]
    try:
        yield
    finally:
        for one in started:
            one.kill()
            one.wait(timeout=60)


def _make_nice(pid: int) -> None:
    """Every thread: niceness belongs to a thread."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.setpriority(os.PRIO_PROCESS, int(thread.name), 19)


@pytest.fixture
def place(admin: psycopg.Connection) -> tuple[UUID, factories.Session]:
    """A client and staff who may work there, and a table for the effects of jobs."""
    admin.execute("delete from app.job")
    admin.execute("create table if not exists public.test_effect (job text, at timestamptz)")
    admin.execute("grant insert, select on public.test_effect to app_worker")
    admin.execute("truncate public.test_effect")
    admin.commit()
    tenant = factories.make_client(admin)
    return tenant, factories.staff(admin, tenant)


@pytest.mark.parametrize("burners", [0, 2])
def test_a_job_longer_than_its_lease_is_done_once(
    app: Flask, settings: Settings, admin: psycopg.Connection, place: Any, burners: int
) -> None:
    process_jobs.declare()
    tenant, person = place
    with (
        process(settings, "dispatcher"),
        process(settings, "worker") as one,
        process(settings, "worker") as other,
    ):
        began = time.monotonic()
        with app.app_context(), db.transaction(person.scope(tenant)):
            for kind in KINDS:
                jobs.enqueue(kind, {"seconds": SIZE}, line="accounting")
        wait(admin, f"{OURS} and started_at is not null", len(KINDS), 180)
        for worker in (one, other):
            _make_nice(worker.pid)
        with _burning(burners):
            wait(admin, DONE, len(KINDS), SIZE * 40)
    assert count(admin, "select count(*) from public.test_effect") == len(KINDS)
    print(f"\n{burners} burners, load {os.getloadavg()[0]:.1f}: {time.monotonic() - began:.0f} s")
    for kind, attempts, failures, losses, seconds in admin.execute(_ROWS).fetchall():
        print(f"  {kind}: {attempts} attempts, {losses} lost, {failures} failed, {seconds:.0f} s")
