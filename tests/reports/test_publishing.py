"""Publishing: what the client reads is what was published, and nobody else reads it."""

from __future__ import annotations

import datetime as dt
import re

import psycopg
import pytest
from flask import Flask

from app.reports import document, stored
from app.reports.document import Column, Report, Row, RowKind
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.http import Browser

PERIOD = {"period": "2026-03", "span": "month", "cmp": "previous"}


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with one entry of March."""
    books = ledger_support.make_books(app, worker_app, admin)
    books.post([12_345, -12_345])
    return books


@pytest.fixture
def slug(books: Books, admin: psycopg.Connection) -> str:
    """The client's name in addresses."""
    return factories.slug_of(admin, books.tenant)


def publish(app: Flask, books: Books, slug: str, note: str = "A quiet month.") -> str:
    """Publishes March's profit and loss; returns its id."""
    browser = Browser(app, books.session)
    browser.get(f"/c/{slug}/reports/profit-and-loss?period=2026-03")
    answer = browser.post(f"/c/{slug}/reports/profit-and-loss/publish", {**PERIOD, "note": note})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    found = re.search(r"published/([0-9a-f-]{36})", answer.headers["Location"])
    assert found
    return found[1]


def test_the_client_reads_what_was_published_and_not_what_came_later(
    app: Flask, books: Books, slug: str, admin: psycopg.Connection
) -> None:
    report_id = publish(app, books, slug)
    books.post([99_999, -99_999])
    owner = Browser(app, factories.owner(admin, books.tenant))

    page = owner.get(f"/portal/{slug}/reports/{report_id}").get_data(as_text=True)

    assert "123.45" in page
    assert "A quiet month." in page
    assert "999.99" not in page


def test_staff_see_that_the_books_changed_since(app: Flask, books: Books, slug: str) -> None:
    report_id = publish(app, books, slug)
    books.post([500, -500])

    page = Browser(app, books.session).get(f"/c/{slug}/reports/published/{report_id}")

    assert "changed since this report was published" in page.get_data(as_text=True)


def test_another_firms_owner_finds_nothing(
    app: Flask, books: Books, slug: str, admin: psycopg.Connection
) -> None:
    report_id = publish(app, books, slug)
    other = factories.make_client(admin, "Other")
    stranger = Browser(app, factories.owner(admin, other))
    own_slug = factories.slug_of(admin, other)

    assert stranger.get(f"/portal/{slug}/reports/{report_id}").status_code == 404
    assert stranger.get(f"/portal/{own_slug}/reports/{report_id}").status_code == 404


def test_a_withdrawn_report_is_gone_from_the_portal(
    app: Flask, books: Books, slug: str, admin: psycopg.Connection
) -> None:
    report_id = publish(app, books, slug)
    staff = Browser(app, books.session)
    staff.get(f"/c/{slug}/reports/published/{report_id}")

    assert staff.post(f"/c/{slug}/reports/published/{report_id}/withdraw").status_code == 303

    owner = Browser(app, factories.owner(admin, books.tenant))
    assert owner.get(f"/portal/{slug}/reports/{report_id}").status_code == 404


def test_an_empty_period_cannot_be_published(app: Flask, books: Books, slug: str) -> None:
    browser = Browser(app, books.session)
    browser.get(f"/c/{slug}/reports/profit-and-loss?period=2026-03")

    answer = browser.post(
        f"/c/{slug}/reports/profit-and-loss/publish", {**PERIOD, "period": "2024-03"}
    )

    assert answer.status_code == 422


@pytest.mark.parametrize("period", ["2026-13", "9999-01", "x", "2026-1"])
def test_a_month_that_no_calendar_has_is_refused(
    app: Flask, books: Books, slug: str, period: str
) -> None:
    page = Browser(app, books.session).get(f"/c/{slug}/reports/trial-balance?period={period}")
    assert page.status_code == 422


def test_a_trial_balance_is_exported_without_formulas(app: Flask, books: Books, slug: str) -> None:
    answer = Browser(app, books.session).get(f"/c/{slug}/reports/trial-balance.csv?period=2026-03")

    lines = answer.get_data().decode("utf-8-sig").splitlines()
    assert answer.status_code == 200
    assert lines[-1].split(",")[-2:] == ["123.45", "123.45"]


