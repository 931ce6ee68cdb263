"""Bulk re-coding through the browser: filter, preview, apply, undo; and what is refused."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.accounting import commands, ledger, queries
from app.accounting.bank import commands as bank_commands
from app.accounting.reconcile import commands as reconcile_commands
from app.accounting.reconcile import lines as reconcile_lines
from app.kernel import ids, jobs
from app.kernel.db import session
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.by_hand import browser, get, post
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import ROWS, add_account, all_lines, mt940, upload

__all__ = ["browser"]

DAY = dt.date(2026, 3, 4)


@pytest.fixture
def base(books: Books, admin: psycopg.Connection) -> str:
    """The address of the client's re-coding."""
    return f"/c/{factories.slug_of(admin, books.tenant)}/books/recode"


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def spend(
    books: Books, count: int, *, code: str = "6900", on: dt.date = DAY, amount: int = 1_000
) -> list[UUID]:
    """Entries that debit an account of the chart."""
    drafts = [
        ledger.EntryDraft(
            "GEN",
            on,
            f"Petrol {place}",
            (
                ledger.PostingInput(books.accounts[code], amount, "EUR"),
                ledger.PostingInput(books.accounts["1010"], -amount, "EUR"),
            ),
            str(ids.uuid7()),
        )
        for place in range(count)
    ]
    with books.open():
        return [posted.id for posted in commands.post_many(drafts=drafts)]


def balances(books: Books) -> dict[str, int]:
    """The balance of each account that has one."""
    with books.open(read_only=True):
        found = queries.trial_balance(on=dt.date(2026, 12, 31)).rows
    return {row.code: row.balance for row in found if row.balance}


def choose(browser: FlaskClient, base: str, query: str = "") -> str:
    page = get(browser, f"{base}?{query}")
    answer = post(browser, f"{base}/chosen?{query}&all=1", page)
    assert answer.status_code == 200, answer.text[:2000]
    return str(answer.text)


def run(browser: FlaskClient, base: str, page: str, **change: object) -> str:
    """Previews and applies; answers the address of the act."""
    chosen = field(page, "chosen")
    seen = post(browser, f"{base}/plan", page, chosen=chosen, act="preview", **change)
    assert seen.status_code == 200, seen.text[:3000]
    done = post(browser, f"{base}/plan", page, chosen=chosen, act="apply", **change)
    assert done.status_code == 303, done.text[:3000]
    return str(done.headers["Location"])


def test_thirty_lines_are_recoded_in_one_go_and_undone_in_one(
    browser: FlaskClient, books: Books, base: str, admin: psycopg.Connection
) -> None:
    spend(books, 30)
    before = balances(books)
    page = choose(browser, base, f"account={books.accounts['6900']}")
    target = str(books.accounts["6100"])
    seen = post(browser, f"{base}/plan", page, chosen=field(page, "chosen"), account=target)
    assert "30,000.00" not in seen.text
    assert "300.00" in seen.text
    where = run(browser, base, page, account=target)
    after = balances(books)
    assert (after.get("6900", 0), after["6100"]) == (0, before["6900"])
    assert ledger_support.differences(admin, books.tenant) == 0
    act = get(browser, where)
    undone = post(browser, f"{where}/undo", act)
    assert undone.status_code == 303
    assert balances(books) == before
    twice = post(browser, f"{where}/undo", act)
    assert twice.status_code == 409
    assert balances(books) == before


def test_the_bank_line_of_a_recoded_entry_stays_booked_and_can_be_undone(
    browser: FlaskClient, books: Books, base: str, admin: psycopg.Connection
) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    line = all_lines(books)[0]
    with books.open():
        coding = bank_commands.AccountCoding(account_id=books.accounts["6900"])
        first = bank_commands.book_line(line_id=line.id, version=line.version, coding=coding)
    page = choose(browser, base, f"account={books.accounts['6900']}")
    run(browser, base, page, account=str(books.accounts["6100"]))
    found = next(one for one in all_lines(books) if one.id == line.id)
    assert found.state == "booked"
    with books.open(read_only=True):
        entry = queries.entries_of("bank_transaction", [line.id])[line.id]
        assert entry != first.id
        assert {one.code for one in queries.entry(entry).postings} >= {"6100"}
        said = reconcile_lines.read_coding(_coding(line.id))
        assert said is None or said.parts[0].account_id == books.accounts["6100"]
    with books.open():
        reconcile_commands.undo_line(line_id=line.id, version=found.version)
    assert balances(books) == {}


def _coding(line_id: UUID) -> Any:
    statement = sa.text("select coding from app.bank_transaction where id = :id")
    return session.execute(statement, {"id": line_id}).scalar_one()


