"""Suggestions read from real books: what comes first, what is certain, what is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounting import commands, ledger
from app.accounting.bank import commands as bank_commands
from app.accounting.bank import intake as bank_import
from app.accounting.bank.commands import AccountCoding
from app.accounting.matching import rules, words
from app.accounting.matching.values import Rule, Suggestion
from app.accounting.reconcile import queries as reading
from app.accounting.reconcile import shown as showing
from app.accounting.suggest import queries as suggest_queries
from app.kernel import db, ids
from app.kernel.errors import Invalid
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books

NUMBER, SAVINGS = "NL91ABNA0417164300", "NL20INGB0001234567"
Row = tuple[str, str, str, str]


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with books of its own and two bank accounts."""
    made = ledger_support.make_books(app, worker_app, admin)
    with made.open():
        for number, name in ((NUMBER, "Main"), (SAVINGS, "Savings")):
            bank_commands.create_bank_account(number=number, name=name, currency="EUR")
    return made


def bring(
    books: Books, rows: Sequence[Row], *, number: str = NUMBER, currency: str = "EUR"
) -> list[UUID]:
    """Uploads lines of (day YYMMDD, signed amount, party, text); answers their ids in order."""
    head = f":20:S\n:25:{number}\n:28C:1\n:60F:C260101{currency}0,00\n"
    body = "".join(
        f":61:{day}{'D' if amount.startswith('-') else 'C'}{amount.lstrip('-')}NTRFNONREF\n"
        f":86:166?20{text}?32{party}\n"
        for day, amount, party, text in rows
    )
    with books.open():
        done = bank_import.upload_statement(
            data=(head + body + "-\n").encode(), name=f"{number}.sta"
        )
    with books.open(read_only=True):
        found = db.session.execute(
            sa.text(
                "select t.id from app.bank_transaction t join app.statement s"
                " on s.id = t.statement_id where s.file_id = :file order by t.line, t.id"
            ),
            {"file": done.file_id},
        )
        return list(found.scalars())


def invoice(
    books: Books,
    name: str,
    number: str,
    amount: int,
    *,
    on: dt.date = dt.date(2026, 2, 20),
    who: UUID | None = None,
) -> UUID:
    """Books a claim on a customer, a new one unless told."""
    with books.open():
        who = who or commands.create_counterparty(name=name, kind="customer")
        commands.post_entry(
            journal="GEN",
            date=on,
            description=number,
            key=str(ids.uuid7()),
            postings=[
                ledger.PostingInput(
                    books.accounts["1100"], amount, "EUR", counterparty_id=who, memo=number
                ),
                ledger.PostingInput(books.accounts["4000"], -amount, "EUR"),
            ],
        )
    return who


def suggested(books: Books, lines: Sequence[UUID]) -> list[tuple[Suggestion, ...]]:
    with books.open(read_only=True):
        found = suggest_queries.suggestions(lines)
    return [found[line] for line in lines]


def book(books: Books, line: UUID, code: str) -> None:
    with books.open():
        bank_commands.book_line(
            line_id=line, version=1, coding=AccountCoding(account_id=books.accounts[code])
        )


def test_an_open_invoice_that_the_line_cites_is_certain_and_told_by_its_number(
    books: Books,
) -> None:
    who = invoice(books, "Greenfield Machinery GmbH", "GM-20931", 118_405)
    (line,) = bring(books, [("260302", "1184,05", "GREENFIELD MACHINERY GM", "INV GM 20931")])
    ((first, *_rest),) = suggested(books, [line])
    assert (first.kind, first.certainty) == ("open_item", "certain")
    assert words.said(first.reason) == "Open invoice GM-20931"
    assert first.open_items[0].amount_minor == 118_405
    assert first.coding is not None
    (part,) = first.coding.parts
    assert (part.account_id, part.amount_minor, part.counterparty_id) == (
        books.accounts["1100"],
        -118_405,
        who,
    )


