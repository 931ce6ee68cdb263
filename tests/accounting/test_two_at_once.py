"""Two people, two connections, the same thing at the same time: one is first, the other is told."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from app.accounting import commands, ledger
from app.accounting.bank import intake as bank_import
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.commands import AccountCoding, book_line
from app.accounting.contacts import commands as contacts_commands
from app.accounting.moving import commands as moving_commands
from app.accounting.open_items import commands as settle
from app.accounting.open_items.values import Pairing
from app.accounting.papers import approved
from app.accounting.reconcile import matching
from app.cli import install
from app.kernel import db, undo
from app.kernel.errors import DomainError
from app.kernel.settings import Settings
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import add_account, all_lines, mt940, upload
from tests.accounting.test_open_items_ledger import claim, contact, residual
from tests.factories import Session

WAIT_SECONDS = 20
_BLOCKED = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and usename = 'app_rw' and wait_event_type = 'Lock'"
)


@pytest.fixture(scope="module")
def books(app: Flask, worker_app: Flask, settings: Settings) -> Books:
    """One client's books for this module."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return ledger_support.make_books(app, worker_app, admin)


@pytest.fixture
def meet(books: Books, settings: Settings) -> Callable[..., object]:
    """Lets a second person act while the first one's transaction is open; answers the second's end.

    The first commits only once the second waits for a lock of theirs, or is through.
    """
    second = books.second
    assert second is not None

    def run(
        first: Callable[[], object], other: Callable[[], object], who: Session = second
    ) -> object:
        ends: list[object] = []

        def act() -> None:
            try:
                with books.app.app_context(), db.transaction(who.scope(books.tenant)):
                    ends.append(other())
            except DomainError as refusal:
                ends.append(refusal.code)

        thread = threading.Thread(target=act)
        with psycopg.connect(
            install.libpq_url(settings.database_admin_url or ""), autocommit=True
        ) as admin:
            with books.open():
                first()
                thread.start()
                _until_blocked(admin, thread)
            thread.join(WAIT_SECONDS)
        assert ends, "the second never came to an end"
        return ends[0]

    return run


def _until_blocked(admin: psycopg.Connection, thread: threading.Thread) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while thread.is_alive() and time.monotonic() < until:
        if admin.execute(_BLOCKED).fetchone() != (0,):
            return
        thread.join(0.05)


def test_the_same_statement_twice_is_one_file(books: Books, meet: Callable[..., object]) -> None:
    add_account(books, number="GB1")
    data = mt940([("260302", "7,00", "Once")], number="GB1")

    def come() -> bank_import.Uploaded:
        return bank_import.upload_statement(data=data, name="a.sta")

    found = meet(come, come)
    assert isinstance(found, bank_import.Uploaded)
    assert (found.repeated, found.lines_total) == (True, 1)
    assert len(all_lines(books, amount_minor=700)) == 1


def test_the_same_export_of_another_package_twice_is_one_file(
    books: Books, meet: Callable[..., object], admin: psycopg.Connection
) -> None:
    data = b"*Code,*Name,*Type\n090,Business Bank Account,Bank\n200,Sales,Revenue\n"

    def come() -> UUID:
        return moving_commands.upload(data=data, name="twice.csv")

    found = meet(come, come)
    kept = admin.execute(
        "select id from app.moving_file where tenant_id = %s and name = 'twice.csv'",
        (books.tenant,),
    ).fetchall()
    assert kept == [(found,)]


def test_two_contacts_are_not_merged_into_each_other(
    books: Books, meet: Callable[..., object]
) -> None:
    one, other = contact(books), contact(books)
    end = meet(
        lambda: contacts_commands.merge(one, into=other),
        lambda: contacts_commands.merge(other, into=one),
    )
    assert end == "counterparty-unknown"


def test_a_contact_is_not_merged_into_one_that_goes_away(
    books: Books, meet: Callable[..., object]
) -> None:
    one, middle, last = contact(books), contact(books), contact(books)
    end = meet(
        lambda: contacts_commands.merge(middle, into=last),
        lambda: contacts_commands.merge(one, into=middle),
    )
    assert end == "counterparty-unknown"


def test_one_item_is_settled_by_one_of_two(
    books: Books, meet: Callable[..., object], admin: psycopg.Connection
) -> None:
    who = contact(books)
    invoice, first, second = (claim(books, who, amount) for amount in (100, -100, -100))
    end = meet(
        lambda: settle.allocate(pairs=[Pairing(invoice, first, 100)]),
        lambda: settle.allocate(pairs=[Pairing(invoice, second, 100)]),
    )
    assert end == "item-exceeded"
    assert residual(admin, invoice) == (0, 0)


