"""Worker and dispatcher as real processes of a test's database, and waiting for the table."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import psycopg
import pytest

from app.kernel.settings import Settings

ROOT = Path(__file__).parents[1]
DATABASES = ("DATABASE_URL", "DATABASE_WORKER_URL", "DATABASE_ADMIN_URL", "DATABASE_RESTORE_URL")
# The product's own schedules run beside; only the tests' kinds count.
OURS = "select count(*) from app.job where kind like 'process.%'"
DONE = f"{OURS} and state = 'done'"


@contextmanager
def process(
    settings: Settings, what: str, *, more: Mapping[str, str] = MappingProxyType({})
) -> Iterator[subprocess.Popen[bytes]]:
    """The dispatcher or the worker of this test's database, killed at the end.

    `more` are settings of other servers than the shared ones.
    """
    values = (
        settings.database_url,
        settings.database_worker_url,
        settings.database_admin_url,
        settings.database_restore_url,
    )
    environment = {**os.environ, **more, **dict(zip(DATABASES, map(str, values), strict=True))}
    environment |= {
        "VALKEY_URL": settings.valkey_url,
        "S3_BUCKET": settings.s3_bucket,
        "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}",
    }
    code = f"from tests.kernel import process_jobs; process_jobs.main({what!r})"
    running = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=ROOT)
    try:
        yield running
    finally:
        running.kill()
        running.wait(timeout=60)


def count(admin: psycopg.Connection, statement: str) -> int:
    """One number of the database as it stands now."""
    admin.rollback()
    row = admin.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def wait(admin: psycopg.Connection, statement: str, wanted: int, seconds: float) -> None:
    """Waits until the number reaches `wanted`; `seconds` are for the slowest machine."""
    began = time.monotonic()
    while count(admin, statement) < wanted:
        if time.monotonic() - began > seconds:
            rows = admin.execute(
                "select kind, state, attempt, error_code, count(*) from app.job group by 1, 2, 3, 4"
            ).fetchall()
            pytest.fail(f"not within {seconds} s: {statement}: {rows}")
        time.sleep(0.02)
