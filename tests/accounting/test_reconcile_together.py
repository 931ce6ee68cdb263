"""One line that is several entries, several lines that are one: found, tied, and let go again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.accounting import commands, queries
from app.accounting.bank import commands as bank_commands
from app.accounting.bank import queries as bank_queries
from app.accounting.ledger import PostingInput
from app.accounting.matching import engine, words
from app.accounting.matching.prepared import Known
from app.accounting.matching.values import Entry, Line
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import balance as reconcile_balance
from app.accounting.reconcile import commands as reconcile_commands
from app.accounting.reconcile import matching as reconcile_matching
from app.accounting.reconcile import together as reconcile_together
from app.kernel import db, ids, undo
from app.kernel.errors import Conflict, DomainError, Invalid
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.reconcile_scene import Scene
from tests.accounting.test_reconcile_pending import HERE, Person
from tests.accounting.test_suggest import NUMBER, bring, suggested

DAY = dt.date(2026, 3, 2)
STAFF = [
    ("260303", "-2100,00", "Ines Berg", "Salary March"),
    ("260303", "-1850,50", "Olga Novak", "Salary March"),
    ("260304", "-2400,25", "Paul Harrow", "Salary March"),
    ("260304", "-99,00", "Paper House", "Paper"),
]


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """Books with one bank account."""
    made = ledger_support.make_books(app, worker_app, admin)
    with made.open():
        bank_commands.create_bank_account(number=NUMBER, name="Main", currency="EUR")
    return made


def waiting(books: Books, amount: int, text: str, *, on: dt.date = DAY) -> UUID:
    """An entry on the bank's account that waits for its line."""
    with books.open():
        bank = bank_queries.bank_accounts()[0].account_id
        return commands.post_entry(
            journal="GEN",
            date=on,
            description=text,
            key=str(ids.uuid7()),
            postings=[
                PostingInput(bank, amount, "EUR"),
                PostingInput(books.accounts["6000"], -amount, "EUR"),
            ],
        ).id


def difference(books: Books) -> tuple[int, int, int]:
    """Bank less books, and how many lines are to do and done."""
    with books.open(read_only=True):
        found = reconcile_balance.balance(bank_queries.bank_accounts()[0].id)
    assert found.difference_minor == sum(one.minor for one in found.shares)
    return found.difference_minor, found.to_do, found.done


def states(books: Books, lines: Sequence[UUID]) -> list[str]:
    with books.open(read_only=True):
        return [bank_queries.line(one).state for one in lines]


def accept(books: Books, line: UUID) -> UUID:
    ((first, *_rest),) = suggested(books, [line])
    with books.open():
        version = bank_queries.line(line).version
        return reconcile_accept.accept(
            line_id=line, version=version, candidate=reconcile_accept.mark(first)
        ).undo


def test_salaries_paid_one_by_one_are_the_payroll_entry_together(books: Books) -> None:
    entry = waiting(books, -635_075, "Payroll March")
    lines = bring(books, STAFF)
    before = difference(books)
    ((first, *_rest),) = suggested(books, lines[1:2])
    assert (first.kind, first.entry_id, first.certainty) == ("entry", entry, "likely")
    assert set(first.with_line_ids) == {lines[0], lines[2]}
    assert words.said(first.reason).endswith("with 2 other lines")
    token = accept(books, lines[1])
    assert states(books, lines) == ["booked", "booked", "booked", "to_do"]
    assert difference(books) == (-9_900, 1, 3)
    with books.open():
        undo.take(token)
    assert difference(books) == before
    accept(books, lines[0])
    with books.open():
        version = bank_queries.line(lines[2]).version
        reconcile_commands.undo_line(line_id=lines[2], version=version)
    assert difference(books) == before
    accept(books, lines[2])
    with books.open():
        commands.reverse_entry(entry_id=entry, key="back")
    assert states(books, lines) == ["to_do"] * 4


