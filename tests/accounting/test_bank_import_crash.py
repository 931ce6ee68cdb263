"""A large import that loses its worker half way goes on elsewhere and doubles nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from redis import Redis

from app.accounting.bank import intake as bank_import
from app.kernel import jobs
from app.kernel.jobs_control import Control, Ticket
from app.kernel.jobs_run import Runner
from app.kernel.settings import Settings
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import add_account, mt940, upload
from tests.http import Browser
from tests.kernel import process_jobs
from tests.processes import process, wait

pytestmark = pytest.mark.xdist_group("transport")
STORED = "select count(*) from app.bank_transaction where tenant_id = '{}'"
DONE = "select count(*) from app.job where state = 'done' and tenant_id = '{}'"
DONE += " and kind = 'accounting.import-statement'"


@pytest.fixture(autouse=True)
def _clean(admin: psycopg.Connection, settings: Settings) -> Iterator[None]:
    def clean() -> None:
        admin.rollback()
        admin.execute("delete from app.job")
        admin.commit()
        Redis.from_url(settings.valkey_url).flushdb()

    clean()
    yield
    clean()


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with books and a bank account."""
    made = ledger_support.make_books(app, worker_app, admin)
    add_account(made)
    return made


def _statement(count: int) -> bytes:
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=number // 200) for number in range(count)]
    return mt940(
        [(f"{day:%y%m%d}", f"{n % 97 + 1},00", f"No {n // 2}") for n, day in enumerate(days)]
    )


def _stored(admin: psycopg.Connection, books: Books) -> tuple[int, int]:
    admin.rollback()
    row = admin.execute(
        "select count(*), count(distinct (dedupe_key, occurrence)) from app.bank_transaction"
        " where tenant_id = %s",
        (books.tenant,),
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _outcome(admin: psycopg.Connection, file_id: UUID) -> Any:
    return admin.execute(
        "select f.state, f.lines_new, f.lines_total, j.state, j.attempt"
        " from app.statement_file f join app.job j on j.id = f.job_id where f.id = %s",
        (file_id,),
    ).fetchone()


def test_a_worker_that_was_given_up_in_mid_import_stores_nothing_more(
    books: Books,
    worker_app: Flask,
    admin: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bank_import, "CHUNK", 1_000)
    done = upload(books, _statement(3_000))
    control = Control(worker_app.config["SQLALCHEMY_DATABASE_URI"])
    (old,) = control.claim_due({"bulk": 5}, share=5)
    taken_over: list[Ticket] = []
    store = bank_import.store

    def store_and_lose_the_lease(found: Sequence[Any], places: Sequence[Any]) -> int:
        """The second chunk takes so long that another worker gets the job."""
        stored = store(found, places)
        if found[0] is not first_line and not taken_over:
            admin.execute("update app.job set lease_until = now() - interval '1 s'")
            admin.commit()
            control.sweep()
            admin.execute("update app.job set run_after = now()")
            admin.commit()
            taken_over.extend(control.claim_due({"bulk": 5}, share=5))
        return stored

    first_line: Any = None

    def remember_first(found: Sequence[Any], places: Sequence[Any]) -> int:
        nonlocal first_line
        first_line = first_line or found[0]
        return store_and_lose_the_lease(found, places)

    monkeypatch.setattr(bank_import, "store", remember_first)
    runner = Runner(worker_app)
    try:
        assert runner.run(old) == "lost"
        assert _stored(admin, books) == (1_000, 1_000)
        assert runner.run(taken_over[0]) == "done"
    finally:
        runner.close()
        control.close()
    assert _stored(admin, books) == (3_000, 3_000)
    assert _outcome(admin, done.file_id) == ("imported", 3_000, 3_000, "done", 2)


def test_an_import_whose_worker_is_killed_goes_on_in_another(
    books: Books, settings: Settings, admin: psycopg.Connection
) -> None:
    process_jobs.declare()
    with process(settings, "dispatcher"):
        done = upload(books, _statement(30_000))
        with process(settings, "worker") as first:
            wait(admin, STORED.format(books.tenant), 1, 180)
            first.kill()
            first.wait(timeout=60)
            half, _distinct = _stored(admin, books)
            assert half < 30_000
        with process(settings, "worker"):
            wait(admin, DONE.format(books.tenant), 1, 180)
    assert _stored(admin, books) == (30_000, 30_000)
    assert _outcome(admin, done.file_id) == ("imported", 30_000, 30_000, "done", 2)


def test_an_import_cancelled_half_way_says_so_and_runs_to_its_end_again(
    app: Flask,
    worker_app: Flask,
    books: Books,
    admin: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bank_import, "CHUNK", 1_000)
    done = upload(books, _statement(3_000))
    store, person = bank_import.store, Browser(app, books.session)
    slug = factories.slug_of(admin, books.tenant)
    page = f"/c/{slug}/books/bank/files/{done.file_id}"
    assert f"/jobs/{done.job_id}" in person.get(page).get_data(as_text=True)

    def store_and_cancel(found: Sequence[Any], places: Sequence[Any]) -> int:
        monkeypatch.setattr(bank_import, "store", store)
        with ThreadPoolExecutor(1) as beside:  # the job's own transaction is open here
            asked = beside.submit(person.post, f"/c/{slug}/jobs/{done.job_id}/cancel")
            assert asked.result(60).status_code == 303
        return store(found, places)

    monkeypatch.setattr(bank_import, "store", store_and_cancel)
    jobs.run_due(worker_app)
    stored, distinct = _stored(admin, books)
    assert stored == distinct
    assert stored in (0, 1_000)
    assert _outcome(admin, done.file_id)[3] == "cancelled"
    text = person.get(page).get_data(as_text=True)
    assert "The import stopped" in text
    assert person.post(f"/c/{slug}/jobs/{done.job_id}/replay").status_code == 303
    jobs.run_due(worker_app)
    assert _stored(admin, books) == (3_000, 3_000)
    assert _outcome(admin, done.file_id)[:4] == ("imported", 3_000, 3_000, "done")
    assert "The import stopped" not in person.get(page).get_data(as_text=True)
