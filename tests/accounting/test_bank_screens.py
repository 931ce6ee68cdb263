"""The bank on screen and over the API, as an accountant in a browser without JavaScript."""

from __future__ import annotations

import io

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounting.bank import commands as bank_commands
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.by_hand import HERE, browser, get, token
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import NUMBER, ROWS, add_account, all_lines, mt940, upload

__all__ = ["browser"]

MORE = ("accounting.import", "accounting.export")


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with books and an accountant who may upload and export."""
    ledger_support.role_with(admin, "ledger_tester", MORE)
    return ledger_support.make_books(app, worker_app, admin)


@pytest.fixture
def base(books: Books, admin: psycopg.Connection) -> str:
    """The address of the client's bank."""
    return f"/c/{factories.slug_of(admin, books.tenant)}/books/bank"


def test_a_statement_is_uploaded_named_booked_and_undone(
    browser: FlaskClient, books: Books, base: str
) -> None:
    page = get(browser, f"{base}/files")
    sent = browser.post(
        f"{base}/files",
        data={**token(page), "file": (io.BytesIO(mt940(ROWS)), "march.sta")},
        headers=HERE,
    )
    assert sent.status_code == 303, sent.text[:2000]
    file_url = sent.headers["Location"]
    page = get(browser, file_url)
    assert NUMBER in page
    chosen = browser.post(
        f"{file_url}/account",
        data={**token(page), "number": NUMBER, "currency": "EUR", "name": "Main"},
        headers=HERE,
    )
    assert chosen.status_code == 303, chosen.text[:2000]
    assert "Main" in get(browser, file_url)
    assert "Rent from Vos" in get(browser, base)
    assert "Main" in get(browser, f"{base}/accounts")

    line = all_lines(books, amount_minor=10000)[0]
    page = get(browser, f"{base}/lines/{line.id}")
    assert "march.sta" in page
    booking = {**token(page), "version": "1", "account": "4000 Sales"}
    done = browser.post(f"{base}/lines/{line.id}/book", data=booking, headers=HERE)
    assert done.status_code == 303, done.text[:2000]
    twice = browser.post(f"{base}/lines/{line.id}/book", data=booking, headers=HERE)
    assert twice.status_code == 409
    page = get(browser, f"{base}/lines/{line.id}")
    undone = browser.post(f"{base}/lines/{line.id}/undo/2", data=token(page), headers=HERE)
    assert undone.status_code == 303, undone.text[:2000]


def test_a_wrong_account_is_told_at_its_field_with_what_was_typed(
    browser: FlaskClient, books: Books, base: str
) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    line = all_lines(books)[0]
    page = get(browser, f"{base}/lines/{line.id}")
    answer = browser.post(
        f"{base}/lines/{line.id}/book",
        data={**token(page), "version": "1", "account": "nowhere"},
        headers=HERE,
    )
    assert answer.status_code == 422
    assert "nowhere" in answer.text


def test_the_original_file_is_downloaded_and_the_export_written_down(
    browser: FlaskClient, books: Books, base: str, admin: psycopg.Connection
) -> None:
    add_account(books)
    done = upload(books, mt940(ROWS))
    answer = browser.get(f"{base}/files/{done.file_id}/raw", headers=HERE)
    assert answer.data == mt940(ROWS)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    looks = admin.execute(
        "select person_id, line, exports, exported_rows from app.view_log"
        " where tenant_id = %s and kind = 'statement_file' and object_id = %s",
        (books.tenant, done.file_id),
    ).fetchall()
    assert looks == [(books.session.person_id, "accounting", 1, 3)]


def test_a_refused_file_shows_line_and_reason(
    browser: FlaskClient, books: Books, base: str
) -> None:
    done = upload(books, b":20:S\n:25:X\n:60F:C260101EUR0,\n:61:broken\n")
    page = get(browser, f"{base}/files/{done.file_id}")
    assert "line 4" in page
    assert "broken" in page


@pytest.mark.parametrize("path", ["", "/accounts", "/files", "/accounts/new"])
def test_empty_screens_say_what_to_do(browser: FlaskClient, base: str, path: str) -> None:
    assert "<h1" in get(browser, base + path)


def test_filters_find_by_text_and_amount(browser: FlaskClient, books: Books, base: str) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    assert "Paper" not in get(browser, f"{base}?q=rent")
    assert "Paper" in get(browser, f"{base}?amount=25.50")
    assert "Paper" not in get(browser, f"{base}?amount=nonsense")
    assert browser.get(f"{base}?after=zzz", headers=HERE).status_code == 422


def test_reversing_a_booked_line_from_its_entry_puts_the_line_back(
    browser: FlaskClient, books: Books, base: str, admin: psycopg.Connection
) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    line = all_lines(books)[0]
    with books.open():
        entry = bank_commands.book_line(
            line_id=line.id, version=1, coding=bank_commands.AccountCoding(books.accounts["4000"])
        )
    url = f"{base.removesuffix('/bank')}/entries/{entry.id}"
    done = browser.post(f"{url}/reverse", data=token(get(browser, url)), headers=HERE)
    assert done.status_code == 303, done.text[:2000]
    again = all_lines(books, state="to_do")
    assert (line.id, 3) in [(one.id, one.version) for one in again]
    living = admin.execute(
        "select count(*) from app.usage_event where tenant_id = %s and meter = 'bank_line'"
        " and voided_at is null",
        (books.tenant,),
    ).fetchone()
    assert living == (0,)


def test_the_peek_of_a_line_is_only_its_panel_with_the_booking_form(
    browser: FlaskClient, books: Books, base: str
) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    line = all_lines(books)[0]
    answer = browser.get(
        f"{base}/lines/{line.id}?part=peek",
        headers={**HERE, "HX-Request": "true", "HX-Request-Type": "partial"},
    )
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'name="version"' in answer.text
    assert "<html" in get(browser, f"{base}/lines/{line.id}?part=peek")


def test_rates_are_added_listed_and_refused_at_their_field(browser: FlaskClient, base: str) -> None:
    page = get(browser, f"{base}/rates")
    rate = {**token(page), "currency": "USD", "on": "2026-03-01", "rate": "0.9234"}
    assert browser.post(f"{base}/rates", data=rate, headers=HERE).status_code == 303
    assert "0.9234" in get(browser, f"{base}/rates")
    again = {**rate, "rate": "0.95"}
    assert browser.post(f"{base}/rates", data=again, headers=HERE).status_code == 303
    page = get(browser, f"{base}/rates")
    assert "0.95" in page
    assert "0.9234" not in page
    for wrong in ({"rate": "-1"}, {"rate": "much"}, {"currency": "XQQ"}, {"currency": "EUR"}):
        answer = browser.post(f"{base}/rates", data={**rate, **wrong}, headers=HERE)
        assert answer.status_code == 422, wrong
        assert f'id="e-{next(iter(wrong))}"' in answer.text


def test_a_bank_account_is_renamed_unless_somebody_was_first(
    browser: FlaskClient, books: Books, base: str
) -> None:
    account = add_account(books)
    assert f"{base}/accounts/{account}" in get(browser, f"{base}/accounts")
    url = f"{base}/accounts/{account}"
    form = {**token(get(browser, url)), "version": "1", "name": "Current account"}
    assert browser.post(url, data=form, headers=HERE).status_code == 303
    assert "Current account" in get(browser, f"{base}/accounts")
    assert browser.post(url, data={**form, "name": "Late"}, headers=HERE).status_code == 409
    assert browser.post(url, data={**form, "name": ""}, headers=HERE).status_code == 422
