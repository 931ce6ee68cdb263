"""Payouts of card processors: the days' invoices less a fee, booked to where fees went before."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.accounting import commands, queries
from app.accounting.bank import commands as bank_commands
from app.accounting.bank import queries as bank_queries
from app.accounting.coding import Coding, Part
from app.accounting.ledger import PostingInput
from app.accounting.matching import engine, payouts, words
from app.accounting.matching.prepared import Known
from app.accounting.matching.values import FeePast, Line, OpenItem
from app.accounting.open_items import queries as open_items_queries
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import balance as reconcile_balance
from app.accounting.suggest import queries as suggest_queries
from app.kernel import ids, undo
from app.kernel.errors import Conflict
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_suggest import NUMBER, bring, invoice, suggested

DAY = dt.date(2026, 3, 2)


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """Books with one bank account."""
    made = ledger_support.make_books(app, worker_app, admin)
    with made.open():
        bank_commands.create_bank_account(number=NUMBER, name="Main", currency="EUR")
    return made


def sold(books: Books, day: int, *amounts: int) -> None:
    """What was sold to strangers on a day of March, one invoice each."""
    for amount in amounts:
        on = dt.date(2026, 3, day)
        invoice(books, f"Guest {day}/{amount}", f"W{day}-{amount}", amount, on=on)


def residuals(books: Books) -> list[int]:
    with books.open(read_only=True):
        return sorted(one.residual for one in open_items_queries.open_items(control="receivable"))


def balances(books: Books) -> dict[str, int]:
    with books.open(read_only=True):
        found = queries.trial_balance(on=dt.date(2026, 12, 31))
    assert sum(row.balance for row in found.rows) == 0
    return {row.code: row.balance for row in found.rows if row.balance}


def accept(books: Books, line: UUID) -> UUID:
    ((first, *_rest),) = suggested(books, [line])
    with books.open():
        version = bank_queries.line(line).version
        return reconcile_accept.accept(
            line_id=line, version=version, candidate=reconcile_accept.mark(first)
        ).undo


def test_the_first_payout_asks_where_the_fee_goes_and_the_next_one_knows(books: Books) -> None:
    sold(books, 2, 10_000, 5_550)
    sold(books, 9, 20_000, 1_200, 3_333)
    first, second = bring(
        books,
        [
            ("260304", "153,17", "STRIPE PAYMENTS EUROPE", "Payout 1"),
            ("260311", "241,65", "STRIPE PAYMENTS EUROPE", "Payout 2"),
        ],
    )
    ((guess, *_rest),) = suggested(books, [first])
    assert (guess.kind, guess.difference_minor) == ("open_item", -233)
    with pytest.raises(Conflict) as refused:
        accept(books, first)
    assert refused.value.code == "suggestion-incomplete"
    with books.open():
        reconcile_accept.settle_with_rest(
            line_id=first,
            version=1,
            candidate=reconcile_accept.mark(guess),
            rest=Part(books.accounts["6900"], 0, "EUR"),
        )
    assert residuals(books) == [1_200, 3_333, 20_000]
    before = balances(books)
    ((guess, *_rest),) = suggested(books, [second])
    assert (guess.difference_minor, guess.certainty) == (0, "likely")
    assert words.said(guess.reason) == "Stripe payout: 3 open invoices, fee €3.68"
    assert guess.coding is not None
    assert guess.coding.parts[-1] == Part(books.accounts["6900"], 368, "EUR")
    token = accept(books, second)
    assert residuals(books) == []
    assert balances(books)["6900"] == before["6900"] + 368
    with books.open():
        undo.take(token)
    assert balances(books) == before
    assert residuals(books) == [1_200, 3_333, 20_000]


def taken(books: Books, day: int, amount: int, text: str) -> UUID:
    """A day's takings booked on the bank's account before the processor has paid them."""
    with books.open():
        bank = bank_queries.bank_accounts()[0].account_id
        return commands.post_entry(
            journal="GEN",
            date=dt.date(2026, 3, day),
            description=text,
            key=str(ids.uuid7()),
            postings=[
                PostingInput(bank, amount, "EUR"),
                PostingInput(books.accounts["4000"], -amount, "EUR"),
            ],
        ).id


def test_takings_that_are_booked_already_are_paid_less_the_fee(books: Books) -> None:
    entries = {taken(books, 2, 40_000, "SumUp takings"), taken(books, 3, 23_500, "SumUp takings")}
    taken(books, 3, 9_900, "Cash brought to the bank")
    taken(books, 9, 10_000, "SumUp takings")
    first, second = bring(
        books,
        [
            ("260304", "624,20", "SUMUP PAYMENTS", "PID 1"),
            ("260311", "98,30", "SUMUP PAYMENTS", "PID 2"),
        ],
    )
    before = balances(books)
    ((guess, *_rest),) = suggested(books, [first])
    assert (guess.kind, guess.difference_minor) == ("entry", -1_080)
    assert {guess.entry_id, *guess.more_entry_ids} == entries
    assert words.said(guess.reason) == "SumUp payout: 2 entries in the books, fee €10.80"
    with pytest.raises(Conflict) as refused:
        accept(books, first)
    assert refused.value.code == "suggestion-incomplete"
    with books.open():
        token = reconcile_accept.settle_with_rest(
            line_id=first,
            version=1,
            candidate=reconcile_accept.mark(guess),
            rest=Part(books.accounts["6900"], 0, "EUR"),
        ).undo
    after = balances(books)
    assert after["6900"] == before.get("6900", 0) + 1_080
    with books.open(read_only=True):
        found = reconcile_balance.balance(bank_queries.bank_accounts()[0].id)
    assert {(one.kind, one.minor) for one in found.shares if one.count} >= {("to_do", 9_830)}
    # the next one knows where the fee goes, and that nobody books the whole line there
    ((guess, *others),) = suggested(books, [second])
    assert (guess.kind, guess.difference_minor) == ("entry", 0)
    assert guess.coding == Coding((Part(books.accounts["6900"], 170, "EUR"),))
    assert not [one for one in others if one.kind == "memory"]
    accept(books, second)
    assert balances(books)["6900"] == before.get("6900", 0) + 1_250
    with books.open():
        undo.take(token)
    assert balances(books)["6900"] == before.get("6900", 0) + 170
    ((guess, *_rest),) = suggested(books, [first])
    assert {guess.entry_id, *guess.more_entry_ids} == entries


def test_what_was_paid_otherwise_is_left_out_where_the_usual_share_tells(books: Books) -> None:
    sold(books, 2, 10_000)
    (first,) = bring(books, [("260303", "98,50", "STRIPE PAYMENTS EUROPE", "Payout 1")])
    ((guess, *_rest),) = suggested(books, [first])
    with books.open():
        reconcile_accept.settle_with_rest(
            line_id=first,
            version=1,
            candidate=reconcile_accept.mark(guess),
            rest=Part(books.accounts["6900"], 0, "EUR"),
        )
    # 312.40 of the day came in cash: 20,000 + 7,777 less 1.5 %
    sold(books, 9, 20_000, 31_240, 7_777)
    (second,) = bring(books, [("260311", "273,60", "STRIPE PAYMENTS EUROPE", "Payout 2")])
    ((guess, *_rest),) = suggested(books, [second])
    assert sorted(one.amount_minor for one in guess.open_items) == [7_777, 20_000]
    assert guess.certainty != "certain"
    assert any(one.code == "because-payout-some" for one in guess.details)
    accept(books, second)
    assert residuals(books) == [31_240]


def test_an_invoice_paid_in_part_before_is_in_the_payout_with_what_is_left(books: Books) -> None:
    sold(books, 2, 10_000, 5_550)
    (deposit,) = bring(books, [("260302", "40,00", "Guest 2/10000", "W2-10000")])
    accept(books, deposit)
    assert residuals(books) == [5_550, 6_000]
    (line,) = bring(books, [("260304", "113,77", "STRIPE PAYMENTS EUROPE", "Payout 1")])
    ((guess, *_rest),) = suggested(books, [line])
    assert sorted(one.amount_minor for one in guess.open_items) == [5_550, 6_000]
    assert guess.difference_minor == -173


@given(
    sizes=st.lists(st.integers(1, 10**6), min_size=1, max_size=40),
    share=st.floats(0, 0.05),
    data=st.data(),
)
def test_what_is_left_out_and_what_is_paid_make_up_the_days(
    sizes: list[int], share: float, data: st.DataObject
) -> None:
    kept = [one for one in sizes if data.draw(st.booleans())]
    net = max(round(sum(kept) * (1 - share)), 1)
    line = Line(
        ids.uuid7(), ids.uuid7(), ids.uuid7(), DAY, net, "EUR", counterparty="SumUp", party_key="s"
    )
    items = {item.key: item for item in _items([(0, one) for one in sizes])}
    fees = {"s": [FeePast(ids.uuid7(), share)]}
    found = engine.suggest([line], Known(items=list(items.values()), fees=fees))[line.id]
    for one in found:
        if one.reason.code != "payout":
            continue
        gross = sum(items[s.entry_id, s.no].residual_minor for s in one.open_items)
        assert one.coding is not None
        assert one.coding.total_minor == -net
        assert gross - net > 0
        assert one.certainty != "certain"


def test_money_out_and_other_payers_are_no_payouts(books: Books) -> None:
    sold(books, 2, 10_000, 5_550)
    lines = bring(
        books,
        [
            ("260304", "-153,17", "PayPal Europe", "Fees"),
            ("260304", "153,17", "Ordinary Payer", "Thank you"),
        ],
    )
    with books.open(read_only=True):
        found = suggest_queries.suggestions(lines)
    assert not [one for listed in found.values() for one in listed if one.open_items]


def test_a_fee_in_a_split_is_the_one_part_against_the_others() -> None:
    a, b = ids.uuid7(), ids.uuid7()
    fee = payouts.fee_of(Coding((Part(a, -10_000, "EUR"), Part(b, 200, "EUR"))), 9_800)
    assert fee is not None
    assert (fee.account_id, fee.share) == (b, 0.02)
    assert payouts.fee_of(Coding((Part(a, -10_000, "EUR"), Part(b, -200, "EUR"))), 10_200) is None


def _items(sizes: list[tuple[int, int]]) -> list[OpenItem]:
    return [
        OpenItem(
            ids.uuid7(), 1, UUID(int=1), UUID(int=place + 10), f"Guest {place}", "receivable",
            DAY + dt.timedelta(days=day), None, f"W{place}", "EUR", amount,
        )
        for place, (day, amount) in enumerate(sizes)
    ]  # fmt: skip


@given(
    sizes=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10**7)), max_size=60),
    net=st.integers(1, 10**8),
    share=st.none() | st.floats(0, 0.2),
)
def test_parts_of_a_payout_always_make_the_line_and_no_item_is_taken_past_nought(
    sizes: list[tuple[int, int]], net: int, share: float | None
) -> None:
    on = DAY + dt.timedelta(days=21)
    line = Line(
        ids.uuid7(), ids.uuid7(), ids.uuid7(), on, net, "EUR", counterparty="SumUp", party_key="s"
    )
    items = {item.key: item for item in _items(sizes)}
    fees = {} if share is None else {"s": [FeePast(ids.uuid7(), share)]}
    found = engine.suggest([line], Known(items=list(items.values()), fees=fees))[line.id]
    for one in found:
        if not one.open_items or one.reason.code != "payout":
            continue
        assert one.certainty != "certain"
        assert one.coding is not None
        assert one.coding.total_minor == -net + one.difference_minor
        assert len({(s.entry_id, s.no) for s in one.open_items}) == len(one.open_items)
        assert all(s.amount_minor == items[s.entry_id, s.no].residual_minor for s in one.open_items)
        gross = sum(s.amount_minor for s in one.open_items)
        assert 0 < gross - net <= gross * 0.06 + 50 * len(one.open_items)


def test_many_items_and_many_payouts_stay_bounded() -> None:
    items = _items([(place % 35, 100 + place) for place in range(20_000)])
    lines = [
        Line(
            ids.uuid7(), ids.uuid7(), ids.uuid7(), DAY + dt.timedelta(days=35), 5_000 + place,
            "EUR", counterparty="PAYPAL *SHOP", party_key="paypal shop",
        )
        for place in range(200)
    ]  # fmt: skip
    found = engine.suggest(lines, Known(items=items))
    assert all(len(listed) <= 9 for listed in found.values())
