"""Files that take longer than a request has: ordered, made by a job, kept for a time, logged."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from uuid import UUID

import openpyxl
import psycopg
import pytest
from flask import Flask
from pypdf import PdfReader

from app.kernel import clock, jobs, jobs_catalog, workroom
from app.kernel.jobs_control import Control
from app.kernel.settings import Settings
from app.reports import orders, pdf_parts
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.http import Browser
from tests.kernel import process_jobs
from tests.processes import process, wait

ASKED = "period=2026-03&span=month&cmp=none"
FORM = {"period": "2026-03", "span": "month", "cmp": "none"}
SAME = {"Sec-Fetch-Site": "same-origin"}
KEPT = "select count(*) from app.stored_object where tenant_id = '{}' and kind = 'report.file'"


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client whose ledger of March has some hundred postings."""
    admin.execute("delete from app.job")
    admin.commit()
    books = ledger_support.make_books(app, worker_app, admin)
    fill(books, 6)
    return books


def fill(books: Books, entries: int) -> None:
    """Entries of fifty postings each."""
    for number in range(entries):
        day = dt.date(2026, 3, 2 + number % 28)
        books.post([100, -100] * 25, codes=["1010", "4000"] * 25, on=day)


@pytest.fixture
def slug(books: Books, admin: psycopg.Connection) -> str:
    """The client's name in addresses."""
    return factories.slug_of(admin, books.tenant)


