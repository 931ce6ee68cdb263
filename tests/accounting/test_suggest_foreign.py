"""Bank lines that pay open items of another currency: found, booked, settled whole, taken back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
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
from app.accounting.coding import Coding, Part
from app.accounting.ledger import PostingInput
from app.accounting.matching import engine, words
from app.accounting.matching.prepared import Known
from app.accounting.matching.values import ItemShare, Line, OpenItem, Suggestion
from app.accounting.open_items import queries as open_items_queries
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import balance as reconcile_balance
from app.accounting.reconcile import settling as reconcile_settling
from app.accounting.suggest import queries as suggest_queries
from app.kernel import db, ids, undo
from app.kernel.errors import Conflict, Invalid
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_suggest import NUMBER, SAVINGS, bring, suggested

DAY = dt.date(2026, 3, 2)
GAIN, LOSS = "4910", "7010"


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """Books in euro with one bank account."""
    made = ledger_support.make_books(app, worker_app, admin)
    with made.open():
        bank_commands.create_bank_account(number=NUMBER, name="Main", currency="EUR")
    return made


def owed(books: Books, number: str, dollars: int, euros: int, *, name: str) -> UUID:
    """A claim in dollars, booked at so many euros; negative for a bill."""
    control = books.accounts["1100" if dollars > 0 else "2000"]
    with books.open():
        who = commands.create_counterparty(
            name=name, kind="customer" if dollars > 0 else "supplier"
        )
        return commands.post_entry(
            journal="GEN",
            date=dt.date(2026, 2, 10),
            description=number,
            key=str(ids.uuid7()),
            postings=[
                PostingInput(control, dollars, "USD", euros, counterparty_id=who, memo=number),
                PostingInput(books.accounts["4000"], -dollars, "USD", -euros),
            ],
        ).id


def rate(books: Books, value: str, *, on: dt.date = DAY) -> None:
    with books.open():
        bank_commands.set_rate(currency="USD", on=on, rate=Decimal(value))


def moved(books: Books) -> dict[str, int]:
    """The accounts' balances in base currency, those that are not empty."""
    with books.open(read_only=True):
        found = queries.trial_balance(on=dt.date(2026, 12, 31))
    assert sum(row.balance for row in found.rows) == 0
    return {row.code: row.balance for row in found.rows if row.balance}


def residuals(books: Books, control: str = "receivable") -> list[tuple[int, int]]:
    with books.open(read_only=True):
        found = open_items_queries.open_items(control=control)
        return [(one.residual, one.residual_base) for one in found]


def accept(books: Books, line: UUID) -> tuple[Suggestion, UUID]:
    ((first, *_rest),) = suggested(books, [line])
    with books.open():
        version = bank_queries.line(line).version
        done = reconcile_accept.accept(
            line_id=line, version=version, candidate=reconcile_accept.mark(first)
        )
    return first, done.undo


def test_a_euro_line_pays_a_dollar_invoice_and_the_gain_is_realised(books: Books) -> None:
    owed(books, "US-77120", 100_000, 90_000, name="Cobalt Inc")
    rate(books, "0.92")
    before = moved(books)
    (line,) = bring(books, [("260302", "910,00", "COBALT INC", "INVOICE US-77120")])
    first, token = accept(books, line)
    assert (first.kind, first.certainty) == ("open_item", "likely")
    assert words.said(first.reason) == (
        "Open invoice US-77120 over US$\u00a01,000.00, exchange difference €10.00"
    )
    assert residuals(books) == []
    after = moved(books)
    assert after[GAIN] == -1_000
    assert "1100" not in after
    with books.open(read_only=True):
        account = bank_queries.bank_accounts()[0].id
        assert reconcile_balance.balance(account).difference_minor == 0
    with books.open():
        undo.take(token)
    assert moved(books) == before
    assert residuals(books) == [(100_000, 90_000)]


def test_a_dollar_bill_paid_dearer_than_booked_is_a_loss(books: Books) -> None:
    owed(books, "B-55310", -50_000, -45_000, name="Delta Parts")
    rate(books, "0.93")
    (line,) = bring(books, [("260302", "-468,00", "DELTA PARTS", "B-55310")])
    accept(books, line)
    assert residuals(books, "payable") == []
    assert moved(books)[LOSS] == 1_800