def test_what_was_always_done_is_likely_then_certain_unless_something_is_unusual(
    books: Books,
) -> None:
    rows: list[Row] = [
        (f"260{m}05", "-49,90", "Telecom One", f"Phone bill {m}") for m in range(1, 8)
    ]
    rows.append(("260805", "-1899,00", "Telecom One", "Phone bill"))
    lines = bring(books, rows)
    for line in lines[:2]:
        book(books, line, "6110")
    assert suggested(books, lines[5:6])[0][0].certainty == "unsure"
    book(books, lines[2], "6110")
    assert suggested(books, lines[5:6])[0][0].certainty == "likely"
    book(books, lines[3], "6110")
    usual, unusual = suggested(books, [lines[5], lines[7]])
    assert (usual[0].kind, usual[0].certainty) == ("memory", "certain")
    assert words.said(usual[0].reason) == "4 of 4 times"
    assert unusual[0].certainty == "likely"
    book(books, lines[4], "6100")
    ((first, *_rest),) = suggested(books, lines[5:6])
    assert (first.certainty, words.said(first.reason)) == ("likely", "4 of 5 times")


def test_an_open_invoice_outranks_what_was_done_before(books: Books) -> None:
    lines = bring(
        books, [(f"260{m}05", "500,00", "Bright Studio", "Thank you") for m in range(1, 8)]
    )
    for line in lines[:6]:
        book(books, line, "4000")
    invoice(books, "Bright Studio", "BS-7781", 50_000, on=dt.date(2026, 7, 1))
    ((first, *rest),) = suggested(books, lines[6:])
    assert first.kind == "open_item"
    assert {one.certainty for one in rest} <= {"likely", "unsure"}


def test_two_lines_never_claim_one_invoice_as_certain(books: Books) -> None:
    invoice(books, "Twice Ltd", "TW-4455", 70_000)
    lines = bring(
        books,
        [
            ("260302", "700,00", "Twice Ltd", "TW-4455"),
            ("260304", "700,00", "Twice Ltd", "TW-4455 again"),
        ],
    )
    for listed in suggested(books, lines):
        assert listed[0].kind == "open_item"
        assert listed[0].certainty == "likely"
    ((first, *_rest),) = suggested(books, lines[:1])
    assert first.certainty == "likely"


def test_an_entry_that_waits_for_its_line_is_proposed_until_a_line_points_at_it(
    books: Books, admin: psycopg.Connection
) -> None:
    bank = admin.execute(
        "select account_id from app.bank_account where tenant_id = %s and name = 'Main'",
        (books.tenant,),
    ).fetchone()
    assert bank is not None
    with books.open():
        done = commands.post_entry(
            journal="GEN",
            date=dt.date(2026, 3, 2),
            description="Rent to Harbour Estates",
            key=str(ids.uuid7()),
            postings=[
                ledger.PostingInput(bank[0], -120_000, "EUR"),
                ledger.PostingInput(books.accounts["6100"], 120_000, "EUR"),
            ],
        )
    (line,) = bring(books, [("260303", "-1200,00", "Harbour Estates", "Rent")])
    ((first, *_rest),) = suggested(books, [line])
    assert (first.kind, first.entry_id) == ("entry", done.id)
    assert words.said(first.reason) == f"Already in the books: {done.label}"


def test_a_transfer_is_seen_by_its_opposite_line(books: Books) -> None:
    (out,) = bring(books, [("260303", "-800,00", "Own Firm", "Transfer to savings")])
    (into,) = bring(books, [("260304", "800,00", "Own Firm", "Transfer")], number=SAVINGS)
    ((first, *_rest),) = suggested(books, [out])
    assert (first.kind, first.other_line_id) == ("transfer", into)
    with books.open(read_only=True):
        assert words.said(first.reason) == "Same amount on Savings on 4 Mar"


def test_a_line_that_pays_three_items_and_a_fee_is_likely_with_its_difference(
    books: Books,
) -> None:
    who = None
    for number, amount in (("AB-1001", 10_000), ("AB-1002", 20_050), ("AB-1003", 7_700)):
        who = invoice(books, "Alpha Beta", number, amount, who=who)
    whole, less = bring(
        books,
        [
            ("260303", "377,50", "Alpha Beta", "AB-1001 AB-1002 AB-1003"),
            ("260310", "375,00", "Alpha Beta", "AB-1001, AB-1002, AB-1003 less fee"),
        ],
    )
    ((first, *_rest),) = suggested(books, [whole])
    assert len(first.open_items) == 3
    ((short, *_more),) = suggested(books, [less])
    assert (short.difference_minor, short.certainty) == (-250, "likely")