def test_publishing_is_metered_with_its_evidence(
    app: Flask, books: Books, slug: str, admin: psycopg.Connection
) -> None:
    report_id = publish(app, books, slug)
    row = admin.execute(
        "select meter, quantity, line from app.usage_event where tenant_id = %s and key = %s",
        (books.tenant, f"report:{report_id}"),
    ).fetchone()
    assert row == ("report_published", 1, "accounting")


def test_raw_sql_of_the_web_cannot_write_a_report(
    books: Books, rw: psycopg.Connection, settings: object
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rw.execute("insert into app.published_report(tenant_id) values (%s)", (books.tenant,))


def test_a_document_survives_being_stored() -> None:
    report = Report(
        key="profit-and-loss",
        title="Profit and loss",
        currency="EUR",
        first=dt.date(2026, 1, 1),
        last=dt.date(2026, 1, 31),
        columns=(Column("now", "Jan 2026", first=dt.date(2026, 1, 1), last=dt.date(2026, 1, 31)),),
        rows=(Row(RowKind.FIGURE, "Sales", (5,), code="4000"),),
    )
    assert stored.from_json(stored.to_json(report)) == report


@pytest.mark.parametrize(
    ("now", "before", "tenths"),
    [
        (110, 100, 100),
        (90, 100, -100),
        (0, 100, -1000),
        (5, 0, None),
        (-50, -100, 500),
        (1, 3, -667),
    ],
)
def test_changes_are_tenths_of_a_percent_half_up(now: int, before: int, tenths: int | None) -> None:
    assert document.change_in_percent(now, before) == tenths


def test_withdrawing_a_single_report_is_taken_back_on_screen(
    app: Flask, books: Books, slug: str, admin: psycopg.Connection
) -> None:
    report_id = publish(app, books, slug)
    owner = Browser(app, factories.owner(admin, books.tenant))
    staff = Browser(app, books.session)
    staff.get(f"/c/{slug}/reports/published/{report_id}")

    page = staff.post(f"/c/{slug}/reports/published/{report_id}/withdraw", follow=True)
    back = re.search(r'action="([^"]*/reports/undo/[^"]*)"', page.get_data(as_text=True))
    assert back is not None
    assert owner.get(f"/portal/{slug}/reports/{report_id}").status_code == 404
    assert staff.post(back[1]).status_code == 303

    assert owner.get(f"/portal/{slug}/reports/{report_id}").status_code == 200
    assert staff.post(back[1]).status_code == 404


def test_withdrawing_a_single_report_is_taken_back_over_the_api(
    app: Flask, books: Books, slug: str, admin: psycopg.Connection
) -> None:
    report_id = publish(app, books, slug)
    owner = Browser(app, factories.owner(admin, books.tenant))
    staff = Browser(app, books.session)
    base = f"/api/v1/clients/{slug}"
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": staff.token}

    gone = staff.client.post(f"{base}/published-reports/{report_id}/withdraw", headers=headers)
    assert gone.status_code == 200, gone.get_data(as_text=True)
    assert gone.get_json()["withdrawn_at"]
    assert owner.get(f"/portal/{slug}/reports/{report_id}").status_code == 404
    again = f"{base}/reports/undo/{gone.get_json()['undo']}"
    assert staff.client.post(again, headers=headers).status_code == 204
    assert staff.client.post(again, headers=headers).status_code == 404

    assert owner.get(f"/portal/{slug}/reports/{report_id}").status_code == 200
    listed = staff.get(f"{base}/published-reports").get_json()["items"]
    assert [(one["id"], one["withdrawn_at"]) for one in listed] == [(report_id, None)]


def _needs(browser: Browser, slug: str) -> str:
    """What the portal's home says needs the reader."""
    page = browser.get(f"/portal/{slug}/").get_data(as_text=True)
    return page.split('aria-label="What needs you"', 1)[1].split("</section>", 1)[0]


def test_a_new_report_stands_in_the_portals_list_until_its_reader_opened_it(
    app: Flask, books: Books, slug: str, admin: psycopg.Connection
) -> None:
    one, two = (Browser(app, factories.owner(admin, books.tenant)) for _owner in range(2))
    assert "New report" not in _needs(one, slug)
    report_id = publish(app, books, slug)
    address = f"/portal/{slug}/reports/{report_id}"
    assert address in _needs(one, slug)
    assert one.get(address).status_code == 200
    assert address not in _needs(one, slug)
    assert address in _needs(two, slug), "each reader opens it for themselves"
    newer = publish(app, books, slug, note="Once more.")
    assert address not in _needs(two, slug), "it was replaced"
    assert newer in _needs(one, slug)
