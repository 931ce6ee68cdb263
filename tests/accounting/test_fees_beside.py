"""Fees beside what a bank line settles, as the screen and the API take them."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from flask import Flask

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import queries as bank_queries
from app.accounting.matching import fees
from app.accounting.matching.values import Line
from app.accounting.reconcile import accept as reconcile_accept
from app.kernel import ids
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.reconcile_scene import Scene
from tests.accounting.test_reconcile_pending import Person
from tests.accounting.test_suggest import NUMBER, bring, suggested
from tests.accounting.test_suggest_foreign import moved, owed, rate, residuals
from tests.accounting.test_suggest_payouts import taken


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """Books with one bank account."""
    made = ledger_support.make_books(app, worker_app, admin)
    with made.open():
        bank_commands.create_bank_account(number=NUMBER, name="Main", currency="EUR")
    return made


def person(app: Flask, books: Books, admin: psycopg.Connection) -> Person:
    with books.open(read_only=True):
        bank = bank_queries.bank_accounts()[0].id
    return Person(app, Scene(books, factories.slug_of(admin, books.tenant), bank, bank))


def test_the_screen_asks_which_fee_the_bank_kept_of_a_foreign_bill(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    owed(books, "B-55320", -50_000, -45_000, name="Delta Parts")
    rate(books, "0.92")
    (line,) = bring(books, [("260302", "-466,00", "DELTA PARTS", "B-55320")])
    somebody = person(app, books, admin)
    assert "With a bank fee beside" in somebody.see()
    (listed,) = suggested(books, [line])
    whole = next(one for one in listed if not one.difference_minor and one.open_items)
    mark = f"1:{reconcile_accept.mark(whole)}"
    data = {"accept": mark, "account": "6900"}
    for typed in ("-6.00", "466.00", "much"):
        somebody.act(f"lines/{line}/settle", data | {"fee": typed}, status=422)
    somebody.act(f"lines/{line}/settle", data | {"fee": "6.00"})
    after = moved(books)
    assert (after["6900"], after["7010"]) == (600, 1_000)
    assert residuals(books, "payable") == []


def test_the_api_takes_entries_with_the_fee_they_leave(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    entries = [taken(books, 2, 40_000, "Takings"), taken(books, 3, 23_500, "Takings")]
    (line,) = bring(books, [("260304", "624,20", "Somebody", "PID 1")])
    somebody = person(app, books, admin)
    body = {
        "version": 1,
        "entry_id": str(entries[0]),
        "more_entry_ids": [str(entries[1])],
        "rest": [{"account_id": str(books.accounts["6900"]), "amount_minor": 1_080}],
    }
    wrong = {**body, "rest": [{**body["rest"][0], "amount_minor": 1_081}]}  # type: ignore[index]
    refused = somebody.api(f"/bank-lines/{line}/match", wrong, status=409)
    assert "entry-amount-differs" in str(refused)
    done = somebody.api(f"/bank-lines/{line}/match", body)
    assert (done["state"], done["decided_as"]) == ("booked", "entry")
    assert moved(books)["6900"] == 1_080
    gone = somebody.api(f"/bank-lines/{line}/take-back", {"version": done["version"]})
    assert gone["state"] == "to_do"
    assert "6900" not in moved(books)
    assert dt.date(2026, 3, 4).isoformat() == gone["booked_on"]


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("INVOICE 7 FEE 6,00", 600),
        ("CHARGES EUR 15.00", 1_500),
        ("CHARGES USD 15.00", 0),
        ("Gebühr 05.11.2026", 0),
    ],
)
def test_a_fee_is_told_in_the_lines_currency_and_is_no_date(text: str, minor: int) -> None:
    line = Line(
        id=ids.uuid7(),
        bank_account_id=ids.uuid7(),
        account_id=ids.uuid7(),
        amount_minor=-46_600,
        currency="EUR",
        booked_on=dt.date(2026, 11, 5),
        text=text,
    )
    assert fees.told(line) == minor
