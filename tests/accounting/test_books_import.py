"""Books brought in from files: the oracles agree, bad files are refused with line and reason."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import psycopg
import pytest
from flask import Flask

from app.accounting import ledger, queries
from app.accounting.books import file as books_file
from app.accounting.books import reading as books_import
from app.kernel import money
from tests.accounting import ledger_support, oracle
from tests.accounting.ledger_support import Books

HEADER = ",".join(books_file.COLUMNS) + "\n"
EUR = ledger.Book("EUR")


def _import(books: Books, lines: list[str], *, create: bool = True) -> books_import.Imported:
    with books.open():
        return books_import.import_postings(lines=lines, create_accounts=create)


def _balances(books: Books) -> dict[tuple[str, str], Decimal]:
    with books.open(read_only=True):
        rows = queries.trial_balance_by_currency(on=dt.date(2200, 12, 31))
    found = {(row.code, row.currency): money.to_decimal(row.balance, row.currency) for row in rows}
    return {key: total for key, total in found.items() if total}


@pytest.mark.parametrize("name", oracle.names() or ["none at hand"])
def test_imported_books_agree_with_the_oracle(
    name: str, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    if name == "none at hand":
        pytest.skip("the shared ledger oracles are not beside this checkout")
    rows = oracle.rows(name)
    base = oracle.base_of(rows)
    books = ledger_support.make_books(app, worker_app, admin, currency=base, chart=None)
    found = _import(books, list(oracle.as_import(rows, base)))
    refused = {one.entry for one in found.refused}
    assert found.posted + len(refused) == len({row.entry for row in rows})
    assert all(one.fault.code and one.fault.line > 1 for one in found.refused)
    assert _balances(books) == oracle.sums(rows, refused)
    if not refused:
        assert _balances(books) == oracle.balances(name)


def test_a_file_imported_twice_is_posted_once(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    books = ledger_support.make_books(app, worker_app, admin)
    lines = [
        HEADER,
        "1,2026-01-02,Rent,Expenses:Rent,800.00,EUR,\n",
        "1,2026-01-02,Rent,Assets:Bank,-880.00,USD,-800.00\n",
        "2,2026-01-03,Nothing,Assets:Bank,0.00,EUR,\n",
        "2,2026-01-03,Nothing,Expenses:Rent,5,EUR,\n",
        "3,2031-01-03,Later,Expenses:Rent,5,EUR,\n",
        "3,2031-01-03,Later,Assets:Bank,-5,EUR,\n",
    ]
    first = _import(books, lines)
    assert (first.posted, first.known, first.accounts_made) == (2, 0, 2)
    assert first.periods_made > 0
    assert [one.fault.code for one in first.refused] == ["too-few-postings"]
    again = _import(books, lines)
    assert (again.posted, again.known, again.accounts_made) == (0, 2, 0)
    strange = _import(books, [HEADER, *lines[1:3]], create=False)
    assert strange.known == 1


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ("1,2026-02-30,x,1010,1,EUR,", "date", "not-a-date"),
        ("1,1899-12-31,x,1010,1,EUR,", "date", "date-out-of-range"),
        ("1,2026-01-01,x,1010,1.001,EUR,", "amount", "too-many-decimals"),
        ('1,2026-01-01,x,1010,"1,00",EUR,', "amount", "not-an-amount"),
        ("1,2026-01-01,x,1010,NaN,EUR,", "amount", "not-an-amount"),
        ("1,2026-01-01,x,1010,999999999999999999,EUR,", "amount", "amount-too-large"),
        ("1,2026-01-01,x,1010,1,EURO,", "currency", "currency-unknown"),
        ("1,2026-01-01,x,1010,1,USD,", "base_amount", "base-missing"),
        ("1,2026-01-01,x,1010,1,EUR,2", "base_amount", "base-differs"),
        ("1,2026-01-01,x,,1,EUR,", "account", "account-length"),
        (f"1,2026-01-01,{'x' * 501},1010,1,EUR,", "description", "description-length"),
    ],
)
def test_a_wrong_cell_refuses_its_entry_with_line_and_column(
    cells: str, column: str, code: str
) -> None:
    (entry,) = books_file.read([HEADER, cells + "\n"], EUR)
    assert entry.fault is not None
    assert (entry.fault.line, entry.fault.column, entry.fault.code) == (2, column, code)
    assert code in books_import.REMEDIES


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "missing-column"),
        (["entry,date\n"], "missing-column"),
        ([HEADER.replace("base_amount", "price")], "unknown-column"),
        ([HEADER, "1,2\n"], "column-count"),
        ([HEADER, "1,2026-01-01,\0,1010,1,EUR,\n"], "nul-byte"),
        ([HEADER, f"1,2026-01-01,{'x' * 20_000},1010,1,EUR,\n"], "not-csv"),
        ([HEADER, ",2026-01-01,x,1010,1,EUR,\n"], "entry-name"),
    ],
)
def test_what_is_no_file_of_postings_is_refused_whole(lines: list[str], code: str) -> None:
    with pytest.raises(books_file.FileRefused) as caught:
        books_file.read(lines, EUR)
    assert caught.value.fault.code == code
    assert code in books_import.REMEDIES
