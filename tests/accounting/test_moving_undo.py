"""Moving in taken back: whole, in any order, and not behind a closed month."""

from __future__ import annotations

import psycopg

from app.accounting.bank import commands as bank_commands
from app.accounting.reconcile import matching
from tests.accounting.ledger_support import Books
from tests.accounting.moving_stage import (
    ITEMS,
    LEDGER,
    OPENING,
    at,
    balances,
    books,
    browser,
    drop,
    entries,
    mapping,
    state,
    take,
)
from tests.accounting.test_bank import mt940, upload
from tests.http import Browser

__all__ = ["at", "books", "browser"]


def test_the_same_file_and_an_overlapping_one_add_nothing_twice(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, LEDGER)
    take(browser, page)
    assert entries(admin, books) == 2
    assert drop(browser, at, LEDGER, "another name.csv") == page

    longer = LEDGER + (
        "02/02/2026,3,1010,Bank,,Sale,5.00,\n02/02/2026,3,200,Workshop sales,,Sale,,5.00\n"
        "02/02/2026,4,1010,Bank,,Sale,5.00,\n02/02/2026,4,200,Workshop sales,,Sale,,5.00\n"
    )
    other = drop(browser, at, longer)
    take(browser, other)

    assert entries(admin, books) == 4  # two known, two genuine twins
    assert "2 new entries, 2 known already" in browser.get(other).get_data(as_text=True)


def test_a_whole_import_is_undone_and_may_come_again(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, LEDGER)
    take(browser, page)
    before = balances(admin, books)
    browser.get(page)

    assert browser.post(f"{page}/undo", {}).status_code == 303

    assert balances(admin, books) == {}
    archived = admin.execute(
        "select count(*) from ledger.account where tenant_id = %s and archived_at is not null",
        (books.tenant,),
    ).fetchone()
    assert archived == (2,)
    assert drop(browser, at, LEDGER) == page
    assert take(browser, page).status_code == 303
    assert balances(admin, books) == before


def test_a_bank_line_matched_to_an_imported_entry_is_to_do_when_the_import_is_undone(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, LEDGER)
    take(browser, page)
    with books.open():
        bank_commands.create_bank_account(
            number="NL91ABNA0417164300",
            name="Bank",
            currency="EUR",
            account_id=books.accounts["1010"],
        )
    upload(books, mt940([("260115", "120,00", "Cash sale")], number="NL91ABNA0417164300"))
    line, entry = admin.execute(
        "select t.id, p.entry_id from app.bank_transaction t join ledger.posting p"
        " on p.tenant_id = t.tenant_id and p.amount = t.amount_minor and p.account_id = %s"
        " where t.tenant_id = %s",
        (books.accounts["1010"], books.tenant),
    ).fetchall()[0]
    admin.commit()
    with books.open():
        matching.match_entry(line_id=line, version=1, entry_id=entry)
    browser.get(page)

    assert browser.post(f"{page}/undo", {}).status_code == 303

    freed = "select state, entry_id from app.bank_transaction where id = %s"
    assert admin.execute(freed, (line,)).fetchone() == ("to_do", None)


def test_opening_and_items_are_undone_in_any_order(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    pages = []
    for text in (OPENING, ITEMS):
        page = drop(browser, at, text)
        mapping(browser, page, on="2025-12-31")
        take(browser, page)
        pages.append(page)
    for page in pages:
        browser.get(page)
        answer = browser.post(f"{page}/undo", {})
        assert answer.status_code == 303, answer.get_data(as_text=True)
    assert balances(admin, books) == {}
    left = admin.execute(
        "select count(*) from ledger.open_item where tenant_id = %s and residual <> 0",
        (books.tenant,),
    ).fetchone()
    assert left == (0,)


def test_an_import_stays_once_a_month_of_it_is_closed(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, LEDGER)
    take(browser, page)
    books.close(202601)
    browser.get(page)
    assert browser.post(f"{page}/undo", {}).status_code == 423
    assert state(admin, page) == "imported"
