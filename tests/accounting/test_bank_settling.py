"""Any windows in any order end in the same lines: twins, reused ids, pending ones and all."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.accounting.bank import dedupe as bank_dedupe
from app.accounting.bank import settling as bank_settling
from app.accounting.bank.settling import Known
from connectors.catalog.bank.statement import BankTransaction, Statement, Status

START = date(2026, 1, 1)


def bought(day: int, minor: int, text: str, bank_id: str | None) -> BankTransaction:
    booked = START + timedelta(days=day)
    return BankTransaction(booked, booked, minor, "EUR", text=text, bank_id=bank_id)


histories = st.lists(
    st.builds(
        bought,
        st.integers(0, 6),
        st.sampled_from([100, -250, -251]),
        st.sampled_from(["card shop", "card café", "transfer"]),
        st.sampled_from([None, "1", "2", "FIT-77", "FIT-78", "20260101-000001"]),
    ),
    max_size=40,
)
windows = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=8)


def lines_of(transactions: list[BankTransaction]) -> list[bank_dedupe.Line]:
    statement = Statement("X1", "EUR", transactions=tuple(transactions))
    return bank_dedupe.lines([statement], ["account"])


def day_of(one: BankTransaction) -> int:
    return ((one.booked_on or START) - START).days


@settings(max_examples=400)
@given(histories, windows, st.randoms(use_true_random=False))
def test_overlapping_windows_with_reused_ids_keep_every_twin_once(
    history: list[BankTransaction], spans: list[tuple[int, int]], order: random.Random
) -> None:
    ordered = sorted(history, key=day_of)
    files = [
        [one for one in ordered if first <= day_of(one) <= last]
        for first, last in (sorted(span) for span in spans)
    ]
    covered = [one for one in ordered if any(min(s) <= day_of(one) <= max(s) for s in spans)]
    wanted = {(one.key, one.occurrence) for one in lines_of(covered)}
    assert len(wanted) == len(covered)
    for _turn in range(2):
        order.shuffle(files)
        kept = {(one.key, one.occurrence) for file in files for one in lines_of(file)}
        assert kept == wanted


def known(one: BankTransaction) -> Known:
    return Known(
        "account",
        one.booked_on or START,
        one.amount_minor,
        bank_settling.merchant_of(one.counterparty, one.text),
        bank_settling.bank_id_of(one.bank_id),
        "",
    )


payments = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 30), st.integers(0, 7)), min_size=1, max_size=15
)


@settings(max_examples=300)
@given(payments, st.randoms(use_true_random=False))
def test_each_notice_finds_a_booking_of_its_amount_and_merchant_and_none_twice(
    rows: list[tuple[int, int, int]], order: random.Random
) -> None:
    notices, bookings = [], []
    for day, minor, shift in rows:
        notice = bought(day, -minor, f"SHOP {minor} 4711", None)
        notices.append(replace(notice, status=Status.PENDING))
        bookings.append(bought(day + shift, -minor, f"Shop {minor} ref 99", None))
    order.shuffle(notices)
    order.shuffle(bookings)
    found = bank_settling.pairs([known(one) for one in notices], [known(one) for one in bookings])
    assert len({place for place, _at in found}) == len(found)
    assert len({at for _place, at in found}) == len(found)
    for place, at in found:
        assert notices[place].amount_minor == bookings[at].amount_minor
        apart = day_of(bookings[at]) - day_of(notices[place])
        assert -bank_settling.EARLIER <= apart <= bank_settling.DAYS
    amounts = [minor for _day, minor, _shift in rows]
    alone = {minor for minor in amounts if amounts.count(minor) == 1}
    assert alone <= {-notices[place].amount_minor for place, _at in found}


def test_another_sign_account_amount_or_merchant_is_another_line() -> None:
    notice = known(bought(0, -500, "Hotel", None))
    same = known(bought(3, -500, "Hotel", None))
    assert bank_settling.distance(notice, same) == 4
    assert bank_settling.distance(notice, replace(same, account="other")) is None
    assert bank_settling.distance(notice, replace(same, amount_minor=500)) is None
    assert bank_settling.distance(notice, replace(same, amount_minor=-501)) is None
    assert bank_settling.distance(notice, replace(same, merchant="bakery")) is None
    late = replace(same, booked_on=START + timedelta(days=8))
    assert bank_settling.distance(notice, late) is None
    by_id = replace(notice, bank_id="A-1")
    assert bank_settling.distance(by_id, replace(late, bank_id="A-1", amount_minor=-501)) == 0
