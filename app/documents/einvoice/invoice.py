"""What an electronic invoice says, in the terms of EN 16931; amounts as written, not rounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line (BG-25); `net` is BT-131, `unit_price` BT-146, `tax_rate` BT-152 in per cent."""

    name: str | None
    quantity: Decimal | None
    unit_price: Decimal | None
    net: Decimal | None
    tax_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """One line of the VAT breakdown (BG-23): its category, rate in per cent, base and tax."""

    category: str | None
    rate: Decimal | None
    base: Decimal | None
    tax: Decimal | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The document's totals (BG-22): BT-106 to BT-115 in that order, without BT-111."""

    lines: Decimal | None = None
    allowances: Decimal | None = None
    charges: Decimal | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None
    payable: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the invoice (BT-125), decoded."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice or credit note; what it does not say is None.

    `kind` is the code of UNTDID 1001 (BT-3), `seller_vat` BT-31, `seller_iban` BT-84. `summed` says
    whether lines and totals must agree by the rules of EN 16931 (profiles without lines, and
    FatturaPA, have rules of their own).
    """

    number: str | None
    issued_on: date | None
    kind: str | None
    currency: str | None
    due_on: date | None
    seller_name: str | None
    seller_vat: str | None
    buyer_name: str | None
    seller_iban: str | None
    totals: Totals
    groups: tuple[TaxGroup, ...]
    lines: tuple[InvoiceLine, ...]
    attachments: tuple[Attachment, ...] = ()
    summed: bool = True