def test_the_screen_is_told_which_other_lines_are_done_with_one(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    waiting(books, -635_075, "Payroll March")
    lines = bring(books, STAFF)
    with books.open(read_only=True):
        bank = bank_queries.bank_accounts()[0].id
        version = bank_queries.line(lines[1]).version
    scene = Scene(books, factories.slug_of(admin, books.tenant), bank, bank)
    person = Person(app, scene)
    mark = reconcile_accept.mark(suggested(books, [lines[1]])[0][0])
    answer = person.client.post(
        f"/c/{scene.slug}/books/reconcile/lines/{lines[1]}/accept",
        data={"accept": f"{version}:{mark}", "csrf_token": person.csrf},
        headers=HERE | {"Accept": "application/json"},
    )
    assert answer.status_code == 200
    assert set(answer.get_json()["gone"]) == {str(lines[0]), str(lines[2])}


def test_one_deposit_is_several_entries_and_all_of_them_wait_again_after_undo(
    books: Books,
) -> None:
    entries = [
        waiting(books, amount, f"Cheque {place}", on=DAY - dt.timedelta(days=place))
        for place, amount in enumerate((31_117, 20_050, 7_741))
    ]
    waiting(books, 5_000, "Another cheque")
    (line,) = bring(books, [("260303", "589,08", "Deposit desk", "Cheques")])
    before = difference(books)
    ((first, *_rest),) = suggested(books, [line])
    assert {first.entry_id, *first.more_entry_ids} == set(entries)
    assert words.said(first.reason).startswith("3 entries in the books")
    token = accept(books, line)
    assert difference(books) == (-5_000, 0, 1)
    with books.open():
        undo.take(token)
    assert difference(books) == before
    accept(books, line)
    with books.open():
        commands.reverse_entry(entry_id=entries[2], key="back")
    assert states(books, [line]) == ["to_do"]
    assert not suggested(books, [line])[0]


def test_an_entry_tied_with_others_is_taken_for_every_other_line(books: Books) -> None:
    entries = [waiting(books, amount, "Cheque") for amount in (1_000, 2_000)]
    one, two, three = bring(
        books,
        [
            ("260303", "30,00", "Desk", "Deposit"),
            ("260303", "10,00", "Desk", "Deposit"),
            ("260303", "20,00", "Desk", "Deposit"),
        ],
    )
    with books.open():
        reconcile_together.match_entries(line_id=one, version=1, entry_ids=entries)
    for line, entry in ((two, entries[0]), (three, entries[1])):
        with pytest.raises(Conflict) as refused, books.open():
            reconcile_matching.match_entry(line_id=line, version=1, entry_id=entry)
        assert refused.value.code == "entry-taken"


def test_what_does_not_add_up_is_refused_and_nothing_is_tied(books: Books) -> None:
    entries = [waiting(books, amount, "Cheque") for amount in (1_000, 2_000)]
    lines = bring(
        books,
        [("260303", "31,00", "Desk", "Deposit"), ("260303", "4,00", "Desk", "Deposit")],
    )
    before = difference(books)
    with pytest.raises(Conflict) as refused, books.open():
        reconcile_together.match_entries(line_id=lines[0], version=1, entry_ids=entries)
    assert refused.value.code == "entry-amount-differs"
    with pytest.raises(Conflict) as refused, books.open():
        reconcile_together.match_lines(versions=dict.fromkeys(lines, 1), entry_id=entries[1])
    assert refused.value.code == "entry-amount-differs"
    with pytest.raises(Invalid), books.open():
        reconcile_together.match_entries(line_id=lines[0], version=1, entry_ids=entries[:1] * 2)
    assert difference(books) == before


def test_the_database_refuses_a_further_entry_without_its_line(
    books: Books, admin: psycopg.Connection
) -> None:
    entry = waiting(books, 1_000, "Cheque")
    (line,) = bring(books, [("260303", "30,00", "Desk", "Deposit")])
    with pytest.raises(DomainError), books.open():
        db.session.execute(
            sa.text(
                "insert into app.bank_line_entry (tenant_id, bank_account_id, entry_id, line_id)"
                " select tenant_id, bank_account_id, :entry, id from app.bank_transaction"
                " where id = :line"
            ),
            {"entry": entry, "line": line},
        )
    assert admin.execute(
        "select count(*) from app.bank_line_entry where tenant_id = %s", (books.tenant,)
    ).fetchone() == (0,)


def test_two_people_never_tie_one_entry_twice(books: Books) -> None:
    entry = waiting(books, -635_075, "Payroll March")
    lines = bring(books, STAFF)
    with books.open():
        reconcile_together.match_lines(versions=dict.fromkeys(lines[:3], 1), entry_id=entry)
    with pytest.raises(Conflict), books.open():
        reconcile_together.match_lines(versions=dict.fromkeys(lines[:3], 2), entry_id=entry)
    with books.open(read_only=True):
        trial = queries.trial_balance(on=dt.date(2026, 12, 31))
    assert sum(row.balance for row in trial.rows) == 0


ACCOUNT, BANK = ids.uuid7(), ids.uuid7()


def _line(amount: int, place: int) -> Line:
    on = DAY + dt.timedelta(days=place % 3)
    return Line(ids.uuid7(), BANK, ACCOUNT, on, amount, "EUR", text=f"Salary {place}")


def _entry(amount: int, place: int) -> Entry:
    on = DAY - dt.timedelta(days=place % 9)
    return Entry(ids.uuid7(), ACCOUNT, on, amount, "EUR", f"GEN 2026/{place}", "Payroll")


@given(
    amounts=st.lists(st.integers(-5_000, 5_000).filter(bool), min_size=1, max_size=30),
    booked=st.lists(st.integers(-20_000, 20_000).filter(bool), max_size=30),
)
def test_what_belongs_together_always_adds_up_and_is_never_certain(
    amounts: list[int], booked: list[int]
) -> None:
    lines = [_line(amount, place) for place, amount in enumerate(amounts)]
    entries = {one.id: one for one in (_entry(a, place) for place, a in enumerate(booked))}
    by_id = {one.id: one for one in lines}
    found = engine.suggest(lines, Known(entries=list(entries.values())))
    for line_id, listed in found.items():
        for one in listed:
            if not (one.more_entry_ids or one.with_line_ids):
                continue
            assert one.entry_id is not None
            assert one.certainty != "certain"
            told = [entries[e].amount_minor for e in (one.entry_id, *one.more_entry_ids)]
            taken = [by_id[i].amount_minor for i in (line_id, *one.with_line_ids)]
            assert sum(told) == sum(taken)
            assert len(set(one.with_line_ids)) == len(one.with_line_ids)


def test_very_many_of_both_stay_bounded() -> None:
    lines = [_line(-100_000 - place * 7, place) for place in range(2_000)]
    entries = [_entry(-3_000 - place * 11, place) for place in range(2_000)]
    found = engine.suggest(lines, Known(entries=entries))
    assert len(found) == 2_000