def test_it_is_certain_only_where_cited_and_worth_exactly_what_was_booked(books: Books) -> None:
    owed(books, "US-77121", 100_000, 90_000, name="Cobalt Inc")
    cited, named, off = bring(
        books,
        [
            ("260302", "900,00", "Cobalt Inc", "US-77121"),
            ("260302", "900,00", "Cobalt Inc", "thank you"),
            ("260302", "901,00", "Cobalt Inc", "US-77121"),
        ],
    )
    found = [suggested(books, [one])[0][0] for one in (cited, named, off)]
    assert found[0].kind == found[2].kind == "open_item"
    assert {one.certainty for one in found[1:]} <= {"likely", "unsure"}


def test_an_amount_the_days_rate_cannot_explain_is_not_suggested(books: Books) -> None:
    owed(books, "US-77122", 100_000, 90_000, name="Cobalt Inc")
    rate(books, "0.92")
    (line,) = bring(books, [("260302", "700,00", "Cobalt Inc", "US-77122")])
    (listed,) = suggested(books, [line])
    assert not [one for one in listed if one.open_items]


def settle_fee(books: Books, line: UUID, minor: int, guess: Suggestion) -> UUID:
    """Settles what a guess says with the bank's fee beside; nought leaves the amount to it."""
    with books.open():
        version = bank_queries.line(line).version
        return reconcile_accept.settle_with_rest(
            line_id=line,
            version=version,
            candidate=reconcile_accept.mark(guess),
            rest=Part(books.accounts["6900"], minor, ""),
        ).undo


def test_the_banks_fee_that_the_line_names_is_booked_beside_and_the_next_knows_where(
    books: Books,
) -> None:
    owed(books, "US-77124", 100_000, 90_000, name="Cobalt Inc")
    owed(books, "B-55311", -50_000, -45_000, name="Delta Parts")
    rate(books, "0.92")
    before = moved(books)
    got, sent = bring(
        books,
        [
            ("260302", "902,00", "COBALT INC", "US-77124 FEE EUR 8,00"),
            ("260303", "-475,50", "DELTA PARTS", "B-55311 Entgelt 15,50"),
        ],
    )
    ((first, *_rest),) = suggested(books, [got])
    assert words.said(first.reason) == (
        "Open invoice US-77124 over US$\u00a01,000.00, bank fee €8.00, exchange difference €10.00"
    )
    assert (first.difference_minor, first.certainty) == (-800, "likely")
    with pytest.raises(Conflict) as refused:
        accept(books, got)
    assert refused.value.code == "suggestion-incomplete"
    token = settle_fee(books, got, 0, first)
    after = moved(books)
    assert after["6900"] == before.get("6900", 0) + 800
    assert after[GAIN] == before.get(GAIN, 0) - 1_000
    assert residuals(books) == []
    second, _token = accept(books, sent)
    assert second.coding is not None
    assert second.coding.parts[-1] == Part(books.accounts["6900"], 1_550, "EUR")
    assert moved(books)["6900"] == before.get("6900", 0) + 2_350
    assert moved(books)[LOSS] == before.get(LOSS, 0) + 1_000
    assert residuals(books, "payable") == []
    with books.open():
        undo.take(token)
    assert residuals(books) == [(100_000, 90_000)]


def test_what_the_days_rate_leaves_may_be_a_fee_and_a_person_may_say_another(books: Books) -> None:
    owed(books, "US-77125", 20_000, 18_000, name="Cobalt Inc")
    rate(books, "0.92")
    (line,) = bring(books, [("260302", "168,00", "Cobalt Inc", "US-77125")])
    ((first, *_rest),) = suggested(books, [line])
    assert first.difference_minor == -1_600
    settle_fee(books, line, 1_400, first)
    after = moved(books)
    assert after["6900"] == 1_400
    # 168.00 and the fee make 182.00 of what was booked at 180.00
    assert after[GAIN] == -200
    assert residuals(books) == []


def test_a_fee_that_leaves_nothing_for_the_items_is_refused(books: Books) -> None:
    entry = owed(books, "B-55312", -50_000, -45_000, name="Delta Parts")
    rate(books, "0.92")
    (line,) = bring(books, [("260302", "-468,00", "DELTA PARTS", "B-55312")])
    share = ItemShare(entry, 1, -50_000, books.accounts["2000"], UUID(int=0), None, "USD")
    for fee in (46_800, 50_000):
        rest = Coding((Part(books.accounts["6900"], fee, "EUR"),))
        with pytest.raises(Invalid) as refused, books.open():
            reconcile_settling.settle(line_id=line, version=1, items=[share], rest=rest)
        assert refused.value.fields["rest"][0].code == "items-foreign-rest"
    assert residuals(books, "payable") == [(-50_000, -45_000)]


