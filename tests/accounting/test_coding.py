"""Splits, typed sums and tax inside the gross: nothing is lost and nothing is run as code."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounting import arithmetic, coding
from app.accounting.coding import BankSide, Coding, Part, Tax
from app.accounting.ledger import Book
from app.kernel import money
from app.kernel.errors import Invalid

BANK, FLOUR, RENT, VAT = (UUID(int=n) for n in range(1, 5))
EUR = Book("EUR")
STANDARD = {"STD": Tax("STD", Decimal("0.2"), VAT), "ZERO": Tax("ZERO", Decimal(0))}


def split(*typed: str | None, total: int = 10_000, comma: bool = False) -> tuple[int, ...]:
    return coding.split_amounts(typed, total_minor=total, currency="EUR", decimal_comma=comma)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12*3", "36"),
        ("100+20", "120"),
        ("25%", "25"),
        ("100 - 2*(3+4)", "86"),
        ("-5", "-5"),
        ("1,234.50/2", "617.25"),
        ("10×2", "20"),
        ("50% + 1", "51"),
    ],
)
def test_a_typed_sum_is_worked_out(text: str, value: str) -> None:
    assert arithmetic.evaluate(text, whole=Decimal(100)) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", "12*", "__import__('os')", "1e9", "2**3", "(1", "1)", "1/0", "%", "9" * 81, "((" * 30],
)
def test_what_is_no_sum_is_refused_and_never_run(text: str) -> None:
    with pytest.raises(money.NotAnAmount):
        arithmetic.evaluate(text, whole=Decimal(100))


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        found = arithmetic.evaluate(text, whole=Decimal(100))
    except money.NotAnAmount:
        return
    assert found.is_finite()


def test_a_share_a_product_and_the_rest_make_up_the_line() -> None:
    assert split("25%", "12*3", None) == (2_500, 3_600, 3_900)
    assert split("25%", "12*3", "", total=-10_000) == (-2_500, -3_600, -3_900)


def test_a_fee_held_back_is_typed_with_a_minus() -> None:
    assert split("103", "-3") == (10_300, -300)


def test_thirds_leave_the_last_cent_to_the_last_part() -> None:
    assert split("33.333%", None) == (3_333, 6_667)
    assert split("50%", "50%", total=101) == (51, 50)


def test_amounts_are_read_as_the_reader_writes_them() -> None:
    assert split("1.234,50", None, total=200_000, comma=True) == (123_450, 76_550)


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        (("10", "20"), "split-differs", "parts.1.amount"),
        ((None, None, "1"), "split-blank-twice", "parts.1.amount"),
        (("100", None), "split-part-zero", "parts.1.amount"),
        (("abc", None), "not-an-amount", "parts.0.amount"),
    ],
)
def test_a_split_that_does_not_add_up_names_its_part(
    typed: tuple[str | None, ...], code: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        split(*typed)
    assert refused.value.fields[field][0].code == code


@given(
    st.integers(-(10**9), 10**9).filter(bool),
    st.lists(st.integers(1, 99), min_size=1, max_size=6),
)
def test_whatever_is_typed_the_parts_add_up_to_the_line(total: int, shares: list[int]) -> None:
    typed = [*(f"{share}%" for share in shares), None]
    try:
        found = split(*typed, total=total)
    except Invalid:
        return
    assert sum(found) == total


@given(st.integers(-(10**12), 10**12), st.decimals("0", "1", places=4))
def test_net_and_tax_add_up_to_the_gross(gross: int, rate: Decimal) -> None:
    net, tax = coding.split_tax(gross, rate)
    assert net + tax == gross
    assert abs(Decimal(net) * rate - tax) <= 1 + rate


def test_tax_is_posted_beside_the_net() -> None:
    part = Part(FLOUR, 12_000, "EUR", tax_code="STD", dim1_id=uuid4(), memo="flour")
    found = coding.postings(
        BankSide(BANK, -12_000, "EUR"), Coding((part,)), taxes=STANDARD, book=EUR
    )
    assert [(one.account_id, one.amount, one.tax_code) for one in found] == [
        (BANK, -12_000, None),
        (FLOUR, 10_000, "STD"),
        (VAT, 2_000, "STD"),
    ]


OWED = uuid4()
REVERSE = {**STANDARD, "RC": Tax("RC", Decimal("0.2"), VAT, OWED)}


def test_a_zero_rate_splits_nothing() -> None:
    part = Part(RENT, 200, "EUR", tax_code="ZERO")
    found = coding.postings(BankSide(BANK, -200, "EUR"), Coding((part,)), taxes=STANDARD, book=EUR)
    assert [one.amount for one in found] == [-200, 200]


def test_a_reverse_charge_leaves_the_net_as_paid_and_posts_the_tax_on_both_sides() -> None:
    part = Part(FLOUR, 10_000, "EUR", tax_code="RC", dim1_id=uuid4())
    found = coding.postings(
        BankSide(BANK, -10_000, "EUR"), Coding((part,)), taxes=REVERSE, book=EUR
    )
    assert [(one.account_id, one.amount, one.tax_code) for one in found] == [
        (BANK, -10_000, None),
        (FLOUR, 10_000, "RC"),
        (VAT, 2_000, "RC"),
        (OWED, -2_000, "RC"),
    ]
    assert [one.dim1_id is None for one in found] == [True, False, True, True]


def test_a_reverse_charge_that_cannot_be_deducted_is_part_of_the_cost() -> None:
    taxes = {"USE": Tax("USE", Decimal("0.08"), None, OWED)}
    part = Part(FLOUR, 10_000, "EUR", tax_code="USE")
    found = coding.postings(BankSide(BANK, -10_000, "EUR"), Coding((part,)), taxes=taxes, book=EUR)
    assert [(one.account_id, one.amount) for one in found[1:]] == [
        (FLOUR, 10_000),
        (FLOUR, 800),
        (OWED, -800),
    ]


@given(
    st.lists(st.integers(-(10**8), 10**8).filter(bool), min_size=1, max_size=6),
    st.decimals("0", "0.3", places=4),
    st.decimals("0.0001", "500", places=4),
    st.sampled_from(["EUR", "USD", "JPY", "KWD"]),
)
def test_both_sides_of_a_reverse_charge_cancel_out_in_every_currency(
    amounts: list[int], rate: Decimal, exchange: Decimal, currency: str
) -> None:
    if not sum(amounts):
        return
    taxes = {"RC": Tax("RC", rate, VAT, OWED)}
    parts = tuple(Part(FLOUR, amount, currency, tax_code="RC") for amount in amounts)
    found = coding.postings(
        BankSide(BANK, -sum(amounts), currency),
        Coding(parts),
        taxes=taxes,
        book=EUR,
        rate=exchange,
    )
    assert sum(one.amount for one in found) == 0
    assert sum(one.amount if one.base is None else one.base for one in found) == 0
    assert [one.amount for one in found if one.account_id == FLOUR] == amounts
    deducted = [(one.amount, one.base) for one in found if one.account_id == VAT]
    owed = [(one.amount, one.base) for one in found if one.account_id == OWED]
    assert deducted == [(-amount, None if base is None else -base) for amount, base in owed]
    exact = [coding.reverse_tax(amount, rate) for amount in amounts]
    assert [amount for amount, _ in deducted] == [amount for amount in exact if amount]


@given(
    st.lists(st.integers(-(10**7), 10**7).filter(bool), min_size=1, max_size=6),
    st.decimals("0.0001", "500", places=4),
    st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_a_foreign_line_balances_in_base_and_in_its_currency(
    amounts: list[int], rate: Decimal, currency: str
) -> None:
    bank = BankSide(BANK, -sum(amounts), currency)
    if not bank.amount_minor:
        return
    parts = tuple(Part(FLOUR, amount, currency, tax_code="STD") for amount in amounts)
    found = coding.postings(bank, Coding(parts), taxes=STANDARD, book=EUR, rate=rate)
    assert sum(one.amount for one in found) == 0
    assert sum(one.base or 0 for one in found) == 0


def test_a_rate_is_asked_for_where_it_is_missing() -> None:
    with pytest.raises(Invalid) as refused:
        coding.postings(
            BankSide(BANK, -100, "USD"),
            Coding((Part(FLOUR, 100, "USD"),)),
            taxes={},
            book=EUR,
        )
    assert refused.value.fields["rate"][0].code == "rate-missing"


def test_a_part_on_the_banks_own_account_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        coding.postings(
            BankSide(BANK, -100, "EUR"), Coding((Part(BANK, 100, "EUR"),)), taxes={}, book=EUR
        )
    assert refused.value.fields["parts.0.account"][0].code == "bank-line-own-account"
