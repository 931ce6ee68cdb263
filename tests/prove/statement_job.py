"""A statement of 100,000 lines (size: how many) as a job whose worker is killed half way."""

from __future__ import annotations

import os
import time

import psycopg
from flask import Flask

from app.accounting.bank import intake
from app.kernel.settings import Settings
from tests.accounting import test_bank_import_crash as crash
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import upload
from tests.kernel import process_jobs
from tests.processes import count, process, wait

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "100000"))
_clean = crash._clean
books = crash.books


def test_a_large_statement_shows_how_far_it_is_and_survives_a_kill(
    app: Flask, books: Books, settings: Settings, admin: psycopg.Connection
) -> None:
    """Whole chunks stand after the kill; the next worker goes on there and doubles nothing."""
    process_jobs.declare()
    stored = crash.STORED.format(books.tenant)
    shown = f"select coalesce(max(done), 0) from app.job where tenant_id = '{books.tenant}'"
    seen: set[int] = set()
    with process(settings, "dispatcher"):
        began = time.monotonic()
        done = upload(books, crash._statement(SIZE))
        uploaded = time.monotonic() - began
        with process(settings, "worker") as first:
            wait(admin, stored, SIZE // 3, 600)
            first.kill()
            first.wait(timeout=60)
        half = count(admin, stored)
        assert half < SIZE
        assert half % intake.CHUNK == 0
        again = time.monotonic()
        with process(settings, "worker"):
            while count(admin, crash.DONE.format(books.tenant)) == 0:
                seen.add(count(admin, shown))
                assert time.monotonic() - again < 900
                time.sleep(0.1)
        rest = time.monotonic() - again
    assert crash._stored(admin, books) == (SIZE, SIZE)
    assert crash._outcome(admin, done.file_id)[:4] == ("imported", SIZE, SIZE, "done")
    assert len(seen) > 3
    print(
        f"\n{SIZE:,} lines: uploaded in {uploaded:.1f} s, worker killed at {half:,}, the rest in"
        f" {rest:.1f} s, {len(seen)} stages of progress seen, none lost, none doubled"
    )