def test_a_dollar_line_pays_a_bill_in_euro_less_a_dollar_fee(books: Books) -> None:
    with books.open():
        bank_commands.create_bank_account(number=SAVINGS, name="Dollars", currency="USD")
        who = commands.create_counterparty(name="Ems Werft", kind="supplier")
        entry = commands.post_entry(
            journal="GEN",
            date=dt.date(2026, 2, 10),
            description="E-1",
            key="e-1",
            postings=[
                PostingInput(books.accounts["2000"], -92_000, "EUR", counterparty_id=who),
                PostingInput(books.accounts["6000"], 92_000, "EUR"),
            ],
        ).id
    rate(books, "0.92")
    (line,) = bring(
        books, [("260302", "-1015,00", "Ems Werft", "E-1")], number=SAVINGS, currency="USD"
    )
    share = ItemShare(entry, 1, -92_000, books.accounts["2000"], who, None, "EUR")
    rest = Coding((Part(books.accounts["6900"], 1_500, "USD"),))
    with books.open():
        token = reconcile_settling.settle(line_id=line, version=1, items=[share], rest=rest).undo
    after = moved(books)
    assert after["6900"] == 1_380
    assert residuals(books, "payable") == []
    with books.open():
        undo.take(token)
    assert residuals(books, "payable") == [(-92_000, -92_000)]


def test_items_of_two_currencies_are_refused_with_what_to_do(books: Books) -> None:
    entry = owed(books, "US-77123", 100_000, 90_000, name="Cobalt Inc")
    (line,) = bring(books, [("260302", "900,00", "Cobalt Inc", "US-77123")])
    who = UUID(int=0)
    dollars = ItemShare(entry, 1, 100_000, books.accounts["1100"], who, None, "USD")
    euros = ItemShare(entry, 1, 100_000, books.accounts["1100"], who, None, "EUR")
    with pytest.raises(Invalid) as refused, books.open():
        reconcile_settling.settle(line_id=line, version=1, items=[dollars, euros])
    assert refused.value.fields["items"][0].code == "items-one-currency"


def test_nothing_is_read_of_rates_where_all_is_in_one_currency(books: Books) -> None:
    (line,) = bring(books, [("260302", "700,00", "Somebody", "Something")])
    sent: list[str] = []
    with books.open(read_only=True):
        engine_ = db.db.engine
        note = lambda _c, _k, statement, *_r: sent.append(statement)  # noqa: E731
        sa.event.listen(engine_, "before_cursor_execute", note)
        suggest_queries.suggestions([line])
        sa.event.remove(engine_, "before_cursor_execute", note)
    assert not [one for one in sent if "exchange_rate" in one]


def _case(
    amount: int, dollars: int, booked: int, kept: Decimal | None, cites: bool
) -> Suggestion | None:
    line = Line(
        ids.uuid7(), ids.uuid7(), ids.uuid7(), DAY, amount, "EUR", counterparty="Cobalt Inc",
        text="US-77120" if cites else "thanks", party_key="cobalt inc",
    )  # fmt: skip
    item = OpenItem(
        ids.uuid7(), 1, ids.uuid7(), ids.uuid7(), "Cobalt Inc", "receivable", DAY, DAY,
        "US-77120", "USD", dollars, booked,
    )  # fmt: skip
    rates = {"USD": [(DAY, kept)]} if kept else {}
    found = engine.suggest([line], Known(items=[item], base="EUR", rates=rates))[line.id]
    return next((one for one in found if one.open_items), None)


@given(
    amount=st.integers(1, 10**9),
    dollars=st.integers(1, 10**9),
    booked=st.integers(1, 10**9),
    kept=st.none() | st.integers(100, 10**6).map(lambda n: Decimal(n) / 10_000),
    cites=st.booleans(),
)
def test_what_is_suggested_over_currencies_takes_the_item_whole_and_is_plausible(
    amount: int, dollars: int, booked: int, kept: Decimal | None, cites: bool
) -> None:
    found = _case(amount, dollars, booked, kept, cites)
    if found is None:
        return
    assert found.open_items[0].amount_minor == dollars
    assert found.coding is not None
    assert found.coding.total_minor == -amount + found.difference_minor
    amount -= found.difference_minor
    expected = dollars * kept if kept else Decimal(booked)
    share = Decimal("0.03" if kept else "0.1")
    near = abs(amount - expected) <= abs(expected) * share + 1
    assert amount == booked or near
    if found.certainty == "certain":
        assert cites
        assert amount == booked


@given(booked=st.integers(1, 10**9))
def test_cited_and_worth_what_was_booked_is_found_whatever_the_amount(booked: int) -> None:
    found = _case(booked, booked + 7, booked, None, True)
    assert found is not None
    assert found.certainty == "certain"