def test_a_rule_that_would_hit_everything_is_refused(books: Books) -> None:
    rule = Rule(ids.uuid7(), "All", 1, books.accounts["6100"], text_pattern="*a*")
    with pytest.raises(Invalid) as caught, books.open(read_only=True):
        suggest_queries.past_hits(rule)
    assert caught.value.fields["text_pattern"][0].code == "rule-pattern-short"
    assert rules.faults(party_pattern=" ", text_pattern=None)


def test_a_rules_preview_counts_what_it_would_have_hit(books: Books) -> None:
    lines = bring(
        books,
        [
            ("260302", "-12,00", "Café Müller", "Lunch"),
            ("260303", "-15,00", "CAFE MULLER", "Lunch"),
            ("260304", "-99,00", "Paper House", "Paper"),
        ],
    )
    book(books, lines[0], "6100")
    rule = Rule(ids.uuid7(), "Lunch", 1, books.accounts["6100"], party_pattern="cafe*müll")
    with books.open(read_only=True):
        found = suggest_queries.past_hits(rule)
    assert (found.tried, found.hits, found.agreeing, found.otherwise) == (3, 2, 1, 0)
    assert not found.broad


def test_a_preview_counts_only_the_lines_its_rule_looks_at(
    books: Books, admin: psycopg.Connection
) -> None:
    bring(books, [("260302", "-12,00", "Café", "Lunch"), ("260303", "99,00", "Café", "Back")])
    bring(books, [("260304", "-15,00", "Café", "Lunch")], number=SAVINGS)
    account = admin.execute(
        "select id from app.bank_account where tenant_id = %s and name = 'Main'", (books.tenant,)
    ).fetchone()
    assert account is not None
    whole = Rule(ids.uuid7(), "Lunch", 1, books.accounts["6100"], party_pattern="café")
    narrower = (
        whole,
        replace(whole, direction="out"),
        replace(whole, bank_account_id=account[0]),
        replace(whole, amount_from_minor=1_500, amount_to_minor=5_000, currency="EUR"),
        replace(whole, currency="USD"),
    )
    with books.open(read_only=True):
        tried = [suggest_queries.past_hits(rule).tried for rule in narrower]
    assert tried == [3, 2, 2, 1, 0]


def test_accept_all_counts_only_the_certain_lines_of_the_account(
    books: Books, admin: psycopg.Connection
) -> None:
    invoice(books, "Certain Ltd", "CE-10001", 30_000)
    lines = bring(
        books,
        [
            ("260302", "300,00", "Certain Ltd", "CE-10001"),
            ("260303", "-77,00", "Nobody Knows", "Something"),
        ],
    )
    account = admin.execute(
        "select id from app.bank_account where tenant_id = %s and name = 'Main'", (books.tenant,)
    ).fetchone()
    assert account is not None
    with books.open(read_only=True):
        found = suggest_queries.certain(account[0])
    assert found.line_ids == (lines[0],)


def test_a_page_suggests_what_is_suggested_for_its_lines_asked_by_their_ids(books: Books) -> None:
    invoice(books, "Greenfield Machinery GmbH", "GM-20931", 118_405)
    rows: list[Row] = [
        (f"260{m}05", "-49,90", "Telecom One Germany", f"Bill {m}") for m in range(1, 4)
    ]
    for line in bring(books, rows):
        book(books, line, "6000")
    # a party by its whole name; one of which only the beginning is known; a document; a stranger
    told: list[Row] = [
        ("260505", "-49,90", "Telecom One Germany", "Bill 5"),
        ("260506", "-49,90", "Telecom One Wireless", "Bill 6"),
        ("260507", "1184,05", "GREENFIELD MACHINERY GM", "INV GM 20931"),
        ("260508", "-77,00", "Nobody Yet", "Once"),
    ]
    lines = bring(books, told)
    by_id = suggested(books, lines)
    with books.open(read_only=True):
        names = showing.load_names()
        shown = {one.line.id: one for one in showing.rows(reading.lines(lines).rows, names)}
    assert [shown[line].suggested for line in lines] == by_id
    assert [bool(one) for one in by_id[:3]] == [True, True, True]
    best = shown[lines[0]].best
    assert best is not None
    assert best.what == names.coding(by_id[0][0].coding)
