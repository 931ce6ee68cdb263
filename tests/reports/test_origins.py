"""An entry leads to the bank line it goes with, however it came to it, and to its document."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import queries as bank_queries
from app.accounting.coding import Coding, Part
from app.accounting.reconcile import together as reconcile_together
from app.accounting.reports import origins
from app.documents import commands as documents
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_suggest import NUMBER, bring
from tests.accounting.test_suggest_payouts import taken
from tests.http import Browser


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """Books with one bank account, and an accountant who brings documents in."""
    made = ledger_support.make_books(app, worker_app, admin)
    rights = (*ledger_support.RIGHTS, "document.add", "document.read")
    role = ledger_support.role_with(admin, "origin_tester", rights)
    session = factories.staff(admin, made.tenant, role=role, lines=ledger_support.LINES)
    made = Books(app, made.tenant, session, made.accounts)
    with made.open():
        bank_commands.create_bank_account(number=NUMBER, name="Main", currency="EUR")
    return made


def test_entries_a_line_was_tied_to_lead_to_it_and_to_its_document(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    entries = [taken(books, 2, 40_000, "SumUp takings"), taken(books, 3, 23_500, "SumUp takings")]
    loose = taken(books, 4, 100, "Cash")
    (line,) = bring(books, [("260304", "624,20", "SUMUP PAYMENTS", "PID 1")])
    with books.open():
        done = reconcile_together.match_entries(
            line_id=line,
            version=1,
            entry_ids=entries,
            rest=Coding((Part(books.accounts["6900"], 1_080, "EUR"),)),
        )
        paper = documents.add(
            b"%PDF-1.4 payout", name="payout.pdf", media_type="application/pdf",
            line="accounting", source="upload",
        )  # fmt: skip
        documents.link(paper, subject_type="bank_transaction", subject_id=line)
    assert done.entry is not None
    slug = factories.slug_of(admin, books.tenant)
    browser = Browser(app, books.session)
    for entry in (*entries, done.entry.id):
        text = browser.get(f"/c/{slug}/books/entries/{entry}").get_data(as_text=True)
        assert f"/books/bank/lines/{line}" in text
        assert f"/documents/{paper}" in text
    text = browser.get(f"/c/{slug}/books/entries/{loose}").get_data(as_text=True)
    assert f"/books/bank/lines/{line}" not in text
    with books.open(read_only=True):
        assert bank_queries.line(line).state == "booked"
    with app.test_request_context(f"/c/{slug}/"), books.open(read_only=True):
        assert origins.of([]) == {}