def test_another_tax_splits_net_and_tax_anew(browser: FlaskClient, books: Books, base: str) -> None:
    with books.open():
        commands.create_tax_codes(codes=[("R20", "Twenty", "0.2"), ("R10", "Ten", "0.1")])
        commands.set_tax_accounts(
            accounts={"R20": books.accounts["1200"], "R10": books.accounts["1200"]}
        )
        commands.post_entry(
            journal="GEN",
            date=DAY,
            description="Paper",
            key=str(ids.uuid7()),
            postings=[
                ledger.PostingInput(books.accounts["6900"], 10_000, "EUR", tax_code="R20"),
                ledger.PostingInput(books.accounts["1200"], 2_000, "EUR", tax_code="R20"),
                ledger.PostingInput(books.accounts["1010"], -12_000, "EUR"),
            ],
        )
    run(browser, base, choose(browser, base, f"account={books.accounts['6900']}"), tax_code="R10")
    assert (balances(books)["6900"], balances(books)["1200"]) == (10_909, 1_091)
    run(browser, base, choose(browser, base, f"account={books.accounts['6900']}"), tax_code="-")
    assert balances(books) == {"6900": 12_000, "1010": -12_000}


def test_a_reverse_charge_comes_and_goes_with_both_its_sides(
    browser: FlaskClient, books: Books, base: str
) -> None:
    with books.open():
        commands.post_entry(
            journal="GEN",
            date=DAY,
            description="Advice from abroad",
            key=str(ids.uuid7()),
            postings=[
                ledger.PostingInput(books.accounts["6900"], 10_000, "EUR"),
                ledger.PostingInput(books.accounts["1010"], -10_000, "EUR"),
            ],
        )
    paper = f"account={books.accounts['6900']}"
    run(browser, base, choose(browser, base, paper), tax_code="RC")
    here = {"6900": 10_000, "1400": 2_000, "2200": -2_000, "1010": -10_000}
    assert balances(books) == here
    run(browser, base, choose(browser, base, paper), account=str(books.accounts["6100"]))
    moved = {("6100" if code == "6900" else code): amount for code, amount in here.items()}
    assert balances(books) == moved
    run(browser, base, choose(browser, base, f"account={books.accounts['6100']}"), tax_code="PSTD")
    assert balances(books) == {"6100": 8_333, "1400": 1_667, "1010": -10_000}


def test_what_cannot_be_recoded_is_listed_with_its_reason_and_the_rest_is_done(
    browser: FlaskClient, books: Books, base: str
) -> None:
    spend(books, 1, on=dt.date(2026, 2, 3))
    (gone,) = spend(books, 1)
    spend(books, 2)
    books.close(202602)
    page = choose(browser, base, f"account={books.accounts['6900']}")
    with books.open():
        commands.reverse_entry(entry_id=gone, key=str(ids.uuid7()))
    where = run(browser, base, page, account=str(books.accounts["6100"]))
    told = get(browser, where)
    assert "This month is closed" in told
    assert "has been reversed already" in told
    assert (balances(books)["6100"], balances(books)["6900"]) == (2_000, 1_000)


@pytest.mark.parametrize("target", ["1100", "bank"])
def test_control_and_bank_accounts_are_neither_left_nor_reached(
    target: str, browser: FlaskClient, books: Books, base: str
) -> None:
    spend(books, 1)
    bank = add_account(books)
    with books.open(read_only=True):
        from app.accounting.bank import queries as bank_queries

        account = bank_queries.bank_account(bank).account_id
    page = choose(browser, base, f"account={books.accounts['6900']}")
    to = str(account if target == "bank" else books.accounts["1100"])
    answer = post(browser, f"{base}/plan", page, chosen=field(page, "chosen"), account=to)
    assert answer.status_code == 422


def test_more_than_a_hundred_lines_ask_first_and_go_to_a_job(
    app: Flask, worker_app: Flask, browser: FlaskClient, books: Books, base: str
) -> None:
    spend(books, 230)
    page = choose(browser, base, f"account={books.accounts['6900']}")
    chosen, target = field(page, "chosen"), str(books.accounts["6100"])
    asked = post(browser, f"{base}/plan", page, chosen=chosen, account=target, act="apply")
    assert asked.status_code == 422
    assert balances(books)["6900"] == 230_000
    sent = post(
        browser, f"{base}/plan", page, chosen=chosen, account=target, act="apply", sure="true"
    )
    assert sent.status_code == 303
    jobs.run_due(worker_app, kinds=["accounting.recode"])
    assert balances(books) == {"6100": 230_000, "1010": -230_000}
    where = str(sent.headers["Location"])
    undone = post(browser, f"{where}/undo", get(browser, where))
    assert undone.status_code == 303
    assert balances(books) == {"6900": 230_000, "1010": -230_000}


def test_an_undo_that_cannot_be_whole_changes_nothing(
    browser: FlaskClient, books: Books, base: str
) -> None:
    spend(books, 2)
    page = choose(browser, base, f"account={books.accounts['6900']}")
    where = run(browser, base, page, account=str(books.accounts["6100"]))
    books.close(202603)
    before = balances(books)
    answer = post(browser, f"{where}/undo", get(browser, where))
    assert answer.status_code == 409
    assert balances(books) == before