def test_one_line_is_booked_by_one_of_two(books: Books, meet: Callable[..., object]) -> None:
    add_account(books, number="GB2")
    upload(books, mt940([("260302", "8,00", "Once")], number="GB2"))
    line = all_lines(books, amount_minor=800)[0]
    coding = AccountCoding(books.accounts["4000"])
    end = meet(
        lambda: book_line(line_id=line.id, version=1, coding=coding),
        lambda: book_line(line_id=line.id, version=1, coding=coding),
    )
    assert end == "bank-line-decided"


def test_an_act_is_taken_back_once(books: Books, meet: Callable[..., object]) -> None:
    one, other = contact(books), contact(books)
    with books.open():
        token = contacts_commands.merge(one, into=other)
    end = meet(lambda: undo.take(token), lambda: undo.take(token), books.session)
    assert end == "undo-not-possible"


def test_a_line_is_not_tied_to_an_entry_that_is_being_reversed(
    books: Books, meet: Callable[..., object]
) -> None:
    line, entry = _line_and_its_entry(books, "GB3", 900)
    end = meet(
        lambda: commands.reverse_entry(entry_id=entry, key=f"back-{entry}"),
        lambda: matching.match_entry(line_id=line, version=1, entry_id=entry),
    )
    assert end == "entry-reversed"
    assert all_lines(books, amount_minor=900)[0].state == "to_do"


def test_a_line_tied_to_an_entry_while_it_is_reversed_is_to_do_again(
    books: Books, meet: Callable[..., object]
) -> None:
    line, entry = _line_and_its_entry(books, "GB4", 1100)
    end = meet(
        lambda: matching.match_entry(line_id=line, version=1, entry_id=entry),
        lambda: commands.reverse_entry(entry_id=entry, key=f"back-{entry}"),
    )
    assert isinstance(end, ledger.PostedEntry)
    after = all_lines(books, amount_minor=1100)[0]
    assert (after.state, after.entry_id) == ("to_do", None)


def _line_and_its_entry(books: Books, number: str, amount: int) -> tuple[UUID, UUID]:
    """A bank line to do, and an entry that moved its amount on the bank's account already."""
    add_account(books, number=number)
    upload(books, mt940([("260302", f"{amount // 100},00", "Once")], number=number))
    line = all_lines(books, amount_minor=amount)[0]
    account = _account_of(books, line.bank_account_id)
    with books.open():
        done = commands.post_entry(
            journal="BANK",
            date=dt.date(2026, 3, 2),
            description="By hand",
            key=str(uuid4()),
            postings=[
                ledger.PostingInput(account, amount, "EUR", None),
                ledger.PostingInput(books.accounts["4000"], -amount, "EUR", None),
            ],
        )
    return line.id, done.id


def _account_of(books: Books, bank_account_id: UUID) -> UUID:
    with books.open(read_only=True):
        return next(
            one.account_id for one in bank_queries.bank_accounts() if one.id == bank_account_id
        )


def test_a_file_of_another_package_is_imported_by_one_of_two(
    books: Books, meet: Callable[..., object], admin: psycopg.Connection
) -> None:
    with books.open():
        file = moving_commands.upload(
            data=b"Contact Name,Email\nTwice Limited,a@b.example\n", name="contacts.csv"
        )
    end = meet(
        lambda: moving_commands.confirm(file_id=file),
        lambda: moving_commands.confirm(file_id=file),
    )
    assert end == "moving-not-waiting"
    named = "select count(*) from ledger.counterparty where tenant_id = %s and name = %s"
    assert admin.execute(named, (books.tenant, "Twice Limited")).fetchone() == (1,)
    end = meet(
        lambda: moving_commands.take_back(file_id=file),
        lambda: moving_commands.take_back(file_id=file),
    )
    assert end == "moving-not-imported"


def test_one_draft_sent_for_approval_twice_at_once_is_asked_once(
    books: Books, meet: Callable[..., object]
) -> None:
    draft = ledger.EntryDraft(
        journal="GEN",
        date=dt.date(2026, 3, 4),
        description="Pressed twice",
        postings=(
            ledger.PostingInput(books.accounts["5000"], 1_000, "EUR"),
            ledger.PostingInput(books.accounts["4000"], -1_000, "EUR"),
        ),
        key=str(uuid4()),
    )
    first: list[UUID] = []
    second = meet(
        lambda: first.append(approved.ask(draft)), lambda: approved.ask(draft), books.session
    )
    assert [second] == first
