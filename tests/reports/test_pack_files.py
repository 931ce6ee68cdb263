"""The PDF of a published pack: typeset by a job, kept, the same for everybody, also without a
script."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable

import psycopg
import pytest
from flask import Flask
from pypdf import PdfReader

from app.kernel import jobs
from app.kernel.errors import TooLarge
from app.reports import pdf_parts
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.http import Browser

FORM = {
    "title": "March 2026",
    "from": "2026-03-01",
    "to": "2026-03-31",
    "version": "0",
    "narrative": "A **good** month.",
    "parts.0.key": "profit-and-loss",
    "parts.0.place": "1",
    "parts.0.cmp": "previous",
    "parts.0.chosen": "1",
}
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with an entry of March."""
    admin.execute("delete from app.job")
    admin.commit()
    books = ledger_support.make_books(app, worker_app, admin)
    books.post([1_234_500, -1_234_500])
    return books


@pytest.fixture
def slug(books: Books, admin: psycopg.Connection) -> str:
    """The client's name in addresses."""
    return factories.slug_of(admin, books.tenant)


@pytest.fixture
def staff(app: Flask, books: Books) -> Browser:
    """Whoever keeps the books."""
    return Browser(app, books.session)


@pytest.fixture
def owner(app: Flask, books: Books, admin: psycopg.Connection) -> Browser:
    """The client's owner."""
    return Browser(app, factories.owner(admin, books.tenant))


@pytest.fixture
def published(staff: Browser, slug: str) -> str:
    """A published pack whose file nobody has made yet."""
    staff.get(f"/c/{slug}/reports/packs/new")
    made = staff.post(f"/c/{slug}/reports/packs/new", FORM).headers["Location"]
    staff.get(made)
    sent = staff.post(f"{made}/publish", {"version": "1"})
    assert sent.status_code == 303, sent.get_data(as_text=True)
    return re.search(r"packs/([0-9a-f-]{36})", sent.headers["Location"])[1]  # type: ignore[index]  # there


@pytest.fixture
def work(worker_app: Flask) -> Callable[[], int]:
    """Lets the worker do what is due."""
    return lambda: jobs.run_due(worker_app)


def text_of(browser: Browser, address: str) -> str:
    """A page's text."""
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.get_data(as_text=True)


def order(browser: Browser, page: str) -> None:
    """Asks for the file on its page."""
    text_of(browser, page)
    answer = browser.post(page, {})
    assert (answer.status_code, answer.headers["Location"]) == (303, page)


def test_publishing_orders_the_file_and_the_page_leads_to_it_without_a_script(
    slug: str, published: str, owner: Browser, work: Callable[[], int]
) -> None:
    address = f"/portal/{slug}/packs/{published}"
    sent = owner.get(f"{address}.pdf")
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{address}/pdf")
    waiting = text_of(owner, f"{address}/pdf")
    assert "is being made" in waiting
    assert f'href="{address}/pdf"' in waiting, "a link to look again"
    assert "<script" not in waiting

    work()
    ready = text_of(owner, f"{address}/pdf")
    assert "The file is ready." in ready
    assert f'href="{address}.pdf"' in ready
    file = owner.client.get(f"{address}.pdf")
    assert file.mimetype == "application/pdf"
    pages = [one.extract_text() for one in PdfReader(io.BytesIO(file.data)).pages]
    assert "March 2026" in pages[0]
    assert "12,345.00" in "".join(pages)


def test_the_pdf_is_the_same_bytes_for_everybody_whatever_the_books_became(
    books: Books,
    slug: str,
    published: str,
    staff: Browser,
    owner: Browser,
    admin: psycopg.Connection,
    work: Callable[[], int],
) -> None:
    work()
    portal = f"/portal/{slug}/packs/{published}.pdf"
    first = owner.client.get(portal).data
    books.post([50_000, -50_000], on=dt.date(2026, 3, 20))
    assert owner.client.get(portal).data == first
    assert staff.client.get(f"/c/{slug}/reports/published-packs/{published}.pdf").data == first
    assert b"/StructTreeRoot" in first, "tagged for screen readers"

    # made anew from what is stored it is the same once more
    admin.execute("delete from app.published_pack_file where publication_id = %s", (published,))
    admin.commit()
    order(owner, f"/portal/{slug}/packs/{published}/pdf")
    work()
    assert owner.client.get(portal).data == first


def test_ordering_it_while_it_is_being_made_makes_no_second_one(
    slug: str, published: str, staff: Browser, work: Callable[[], int]
) -> None:
    order(staff, f"/c/{slug}/reports/published-packs/{published}/pdf")
    order(staff, f"/c/{slug}/reports/published-packs/{published}/pdf")
    assert work() == 1


def test_where_making_it_failed_the_page_says_why_and_orders_it_again(
    slug: str,
    published: str,
    owner: Browser,
    work: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise TooLarge("report-file-bounds")

    with monkeypatch.context() as patched:
        patched.setattr(pdf_parts, "typeset_whole", refuse)
        work()
    page = text_of(owner, f"/portal/{slug}/packs/{published}/pdf")
    assert "needed more memory" in page
    order(owner, f"/portal/{slug}/packs/{published}/pdf")
    work()
    assert "The file is ready." in text_of(owner, f"/portal/{slug}/packs/{published}/pdf")


def test_taking_it_is_a_right_of_its_own_and_a_withdrawn_pack_is_gone_from_the_portal(
    app: Flask,
    books: Books,
    slug: str,
    published: str,
    staff: Browser,
    owner: Browser,
    admin: psycopg.Connection,
    work: Callable[[], int],
) -> None:
    work()
    person = factories.make_person(admin, "client", "Vera Blick")
    factories.grant(admin, books.tenant, person, role="viewer", lines=("accounting",))
    viewer = Browser(app, factories.sign_in(admin, person))
    for ending in (".pdf", "/pdf"):
        assert viewer.get(f"/portal/{slug}/packs/{published}{ending}").status_code == 403

    staff.post(f"/c/{slug}/reports/published-packs/{published}/withdraw", {})
    for ending in (".pdf", "/pdf"):
        assert owner.get(f"/portal/{slug}/packs/{published}{ending}").status_code == 404
    api = f"/api/v1/clients/{slug}/published-packs/{published}/file"
    assert owner.get(api).status_code == 404
    assert staff.client.get(api).status_code == 200


def test_the_api_answers_the_file_or_that_it_is_to_be_ordered(
    slug: str, published: str, staff: Browser, work: Callable[[], int]
) -> None:
    base = f"/api/v1/clients/{slug}/published-packs/{published}"
    early = staff.get(f"{base}/file")
    assert (early.status_code, early.get_json()["code"]) == (404, "pack-file-not-made")
    sent = staff.client.post(f"{base}/files", headers={**SAME, "X-CSRF-Token": staff.token})
    assert sent.status_code == 202, sent.get_data(as_text=True)
    work()
    assert staff.get(sent.headers["Location"]).get_json()["state"] == "done"
    assert staff.client.get(f"{base}/file").data.startswith(b"%PDF")
