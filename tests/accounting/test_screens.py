"""The books on screen: posting by hand, reading, reversing, months, accounts and the palette."""

from __future__ import annotations

import psycopg
import pytest

from tests import factories
from tests.accounting.ledger_support import Books
from tests.http import Browser


@pytest.fixture
def at(books: Books, admin: psycopg.Connection) -> str:
    """The client's address."""
    return f"/c/{factories.slug_of(admin, books.tenant)}"


def entry_form(**changes: str) -> dict[str, str]:
    """A balanced entry as the grid sends it."""
    return {
        "on": "2026-03-04",
        "description": "Rent of March",
        "key": factories.unique("form"),
        "lines.0.account": "1010",
        "lines.0.debit": "1,200.50",
        "lines.1.account": "4000",
        "lines.1.credit": "1200.50",
        **changes,
    }


def test_an_entry_of_the_grid_is_posted_and_shown(browser: Browser, at: str) -> None:
    assert browser.get(f"{at}/books/entries/new").status_code == 200

    page = browser.post(f"{at}/books/entries/new", entry_form(), follow=True)

    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "Rent of March" in text
    assert "1,200.50" in text


def test_a_wrong_amount_is_named_at_its_field_and_nothing_is_posted(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    browser.get(f"{at}/books/entries/new")

    page = browser.post(f"{at}/books/entries/new", entry_form(**{"lines.0.debit": "1.234567"}))

    text = page.get_data(as_text=True)
    assert page.status_code == 422
    assert 'href="#f-lines.0.debit"' in text
    assert "Rent of March" in text  # what was typed is kept
    count = admin.execute(
        "select count(*) from ledger.entry where tenant_id = %s", (books.tenant,)
    ).fetchone()
    assert count == (0,)


def test_an_unbalanced_entry_is_refused_with_words(browser: Browser, at: str) -> None:
    browser.get(f"{at}/books/entries/new")

    page = browser.post(f"{at}/books/entries/new", entry_form(**{"lines.1.credit": "1"}))

    assert page.status_code == 422
    assert "must balance" in page.get_data(as_text=True)


def test_sending_the_same_form_twice_posts_once(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    browser.get(f"{at}/books/entries/new")
    form = entry_form()

    for _time in range(2):
        assert browser.post(f"{at}/books/entries/new", form).status_code == 303

    count = admin.execute(
        "select count(*) from ledger.entry where tenant_id = %s", (books.tenant,)
    ).fetchone()
    assert count == (1,)


def test_a_reversal_leaves_both_entries_and_a_zero_balance(
    browser: Browser, books: Books, at: str
) -> None:
    posted = books.post()
    browser.get(f"{at}/books/entries/{posted.id}")

    page = browser.post(f"{at}/books/entries/{posted.id}/reverse", {}, follow=True)

    assert page.status_code == 200
    assert "Reversal" in browser.get(f"{at}/books/journal?corrected=1").get_data(as_text=True)
    account = browser.get(f"{at}/books/accounts/{books.accounts['1010']}?corrected=1")
    assert "0.00" in account.get_data(as_text=True)


def test_a_closed_month_takes_no_entry(browser: Browser, books: Books, at: str) -> None:
    books.close(202603)
    browser.get(f"{at}/books/entries/new")

    page = browser.post(f"{at}/books/entries/new", entry_form())

    assert page.status_code in {422, 423}
    assert "closed" in page.get_data(as_text=True)


def test_accounts_are_added_archived_and_restored(browser: Browser, at: str) -> None:
    browser.get(f"{at}/books/accounts")

    made = browser.post(
        f"{at}/books/accounts", {"code": "6999", "name": "Gifts", "type": "expense"}, follow=True
    )

    assert "6999" in made.get_data(as_text=True)
    twice = browser.post(
        f"{at}/books/accounts", {"code": "6999", "name": "Gifts", "type": "expense"}
    )
    assert twice.status_code in {409, 422}
    assert "already" in twice.get_data(as_text=True)


def test_every_page_of_the_books_opens_when_they_are_empty(browser: Browser, at: str) -> None:
    for page in (
        "journal",
        "accounts",
        "months",
        "entries/new",
    ):
        assert browser.get(f"{at}/books/{page}").status_code == 200, page
    for report in ("profit-and-loss", "trial-balance"):
        assert browser.get(f"{at}/reports/{report}").status_code == 200, report
    assert browser.get(f"{at}/reports").status_code == 200
