"""Statements into books: importing, booking, undoing, and two people at one line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.accounting import queries
from app.accounting.bank import commands as bank_commands
from app.accounting.bank import intake as bank_import
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.commands import AccountCoding
from app.accounting.bank.queries import LineFilter
from app.accounting.reconcile import commands as reconcile_commands
from app.kernel import jobs, storage
from app.kernel.errors import Conflict, DomainError, Invalid, NotFound
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books

NUMBER = "NL91ABNA0417164300"


def mt940(
    rows: Sequence[tuple[str, str, str]], *, number: str = NUMBER, currency: str = "EUR"
) -> bytes:
    """A statement of (day YYMMDD, signed amount with comma, text)."""
    head = f":20:S\n:25:{number}\n:28C:1\n:60F:C260101{currency}0,00\n"
    lines = [
        f":61:{day}{'D' if amount.startswith('-') else 'C'}{amount.lstrip('-')}NTRFNONREF\n"
        f":86:{text}\n"
        for day, amount, text in rows
    ]
    return (head + "".join(lines) + "-\n").encode()


ROWS = [
    ("260302", "100,00", "Rent from Vos"),
    ("260303", "-25,50", "Paper"),
    ("260303", "-25,50", "Paper"),
]


def upload(books: Books, data: bytes, name: str = "march.sta") -> bank_import.Uploaded:
    with books.open():
        return bank_import.upload_statement(data=data, name=name)


def add_account(books: Books, *, number: str = NUMBER, currency: str = "EUR") -> UUID:
    with books.open():
        return bank_commands.create_bank_account(
            number=number, name=f"Main {currency}", currency=currency
        )


def all_lines(books: Books, **wanted: object) -> list[bank_queries.BankLine]:
    with books.open(read_only=True):
        return list(bank_queries.lines(LineFilter(**wanted)).rows)  # type: ignore[arg-type]  # of the filter


def refused(books: Books, code: str, kind: type[DomainError], act: object) -> DomainError:
    with pytest.raises(kind) as caught, books.open():
        act()  # type: ignore[operator]  # a plain callable
    fields = getattr(caught.value, "fields", {})
    assert code in [caught.value.code, *(p.code for ps in fields.values() for p in ps)]
    return caught.value


def test_a_statement_of_a_known_account_brings_its_lines_twins_included(books: Books) -> None:
    add_account(books)
    done = upload(books, mt940(ROWS))
    assert (done.state, done.lines_new, done.lines_total) == ("imported", 3, 3)
    assert [one.amount_minor for one in all_lines(books)] == [-2550, -2550, 10000]


def test_the_same_bytes_again_change_nothing(books: Books) -> None:
    add_account(books)
    first, second = upload(books, mt940(ROWS)), upload(books, mt940(ROWS), "again.sta")
    assert (second.file_id, second.repeated) == (first.file_id, True)
    assert len(all_lines(books)) == 3


def test_overlapping_windows_in_any_order_add_nothing_twice_and_lose_no_twin(books: Books) -> None:
    add_account(books)
    late = upload(books, mt940(ROWS[1:]))
    early = upload(books, mt940(ROWS[:2]))
    whole = upload(books, mt940([*ROWS, ("260304", "1,00", "New")]))
    assert [late.lines_new, early.lines_new, whole.lines_new] == [2, 1, 1]
    assert len(all_lines(books)) == 4


def test_an_unknown_number_waits_until_somebody_says_which_account_it_is(books: Books) -> None:
    done = upload(books, mt940(ROWS))
    assert (done.state, all_lines(books)) == ("waiting", [])
    account = add_account(books, number="OTHER1")
    with books.open():
        after = bank_import.choose_account(
            file_id=done.file_id, number=NUMBER, currency="EUR", bank_account_id=account
        )
    assert (after.state, after.lines_new) == ("imported", 3)
    assert upload(books, mt940([("260401", "5,00", "April")])).state == "imported"


def test_a_file_that_cannot_be_read_is_kept_with_line_and_reason(books: Books) -> None:
    bad = b":20:S\n:25:X\n:60F:C260101EUR0,\n:61:broken\n"
    done = upload(books, bad)
    with books.open(read_only=True):
        file = bank_queries.file(done.file_id)
        assert storage.read(file.stored_object_id) == bad
    assert file.state == "refused"
    assert file.error is not None
    assert (file.error["code"], file.error["line"]) == ("entry-invalid", 4)


def test_a_line_is_booked_undone_and_booked_again(books: Books, admin: psycopg.Connection) -> None:
    account = add_account(books)
    upload(books, mt940(ROWS))
    line = all_lines(books, amount_minor=10000)[0]
    coding = AccountCoding(books.accounts["4000"], memo="March")
    with books.open():
        entry = bank_commands.book_line(line_id=line.id, version=line.version, coding=coding)
        bank = next(one for one in bank_queries.bank_accounts() if one.id == account)
        postings = {one.account_id: one.base for one in queries.entry(entry.id).postings}
    assert postings == {bank.account_id: 10000, books.accounts["4000"]: -10000}
    booked = all_lines(books, state="booked")[0]
    assert (booked.entry_id, booked.version) == (entry.id, 2)
    with books.open():
        reconcile_commands.undo_line(line_id=line.id, version=2)
    again = all_lines(books, amount_minor=10000)[0]
    assert (again.state, again.entry_id, again.version) == ("to_do", None, 3)
    with books.open():
        bank_commands.book_line(line_id=line.id, version=3, coding=coding)
    events = admin.execute(
        "select count(*), count(*) filter (where voided_at is null) from app.usage_event"
        " where tenant_id = %s and meter = 'bank_line'",
        (books.tenant,),
    ).fetchone()
    assert events == (2, 1)


def test_the_second_of_two_people_at_one_line_is_told(books: Books) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    line = all_lines(books)[0]
    coding = AccountCoding(books.accounts["4000"])
    with books.open():
        bank_commands.book_line(line_id=line.id, version=1, coding=coding)
    refused(
        books,
        "bank-line-decided",
        Conflict,
        lambda: bank_commands.book_line(line_id=line.id, version=1, coding=coding),
    )
    refused(
        books,
        "bank-line-booked",
        Conflict,
        lambda: bank_commands.book_line(line_id=line.id, version=2, coding=coding),
    )


def test_a_closed_month_refuses_a_booking_and_leaves_the_line_to_do(books: Books) -> None:
    add_account(books)
    upload(books, mt940([("150302", "1,00", "Before the books")]))
    line = all_lines(books)[0]
    with pytest.raises(DomainError), books.open():
        bank_commands.book_line(
            line_id=line.id, version=1, coding=AccountCoding(books.accounts["4000"])
        )
    assert all_lines(books)[0].state == "to_do"


def test_a_foreign_line_takes_the_rate_given_or_the_one_kept(books: Books) -> None:
    account = add_account(books, number="US1", currency="USD")
    upload(
        books,
        mt940(
            [("260302", "100,00", "Fee"), ("260303", "10,00", "Tip")], number="US1", currency="USD"
        ),
    )
    tip, fee = all_lines(books)
    coding = AccountCoding(books.accounts["4000"])
    book = bank_commands.book_line
    refused(books, "rate-missing", Invalid, lambda: book(line_id=fee.id, version=1, coding=coding))
    with books.open():
        given = book(line_id=fee.id, version=1, coding=replace(coding, rate=Decimal("0.92345")))
        bank_commands.set_rate(currency="USD", on=dt.date(2026, 3, 1), rate=Decimal("0.9"))
        kept = book(line_id=tip.id, version=1, coding=coding)
        bank = bank_queries.bank_account(account)
        found = [
            next(p for p in queries.entry(one.id).postings if p.account_id == bank.account_id)
            for one in (given, kept)
        ]
    assert [(p.amount, p.currency, p.base) for p in found] == [
        (10000, "USD", 9235),
        (1000, "USD", 900),
    ]


def test_another_clients_line_and_file_are_not_found(
    books: Books, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    add_account(books)
    done = upload(books, mt940(ROWS))
    line = all_lines(books)[0]
    other = ledger_support.make_books(app, worker_app, admin)
    for act in (
        lambda: bank_queries.line(line.id),
        lambda: bank_queries.file(done.file_id),
        lambda: bank_commands.book_line(
            line_id=line.id, version=1, coding=AccountCoding(other.accounts["4000"])
        ),
        lambda: reconcile_commands.undo_line(line_id=line.id, version=1),
    ):
        refused(other, "not-found", NotFound, act)


def test_the_desk_counts_lines_to_do_with_the_oldest(
    books: Books, admin: psycopg.Connection
) -> None:
    add_account(books)
    upload(books, mt940(ROWS))
    figure = "select n, oldest::date from app.client_figure where tenant_id = %s and name = %s"
    values = (books.tenant, "bank_lines_to_do")
    assert admin.execute(figure, values).fetchone() == (3, dt.date(2026, 3, 2))
    admin.rollback()
    line = all_lines(books, amount_minor=10000)[0]
    with books.open():
        bank_commands.book_line(
            line_id=line.id, version=1, coding=AccountCoding(books.accounts["4000"])
        )
    assert admin.execute(figure, values).fetchone() == (2, dt.date(2026, 3, 3))


def test_pages_of_lines_follow_each_other_without_gap_or_double(books: Books) -> None:
    add_account(books)
    upload(books, mt940([(f"2603{day:02}", "1,00", f"No {day}") for day in range(1, 29)]))
    seen: list[UUID] = []
    after = None
    with books.open(read_only=True):
        while True:
            page = bank_queries.lines(LineFilter(state="to_do"), after=after, limit=10)
            seen += [one.id for one in page.rows]
            after = page.next
            if after is None:
                break
        assert bank_queries.count(LineFilter(text="no 2")) == 10
        assert bank_queries.count(LineFilter(text="%")) == 0
    assert len(seen) == len(set(seen)) == 28


def test_a_large_file_is_imported_by_a_job(books: Books, worker_app: Flask) -> None:
    add_account(books)
    rows = [("260302", f"{number},00", f"No {number}") for number in range(1, 2502)]
    done = upload(books, mt940(rows))
    assert (done.state, done.lines_new) == ("importing", 0)
    jobs.run_due(worker_app)
    with books.open(read_only=True):
        file = bank_queries.file(done.file_id)
    assert (file.state, file.lines_new, file.lines_total) == ("imported", 2501, 2501)


def test_a_statement_with_a_foreign_entry_is_refused_whole(books: Books) -> None:
    data = (
        b"<Document xmlns='urn:x:camt.053.001.08'><BkToCstmrStmt><Stmt><Acct><Id><IBAN>X1</IBAN>"
        b"</Id><Ccy>EUR</Ccy></Acct><Ntry><Amt Ccy='USD'>1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        b"<BookgDt><Dt>2026-03-01</Dt></BookgDt></Ntry></Stmt></BkToCstmrStmt></Document>"
    )
    with books.open():
        file = bank_queries.file(bank_import.upload_statement(data=data, name="x.xml").file_id)
    assert file.error is not None
    assert file.error["code"] == "currency-differs"
