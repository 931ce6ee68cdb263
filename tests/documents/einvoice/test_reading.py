"""Electronic invoices are read field by field, and what contradicts itself is named."""

from __future__ import annotations

import base64
import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import checks, fields
from app.documents.einvoice import reading
from app.documents.einvoice.sheet import NotAnInvoice
from app.kernel.errors import Invalid
from tests.documents.einvoice import samples


def rules(data: bytes) -> list[str]:
    return [fault.rule for fault in reading.read(data).faults]


def test_a_ubl_invoice_is_read_whole() -> None:
    found = reading.read(samples.ubl())
    (invoice,) = found.invoices
    said = fields.of_invoice(invoice)
    assert (found.syntax, found.faults) == ("ubl", ())
    assert said.fields == fields.Fields(
        invoice_number="2026-77",
        issue_date=date(2026, 3, 2),
        kind="380",
        currency="EUR",
        due_date=date(2026, 4, 1),
        seller_name="Fern & Söhne GmbH",
        seller_vat="DE136695976",
        buyer_name="Quern Mill Ltd",
        seller_iban="DE02500105170137075030",
        net_minor=20_000,
        tax_minor=3_800,
        total_minor=23_800,
        payable_minor=20_000,
        lines=(fields.Line("Advice", Decimal("3.5"), Decimal("60.00"), 21_000, Decimal(19)),),
    )
    assert said.overall == 1
    assert [(one.name, one.content) for one in invoice.attachments] == [("hours.csv", b"a,b")]


def test_a_cii_credit_note_without_lines_is_whole_in_a_profile_that_has_none() -> None:
    found = reading.read(samples.cii())
    said = fields.of_invoice(found.invoices[0]).fields
    assert (found.syntax, found.faults) == ("cii", ())
    assert (said.kind, said.seller_vat, said.due_date) == (
        "381", "FR40303265045", date(2026, 3, 2),
    )  # fmt: skip
    assert (said.net_minor, said.tax_minor, said.payable_minor) == (10_000, 2_000, 12_000)
    assert rules(samples.cii(profile="urn:cen.eu:en16931:2017")) == ["BR-16"]


def test_every_invoice_of_an_italian_lot_is_read() -> None:
    found = reading.read(samples.fatturapa("TD01", "TD04"))
    first, second = (fields.of_invoice(one).fields for one in found.invoices)
    assert (first.kind, second.kind) == ("380", "381")
    assert (first.seller_name, first.seller_vat) == ("Ada Bruni", "IT00743110157")
    assert (first.net_minor, first.tax_minor, first.total_minor) == (1_000, 220, 1_220)
    assert first.payable_minor == 1_220
    assert first.lines[0].net_minor == 1_000


def test_a_total_that_contradicts_the_lines_is_named_by_its_rules() -> None:
    assert rules(samples.ubl(net="200.01")) == ["BR-CO-15", "BR-CO-13"]


@given(st.decimals(min_value=0, max_value=10**6, places=2))
def test_only_the_net_that_agrees_passes(net: Decimal) -> None:
    assert ("BR-CO-15" in rules(samples.ubl(net=str(net)))) == (net != 200)


def test_values_that_are_none_are_named_with_their_line() -> None:
    (fault,) = reading.read(samples.cii(due="20260231")).faults
    assert (fault.rule, fault.what) == ("value", "DateTimeString: 20260231")
    assert fault.line is not None
    (fault, *_rest) = reading.read(samples.ubl(net="2e2")).faults
    assert fault.what == "TaxExclusiveAmount: 2e2"


def test_wrong_check_digits_lower_the_confidence_of_their_field_alone() -> None:
    (invoice,) = reading.read(samples.ubl(iban="DE03500105170137075030")).invoices
    said = fields.of_invoice(invoice)
    assert said.confidence["seller_iban"] < 1
    assert said.overall == said.confidence["seller_iban"]
    assert {value for name, value in said.confidence.items() if name != "seller_iban"} == {1.0}


def test_a_virus_inside_an_attached_file_is_found() -> None:
    virus = checks.EICAR
    with pytest.raises(Invalid) as refused:
        reading.read(samples.ubl(file=base64.b64encode(virus).decode()))
    assert refused.value.fields["file"][0].code == "file-virus"


def test_an_attached_file_that_is_broken_is_named() -> None:
    assert [fault.what for fault in reading.read(samples.ubl(file="?")).faults] == [
        "EmbeddedDocumentBinaryObject: base64"
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<Invoice", "xml-broken"),
        (b"", "xml-broken"),
        (b"<html/>", "not-an-invoice"),
        (b"<Invoice xmlns='urn:other'/>", "not-an-invoice"),
        (b"<Order/>", "an-order"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><Invoice/>", "xml-entities"),
        (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hosts'>]><a>&x;</a>", "xml-entities"),
    ],
)
def test_other_files_are_refused_with_their_reason(data: bytes, code: str) -> None:
    with pytest.raises(NotAnInvoice) as refused:
        reading.read(data)
    assert refused.value.code == code


@given(st.integers(0, 3_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_invoice_is_read_or_refused(place: int, noise: bytes) -> None:
    whole = samples.ubl()
    with contextlib.suppress(NotAnInvoice, Invalid):
        reading.read(whole[:place] + noise + whole[place + len(noise) :])
