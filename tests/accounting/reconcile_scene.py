"""Books with two bank accounts, a past and rules, for tests of the Reconcile screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from flask import Flask

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.commands import AccountCoding
from app.accounting.rules import commands as rule_commands
from app.accounting.rules.commands import RuleInput
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import mt940, upload

MAIN, SAVINGS = "NL91ABNA0417164300", "NL02ABNA0123456789"
RIGHTS = ("request.ask", "document.add", "document.read")
Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Scene:
    """Books, the slug they are reached by, and the two bank accounts."""

    books: Books
    slug: str
    main: UUID
    savings: UUID

    @property
    def url(self) -> str:
        """The screen of the main account."""
        return f"/c/{self.slug}/books/reconcile/{self.main}"

    def lines(self, state: str = "all") -> list[bank_queries.BankLine]:
        """The lines of the main account."""
        with self.books.open(read_only=True):
            wanted = bank_queries.LineFilter(state=state, bank_account_id=self.main)
            return list(bank_queries.lines(wanted, limit=200).rows)

    def booked(self) -> int:
        """How many lines of the main account are booked."""
        return len(self.lines("booked"))


def make(app: Flask, worker_app: Flask, admin: psycopg.Connection, *, rows: Sequence[Row]) -> Scene:
    """Books with these lines to do, on an account that has a rule for `Flour`."""
    ledger_support.role_with(admin, "ledger_tester", RIGHTS)
    books = ledger_support.make_books(app, worker_app, admin)
    with books.open():
        main = bank_commands.create_bank_account(number=MAIN, name="Main", currency="EUR")
        savings = bank_commands.create_bank_account(number=SAVINGS, name="Savings", currency="EUR")
        rule_commands.create_rule(
            RuleInput("Flour", books.accounts["5000"], party_pattern="golden mill", direction="out")
        )
    if rows:
        upload(books, mt940(rows, number=MAIN))
    return Scene(books, factories.slug_of(admin, books.tenant), main, savings)


def flour(count: int, *, start: dt.date = dt.date(2026, 3, 2)) -> list[Row]:
    """So many lines that the rule fits, each of another amount."""
    days = [start + dt.timedelta(days=place % 25) for place in range(count)]
    return [
        (
            day.strftime("%y%m%d"),
            f"-{100 + place},{place % 100:02d}",
            f"166?20Flour {place:03d}?32Golden Mill",
        )
        for place, day in enumerate(sorted(days))
    ]


def confirm(scene: Scene, texts: int = 6) -> None:
    """A past that confirms the rule: lines of February booked as it says."""
    past = [
        (f"2602{place + 1:02d}", f"-{100 + place},00", f"166?20Flour past {place}?32Golden Mill")
        for place in range(texts)
    ]
    upload(scene.books, mt940(past, number=MAIN), "february.sta")
    code = AccountCoding(scene.books.accounts["5000"])
    found = [line for line in scene.lines("to_do") if line.booked_on.month == 2]
    with scene.books.open():
        for line in found:
            bank_commands.book_line(line_id=line.id, version=line.version, coding=code)
