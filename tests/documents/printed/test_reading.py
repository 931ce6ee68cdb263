"""Printed invoices are read by their labels; only what proves itself is believed fully."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import pdf_words
from app.documents.fields import Fields, Reading, Source
from app.documents.printed import reading, totals, values
from app.documents.printed.page import Box, Word, rows
from tests.documents.printed import papers

EXPECTED = {
    papers.ENGLISH: Fields(
        invoice_number="HP-2026/0093", issue_date=date(2026, 3, 14), kind="380", currency="EUR",
        due_date=date(2026, 4, 13), seller_name="Harrow Press Ltd", seller_vat="IE6388047V",
        buyer_name="Quern Mill Ltd", seller_iban="IE29AIBK93115212345678", net_minor=26_550,
        tax_minor=5_310, total_minor=31_860, payable_minor=31_860,
    ),
    papers.GERMAN: Fields(
        invoice_number="RE-77120", issue_date=date(2026, 2, 5), kind="380", currency="EUR",
        due_date=date(2026, 2, 19), seller_name="Fern & Söhne GmbH", seller_vat="DE136695976",
        seller_iban="DE02500105170137075030", net_minor=190_000, tax_minor=36_100,
        total_minor=226_100, payable_minor=226_100,
    ),
    papers.FRENCH: Fields(
        invoice_number="F2026-0018", issue_date=date(2026, 1, 31), kind="380", currency="EUR",
        seller_name="Atelier Lune SARL", seller_vat="FR40303265045", buyer_name="Moulin Vert SAS",
        net_minor=123_450, tax_minor=24_690, total_minor=148_140, payable_minor=148_140,
    ),
}  # fmt: skip


def read(source: str) -> Reading:
    return reading.read(pdf_words.words(papers.typeset(source)), source="text")


@pytest.mark.parametrize("source", EXPECTED, ids=["english", "german", "french"])
def test_an_invoice_is_read_as_the_eye_reads_it(source: str) -> None:
    assert read(source).fields == EXPECTED[source]


@pytest.mark.parametrize("source", EXPECTED, ids=["english", "german", "french"])
def test_totals_that_prove_each_other_are_believed_and_names_are_not(source: str) -> None:
    said = read(source).confidence
    assert min(said[name] for name in ("net_minor", "tax_minor", "total_minor")) == totals.PROVEN
    assert max(said["seller_name"], said["invoice_number"]) < reading.ACCEPTED


def test_totals_that_contradict_each_other_are_not_believed() -> None:
    said = read(papers.ENGLISH.replace("265.50]", "266.50]"))
    assert said.confidence["total_minor"] < reading.ACCEPTED
    assert said.fields.net_minor is None


def test_a_vat_number_with_wrong_digits_is_kept_but_not_believed() -> None:
    said = read(papers.ENGLISH.replace("IE6388047V", "IE6388047W"))
    assert said.fields.seller_vat == "IE6388047W"
    assert said.confidence["seller_vat"] < reading.ACCEPTED


SENTENCE = "*Handelsrechnung (380) Nr. R18-31 vom 03.10.2018*"


def believed(text: str, source: Source = "text") -> set[str]:
    """The fields of a page of these lines that are taken without a person's look."""
    words = pdf_words.words(papers.typeset(text))
    said = reading.read(words, source=source).confidence
    return {name for name, sure in said.items() if sure >= reading.ACCEPTED}


def test_a_headline_that_says_kind_number_and_day_is_believed() -> None:
    said = read(SENTENCE).fields
    assert (said.kind, said.invoice_number, said.issue_date) == ("380", "R18-31", date(2018, 10, 3))
    assert believed(SENTENCE) >= {"kind", "invoice_number", "issue_date"}


@pytest.mark.parametrize(
    "text",
    [
        "*Rechnung* gemäß Bestellung Nr. 2018-47 vom 01.03.2018",
        "*Gutschrift* \\ \\ Rechnung Nr. 77 vom 01.03.2018",
        f"{SENTENCE} \\ \\ Rechnung (380) Nr. R18-32 vom 04.10.2018",
        "*Invoice (380) No. 7 of 03/04/2018*",
    ],
)
def test_a_sentence_about_another_invoice_or_an_unclear_day_is_not_believed(text: str) -> None:
    assert not believed(text) & {"kind", "invoice_number", "issue_date"}


def test_figures_without_end_behind_a_headline_are_no_number() -> None:
    texts = ("Rechnung", "(380)", "Nr.", "1" * 200_000)
    words = [
        Word(text, Box(0, 50 + 60 * at, 50, 105 + 60 * at, 60)) for at, text in enumerate(texts)
    ]
    assert reading.read(words, source="text").confidence.get("invoice_number", 0) < reading.ACCEPTED


def test_a_sentence_seen_on_a_picture_is_not_believed() -> None:
    assert not believed(SENTENCE, "ocr") & {"kind", "invoice_number", "issue_date"}


def test_the_amount_due_is_believed_where_the_total_proves_it() -> None:
    assert "payable_minor" in believed(papers.ENGLISH)
    paid = papers.ENGLISH.replace(
        "[Amount due], [€ 318.60]", "[Paid], [{}], [Amount due], [€ 300.00]"
    )
    assert "payable_minor" in believed(paid.replace("{}", "€ 18.60"))
    assert "payable_minor" not in believed(paid.replace("{}", "€ 17.60"))


def test_a_letter_has_neither_number_nor_total() -> None:
    said = read("Dear Ada, thank you for the bread. Yours, Bo").fields
    assert (said.invoice_number, said.total_minor) == (None, None)


AMOUNTS = st.decimals(min_value=0, max_value=10**8, places=2)


@given(AMOUNTS, st.sampled_from([(",", "."), (".", ","), (" ", ","), ("’", ".")]))
def test_an_amount_is_read_in_every_notation(amount: Decimal, signs: tuple[str, str]) -> None:
    thousands, decimal = signs
    whole, _point, cents = f"{amount:,.2f}".partition(".")
    printed = whole.replace(",", thousands) + decimal + cents
    assert values.amounts(f"Total {printed} EUR") == [amount]


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_a_date_is_read_in_every_notation(day: date) -> None:
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y"):
        assert values.day(day.strftime(form), month_first=False) == values.Day(day)
    assert values.day(day.strftime("%d/%m/%Y"), month_first=False) == values.Day(
        day, sure=day.day > 12 or day.day == day.month
    )
    assert getattr(values.day(day.strftime("%m/%d/%Y"), month_first=True), "on", None) == day


@given(st.text(max_size=60))
def test_any_words_are_read_without_a_fault(text: str) -> None:
    words = [
        Word(word, Box(0, 10.0 + 30 * at, 10, 35.0 + 30 * at, 20))
        for at, word in enumerate(text.split())
    ]
    said = reading.read(words, source="ocr")
    assert set(said.confidence) >= {"kind"}
    assert all(0 < sure <= 1 for sure in said.confidence.values())


def test_words_of_one_height_make_a_row_and_wide_gaps_make_cells() -> None:
    def word(text: str, left: float, top: float) -> Word:
        return Word(text, Box(0, left, top, left + 20, top + 10))

    (first, second) = rows([word("b", 24, 1), word("c", 200, 2), word("d", 0, 15), word("a", 0, 0)])
    assert [cell.text for cell in first.cells] == ["a b", "c"]
    assert second.text == "d"


def test_a_day_that_does_not_exist_is_none() -> None:
    assert values.day("31.02.2026", month_first=False) is None
    assert values.day("no date", month_first=False) is None
    assert values.day(f"{date(2026, 1, 1) + timedelta(1)}", month_first=True) is not None
