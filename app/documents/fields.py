"""What is read off a paper, in one form whatever it was read from: fields, confidence, faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from stdnum import iban
from stdnum.eu import vat

from app.documents.einvoice.invoice import Invoice
from app.kernel.money import CURRENCIES, exponent, round_half_up

Source = Literal["xml", "text", "ocr"]
_UNSURE = 0.5
"""How far a number is believed whose check digits are wrong."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice; `tax_rate` in per cent, `net_minor` in minor units."""

    name: str | None
    quantity: Decimal | None
    unit_price: Decimal | None
    net_minor: int | None
    tax_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of an invoice, named after EN 16931; amounts in minor units of `currency`."""

    invoice_number: str | None = None
    issue_date: date | None = None
    kind: str | None = None
    currency: str | None = None
    due_date: date | None = None
    seller_name: str | None = None
    seller_vat: str | None = None
    buyer_name: str | None = None
    seller_iban: str | None = None
    net_minor: int | None = None
    tax_minor: int | None = None
    total_minor: int | None = None
    payable_minor: int | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The fields of one invoice, and by field how far they are believed (0 to 1)."""

    source: Source
    fields: Fields
    confidence: Mapping[str, float] = field(default_factory=dict)

    @property
    def overall(self) -> float:
        """The confidence of the field that is believed least; 0 where nothing was read."""
        return min(self.confidence.values(), default=0.0)


def of_invoice(invoice: Invoice) -> Reading:
    """An electronic invoice's fields: certain, but for numbers whose check digits are wrong."""
    sums = invoice.totals
    currency = invoice.currency
    fields = Fields(
        invoice_number=invoice.number,
        issue_date=invoice.issued_on,
        kind=invoice.kind,
        currency=currency,
        due_date=invoice.due_on,
        seller_name=invoice.seller_name,
        seller_vat=invoice.seller_vat,
        buyer_name=invoice.buyer_name,
        seller_iban=invoice.seller_iban,
        net_minor=_minor(sums.net, currency),
        tax_minor=_minor(sums.tax, currency),
        total_minor=_minor(sums.total, currency),
        payable_minor=_minor(sums.payable, currency),
        lines=tuple(
            Line(one.name, one.quantity, one.unit_price, _minor(one.net, currency), one.tax_rate)
            for one in invoice.lines
        ),
    )
    return Reading("xml", fields, _believed(fields))


def _believed(fields: Fields) -> dict[str, float]:
    named = (name for name in Fields.__slots__ if name != "lines")
    said = {name: 1.0 for name in named if getattr(fields, name) is not None}
    if fields.seller_iban and not iban_holds(fields.seller_iban):
        said["seller_iban"] = _UNSURE
    if fields.seller_vat and not vat_holds(fields.seller_vat):
        said["seller_vat"] = _UNSURE
    return said


def iban_holds(number: str) -> bool:
    """Whether an account number that looks like an IBAN has right check digits (ISO 13616)."""
    return not number[:2].isalpha() or bool(iban.is_valid(number))


def vat_holds(number: str) -> bool:
    """Whether a VAT number of an EU country has right check digits; others are believed."""
    return number[:2].lower() not in vat.MEMBER_STATES or bool(vat.is_valid(number))


def _minor(amount: Decimal | None, currency: str | None) -> int | None:
    """Minor units, an amount finer than the currency rounded half up."""
    if amount is None or currency not in CURRENCIES:
        return None
    return round_half_up(amount.scaleb(exponent(currency)))
