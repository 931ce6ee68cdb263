"""A paper and a bank line fit by amount, day, name and number; money goes the right way."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.accounting.papers.fits import LineSide, PaperSide, best, fit

DAY = dt.date(2026, 3, 14)
PAPER = PaperSide(
    UUID(int=1), (31_860,), "EUR", "380", DAY, DAY + dt.timedelta(days=30), "Harrow Press Ltd",
    "IE29AIBK93115212345678", "HP-2026/0093",
)  # fmt: skip
LINE = LineSide(UUID(int=2), DAY, -31_860, "EUR", "HARROW PRESS", None, None, "Invoice")


def why(paper: PaperSide, line: LineSide) -> tuple[str, ...]:
    found = fit(paper, line)
    return found.why if found else ()


def test_number_account_name_and_day_each_tell_why() -> None:
    assert why(PAPER, LINE) == ("name", "day", "amount")
    told = replace(
        LINE, text="Inv HP 2026 0093", counterparty_account="IE29 AIBK 9311 5212 3456 78"
    )
    assert why(PAPER, told) == ("number", "iban", "name", "day", "amount")


def test_another_amount_currency_direction_or_time_fits_not() -> None:
    for other in (
        replace(LINE, amount_minor=-31_861),
        replace(LINE, currency="GBP"),
        replace(LINE, amount_minor=31_860),
        replace(LINE, booked_on=DAY - dt.timedelta(days=6)),
        replace(LINE, booked_on=DAY + dt.timedelta(days=91)),
    ):
        assert fit(PAPER, other) is None


def test_a_credit_note_brings_money_in() -> None:
    credit = replace(PAPER, kind="381")
    assert fit(credit, LINE) is None
    assert fit(credit, replace(LINE, amount_minor=31_860)) is not None


def test_an_invoice_over_less_than_nothing_brings_money_in() -> None:
    corrected = replace(PAPER, kind="384", amounts=(-31_860,))
    assert fit(corrected, LINE) is None
    assert fit(corrected, replace(LINE, amount_minor=31_860)) is not None


def test_of_an_invoice_paid_too_much_the_rest_comes_back() -> None:
    overpaid = replace(PAPER, amounts=(-5_000, 31_860))
    assert fit(overpaid, replace(LINE, amount_minor=5_000)) is not None
    assert fit(overpaid, replace(LINE, amount_minor=-5_000)) is None
    assert fit(overpaid, LINE) is not None


def test_a_credit_note_that_writes_less_than_nothing_brings_money_in_too() -> None:
    credit = replace(PAPER, kind="381", amounts=(-31_860,))
    assert fit(credit, LINE) is None
    assert fit(credit, replace(LINE, amount_minor=31_860)) is not None


def test_a_receipt_without_a_name_finds_its_line_by_amount_and_day() -> None:
    receipt = replace(PAPER, seller=None, seller_iban=None, number=None, due_on=None)
    card = replace(LINE, counterparty=None, text="CARD 4711", booked_on=DAY + dt.timedelta(days=1))
    assert why(receipt, card) == ("day", "amount")


def test_who_is_paid_decides_between_two_lines_of_one_amount() -> None:
    other = replace(LINE, id=UUID(int=3), counterparty="Northern Water", booked_on=DAY)
    assert best(PAPER, [other, LINE])[0].line_id == LINE.id


@given(st.integers(-(10**9), 10**9), st.integers(-200, 200))
def test_the_score_is_a_part_of_one_and_the_amount_the_same(amount: int, days: int) -> None:
    line = replace(LINE, amount_minor=amount, booked_on=DAY + dt.timedelta(days=days))
    found = fit(PAPER, line)
    assert found is None or (0 < found.score <= 1 and amount == -31_860)
