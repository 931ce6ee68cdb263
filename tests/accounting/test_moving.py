"""Moving a client in from another package by its screens: from exports to a booked bank line."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.accounting.moving import commands as moving_commands
from app.kernel import jobs
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.moving_stage import (
    CHART,
    CONTACTS,
    ITEMS,
    LEDGER,
    OPENING,
    at,
    balances,
    books,
    browser,
    drop,
    entries,
    first_line_is_booked,
    mapping,
    state,
    take,
    version,
)
from tests.http import Browser

__all__ = ["at", "books", "browser"]


def test_a_client_moves_in_and_its_first_bank_line_is_booked(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    for text in (CHART, CONTACTS):
        page = drop(browser, at, text)
        assert take(browser, page).status_code == 303
        assert state(admin, page) == "imported"
    opening = drop(browser, at, OPENING, "trial balance.csv")
    assert "Say of which day" in browser.get(opening).get_data(as_text=True)
    mapping(browser, opening, on="2025-12-31")
    assert take(browser, opening).status_code == 303
    items = drop(browser, at, ITEMS, "aged receivables.csv")
    mapping(browser, items, on="2025-12-31")
    assert take(browser, items).status_code == 303
    ledger = drop(browser, at, LEDGER, "general ledger.csv")
    assert take(browser, ledger).status_code == 303

    assert balances(admin, books) == {
        "1010": Decimal(5060),
        "1100": Decimal(700),
        "970": Decimal(-5700),
        "200": Decimal(-120),
        "429": Decimal(60),
    }
    open_items = admin.execute(
        "select c.name, i.due_on::text, i.reference, i.residual from ledger.open_item i"
        " join ledger.counterparty c on c.tenant_id = i.tenant_id and c.id = i.counterparty_id"
        " where i.tenant_id = %s and i.residual <> 0 order by 1",
        (books.tenant,),
    ).fetchall()
    assert open_items == [
        ("Harbour Cafe", "2026-01-15", "INV-7", 45000),
        ("Mill Road School", "2026-01-20", "INV-9", 25000),
    ]
    text = browser.get(at).get_data(as_text=True)
    assert text.count(">There<") >= 5
    first_line_is_booked(browser, books, at.removesuffix("/moving-in"), admin)


def test_an_opening_that_does_not_balance_waits_for_a_word(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, OPENING.replace(",5700.00\nTotal", ",5650.00\nTotal"))
    mapping(browser, page, on="2025-12-31")
    text = browser.get(page).get_data(as_text=True)
    assert "Debit and credit differ by" in text
    assert take(browser, page).status_code == 409
    assert entries(admin, books) == 0

    suspense = next(code for code in books.accounts if code.startswith("39"))
    mapping(browser, page, on="2025-12-31", suspense=suspense)
    assert take(browser, page).status_code == 303
    assert balances(admin, books)[suspense] == Decimal(-50)


def test_signs_turned_around_are_noticed(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    turned = LEDGER.replace(",Debit,Credit", ",Credit,Debit")
    text = turned.replace("Timber and glue,,Glue,60.00,", "Timber and glue,,Glue,600.00,").replace(
        "Bank,,Glue,,60.00", "Bank,,Glue,,600.00"
    )
    wrong = text.replace("120.00", "1200.00")
    page = drop(browser, at, wrong)
    assert "signs look turned around" in browser.get(page).get_data(as_text=True)
    assert take(browser, page).status_code == 409
    mapping(browser, page, signs="flip")
    assert take(browser, page).status_code == 303
    assert balances(admin, books)["200"] == Decimal(-1200)


def test_what_cannot_be_held_is_listed_and_the_rest_comes_in(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    books.close(202602)
    text = LEDGER + (
        "02/02/2026,3,1010,Bank,,Late,5.00,\n02/02/2026,3,200,Workshop sales,,Late,,5.00\n"
        "03/03/2026,4,1010,Bank,,Off,5.00,\n03/03/2026,4,200,Workshop sales,,Off,,6.00\n"
        "04/03/2026,5,1100,Trade receivables,,Nobody,5.00,\n04/03/2026,5,200,Sales,,Nobody,,5.00\n"
    )
    page = drop(browser, at, text)
    shown = browser.get(page).get_data(as_text=True)
    for why in ("is closed", "rows differ by", "needs a contact"):
        assert why in shown
    assert take(browser, page).status_code == 303
    assert entries(admin, books) == 2


def test_accounts_are_corrected_and_remembered(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, LEDGER)
    shown = browser.get(page).get_data(as_text=True)
    place = re.search(r'name="account.(\d+)">\s*<option value="">New: 429', shown)
    assert place is not None
    browser.post(
        f"{page}/accounts",
        {
            f"account.{place[1]}": str(books.accounts["6100"]),
            "version": version(browser, page),
        },
    )
    take(browser, page)
    assert balances(admin, books)["6100"] == Decimal(60)
    again = drop(browser, at, LEDGER.replace("2026", "2025"))
    assert "New: 429" not in browser.get(again).get_data(as_text=True)


def test_a_corrected_mapping_is_reused_by_another_client(
    app: Flask, worker_app: Flask, browser: Browser, at: str, admin: psycopg.Connection
) -> None:
    odd = (
        "Date,Account Code,Text A,Text B,Debit,Credit\n"
        "2026-01-15,1010,Cash,Sale,120.00,\n2026-01-15,4000,Cash,Sale,,120.00\n"
    )
    page = drop(browser, at, odd)
    mapping(browser, page, **{"column.2": "reference", "column.3": "description"})
    assert take(browser, page).status_code == 303

    other = ledger_support.make_books(app, worker_app, admin, years=(2025, 2026))
    there = Browser(app, other.session)
    address = f"/c/{factories.slug_of(admin, other.tenant)}/books/moving-in"
    there.get(address)
    theirs = drop(there, address, odd.replace("120.00", "77.00"))
    kept = admin.execute(
        "select settings -> 'columns' from app.moving_file where id = %s",
        (UUID(theirs.rsplit("/", 1)[1]),),
    ).fetchone()
    assert kept is not None
    assert kept[0]["reference"] == 2
    assert kept[0]["description"] == 3


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"Date,Account,Debit,Credit\n", "nothing below"),
        (b"\xd0\xcf\x11\xe0old excel", "old Excel"),
        (b"1,2,3\n4,5,6\n", "No header"),
    ],
)
def test_a_file_that_is_no_table_is_kept_with_its_reason(
    data: bytes, why: str, browser: Browser, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, data)
    assert state(admin, page) == "refused"
    assert why in browser.get(page).get_data(as_text=True)


def test_a_large_ledger_is_imported_by_a_job(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection, worker_app: Flask
) -> None:
    rows = [LEDGER.splitlines()[0]]
    for number in range(2_100):
        day = f"{number % 28 + 1:02}/01/2026"
        text = f"Sale of the shop number {number:08} at the counter".ljust(230, "x")
        rows.append(f"{day},{number},1010,Bank,,{text},{number + 1}.00,")
        rows.append(f"{day},{number},200,Workshop sales,,{text},,{number + 1}.00")
    data = "\n".join(rows)
    assert len(data) > 1024 * 1024
    with books.open():
        page = f"{at}/{moving_commands.upload(data=data.encode(), name='ledger.csv')}"
    jobs.run_due(worker_app)
    assert take(browser, page).status_code == 303
    assert state(admin, page) == "importing"
    jobs.run_due(worker_app)
    assert state(admin, page) == "imported"
    assert entries(admin, books) == 2_100
    browser.get(page)
    browser.post(f"{page}/undo", {})
    jobs.run_due(worker_app)
    assert state(admin, page) == "undone"
    assert balances(admin, books) == {}


def test_a_reader_looks_but_brings_nothing(
    app: Flask, books: Books, at: str, admin: psycopg.Connection
) -> None:
    clerk = Browser(app, factories.staff(admin, books.tenant, role="finance_assistant"))
    assert clerk.get(at).status_code == 200
    assert clerk.post(at, {"file": (io.BytesIO(b"x"), "x.csv")}).status_code == 403


def test_a_stale_page_is_told(browser: Browser, at: str) -> None:
    page = drop(browser, at, LEDGER)
    old = version(browser, page)
    mapping(browser, page)
    assert browser.post(f"{page}/import", {"version": old}).status_code == 409