@pytest.fixture
def short_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests have time for a few rows only, and a part of a PDF has room for a hundred."""
    for ending in orders.AT_ONCE:
        monkeypatch.setitem(orders.AT_ONCE, ending, 40)
    monkeypatch.setattr(pdf_parts, "CELLS_IN_PART", 400)


@pytest.fixture
def ordered(
    app: Flask, worker_app: Flask, books: Books, slug: str, short_requests: None
) -> Callable[[str], bytes]:
    """Orders the general ledger as a file, lets the job run, and fetches what it made."""

    def make(ending: str) -> bytes:
        browser = Browser(app, books.session)
        page = browser.get(f"/c/{slug}/reports/general-ledger.{ending}?{ASKED}")
        assert "is made in the background" in page.get_data(as_text=True)
        sent = browser.post(f"/c/{slug}/reports/general-ledger/files", {**FORM, "ending": ending})
        assert sent.status_code == 303, sent.get_data(as_text=True)
        jobs.run_due(worker_app)
        job = browser.get(sent.headers["Location"]).get_data(as_text=True)
        found = re.search(rf'href="(/c/{slug}/reports/files/[0-9a-f-]+/download)"', job)
        assert found, job
        answer = browser.client.get(found[1])
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].count("charset") == (ending == "csv")
        assert f"general-ledger-2026-03-31.{ending}" in answer.headers["Content-Disposition"]
        return answer.get_data()

    return make


def test_a_short_file_comes_at_once(app: Flask, books: Books, slug: str) -> None:
    browser = Browser(app, books.session)
    for ending, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF")):
        answer = browser.client.get(f"/c/{slug}/reports/trial-balance.{ending}?{ASKED}")
        assert answer.get_data().startswith(begins)
        assert answer.headers["Content-Type"].count("charset") == (ending == "csv")


def test_an_ordered_csv_holds_every_posting(ordered: Callable[[str], bytes]) -> None:
    rows = list(csv.reader(io.StringIO(ordered("csv").decode("utf-8-sig"))))
    postings = [row for row in rows[1:] if row[0].startswith("GEN ")]
    assert len(postings) == 300
    assert sum(float(row[3] or 0) - float(row[4] or 0) for row in postings) == 0


def test_an_ordered_workbook_holds_every_posting(ordered: Callable[[str], bytes]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(ordered("xlsx"))).worksheets[0]
    codes = [str(row[0].value or "") for row in sheet.iter_rows()]
    assert sum(code.startswith("GEN ") for code in codes) == 300


def test_an_ordered_pdf_is_one_paper_of_several_parts(ordered: Callable[[str], bytes]) -> None:
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(ordered("pdf"))).pages]
    text = "\n".join(pages)
    assert len(re.findall(r"GEN 2026/\d+", text)) == 300
    assert "(continued)" in text
    for number, page in enumerate(pages, 1):
        assert f"Page {number}" in page


def test_taking_it_is_a_right_of_its_own_and_logged_with_its_rows(
    app: Flask, books: Books, slug: str, admin: psycopg.Connection, ordered: Callable[[str], bytes]
) -> None:
    ordered("csv")
    logged = admin.execute(
        "select kind, sum(exports), sum(exported_rows) from app.view_log where tenant_id = %s"
        " and exports > 0 group by 1 order by 1",
        (books.tenant,),
    ).fetchall()
    assert [(kind, int(exports)) for kind, exports, _rows in logged] == [
        ("report", 1),
        ("report_file", 1),
    ]
    assert int(logged[0][2]) > 300
    stored = admin.execute(
        "select id from app.stored_object where tenant_id = %s and kind = 'report.file'",
        (books.tenant,),
    ).fetchone()
    assert stored
    reader = ledger_support.role_with(admin, "reads_only", ["accounting.read"])
    person = factories.staff(admin, books.tenant, role=reader, lines=ledger_support.LINES)
    browser = Browser(app, person)
    assert browser.get(f"/c/{slug}/reports/files/{stored[0]}/download").status_code == 403
    values = {**FORM, "ending": "csv"}
    assert browser.post(f"/c/{slug}/reports/general-ledger/files", values).status_code == 403


def test_beyond_what_is_made_at_all_it_says_what_to_do(
    app: Flask, books: Books, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(orders.MOST_ROWS, "pdf", 100)
    browser = Browser(app, books.session)
    answer = browser.get(f"/c/{slug}/reports/general-ledger.pdf?{ASKED}")
    assert answer.status_code == 413
    assert "Choose a shorter span, or take the CSV" in answer.get_data(as_text=True)


def test_the_api_answers_at_once_or_with_a_job_that_leads_to_the_file(
    app: Flask, worker_app: Flask, books: Books, slug: str, short_requests: None
) -> None:
    browser = Browser(app, books.session)
    base = f"/api/v1/clients/{slug}"
    small = browser.get(
        f"{base}/reports/general-ledger/file?format=csv&from=2026-01-01&to=2026-01-31"
    )
    assert small.status_code == 200
    large = browser.get(f"{base}/reports/general-ledger/file?format=csv&{ASKED}")
    assert (large.status_code, large.get_json()["code"]) == (413, "report-file-large")
    sent = browser.client.post(
        f"{base}/reports/general-ledger/files",
        json={**FORM, "format": "csv"},
        headers={**SAME, "X-CSRF-Token": browser.token},
    )
    assert sent.status_code == 202, sent.get_data(as_text=True)
    jobs.run_due(worker_app)
    job = browser.get(sent.headers["Location"]).get_json()
    assert job["state"] == "done"
    assert browser.get(job["href"]).get_data().count(b"GEN 2026/") == 300


@pytest.fixture
def expire(worker_app: Flask) -> Callable[[dt.timedelta], None]:
    """Fires the schedules as the dispatcher would at a later time."""

    def run(later: dt.timedelta) -> None:
        control = Control(worker_app.config["SQLALCHEMY_DATABASE_URI"])
        with clock.frozen(clock.now() + later):
            for kind in ("reports.expire-files", "storage.sweep"):
                control.fire(
                    kind,
                    clock.now() - dt.timedelta(days=10),
                    clients=True,
                    queue="bulk",
                    line="member",
                    retries=1,
                    lease=10,
                    actor=jobs_catalog.system_user("platform"),
                )
                jobs.run_due(worker_app)
        control.close()

    return run


def test_after_a_week_it_is_gone_with_its_bytes(
    app: Flask,
    books: Books,
    slug: str,
    admin: psycopg.Connection,
    ordered: Callable[[str], bytes],
    expire: Callable[[dt.timedelta], None],
) -> None:
    ordered("csv")
    stored: UUID = admin.execute(  # type: ignore[index]  # it is there
        "select id from app.stored_object where tenant_id = %s and kind = 'report.file'",
        (books.tenant,),
    ).fetchone()[0]
    address = f"/c/{slug}/reports/files/{stored}/download"
    expire(dt.timedelta(days=6))
    assert Browser(app, books.session).get(address).status_code == 200
    expire(dt.timedelta(days=8))
    assert Browser(app, books.session).get(address).status_code == 404


def test_a_worker_killed_midway_leaves_nothing_half_and_another_makes_it_whole(
    app: Flask,
    books: Books,
    slug: str,
    settings: Settings,
    admin: psycopg.Connection,
) -> None:
    fill(books, 54)
    process_jobs.declare()
    browser = Browser(app, books.session)
    sent = browser.post(
        f"/c/{slug}/reports/general-ledger/files",
        {"from": "2026-01-01", "to": "2026-12-31", "cmp": "none", "ending": "pdf"},
    )
    assert sent.status_code == 303, sent.get_data(as_text=True)
    at = (
        f"select count(*) from app.job where kind = '{orders.JOB}' and tenant_id = '{books.tenant}'"
    )
    with process(settings, "dispatcher"):
        with process(settings, "worker") as first:
            wait(admin, f"{at} and done >= 1", 1, 180)
            first.kill()
            first.wait(timeout=10)
        assert admin.execute(KEPT.format(books.tenant)).fetchone() == (0,)
        left = list(workroom.place(app).iterdir())
        assert left, "the killed worker had a folder at work"
        admin.execute("update app.job set lease_until = now() - interval '1 s'")
        admin.commit()
        with process(settings, "worker"):
            wait(admin, f"{at} and state = 'done'", 1, 180)
    assert not any(folder.exists() for folder in left)
    assert admin.execute(KEPT.format(books.tenant)).fetchone() == (1,)
