"""OASIS UBL 2.1 invoices and credit notes: Peppol BIS, XRechnung (paths: EN 16931-3-2)."""

from __future__ import annotations

from app.documents.einvoice.invoice import Invoice, InvoiceLine, TaxGroup, Totals
from app.documents.einvoice.sheet import Sheet

ROOTS = frozenset({"Invoice", "CreditNote"})
_EMBEDDED = "AdditionalDocumentReference/Attachment/EmbeddedDocumentBinaryObject"


def invoices(sheet: Sheet) -> tuple[Invoice, ...]:
    """The one invoice or credit note of a file."""
    seller = sheet.one("AccountingSupplierParty/Party")
    buyer = sheet.one("AccountingCustomerParty/Party")
    currency = sheet.text("DocumentCurrencyCode")
    taxes = [
        one for one in sheet.every("TaxTotal") if one.in_currency("TaxAmount", currency) is not None
    ]
    return (
        Invoice(
            number=sheet.text("ID"),
            issued_on=sheet.day("IssueDate"),
            kind=sheet.text("InvoiceTypeCode|CreditNoteTypeCode"),
            currency=currency,
            due_on=sheet.day("DueDate") or sheet.day("PaymentMeans/PaymentDueDate"),
            seller_name=_name(seller),
            seller_vat=_vat(seller),
            buyer_name=_name(buyer),
            seller_iban=sheet.text("PaymentMeans/PayeeFinancialAccount/ID"),
            totals=_totals(sheet, taxes, currency=currency),
            groups=tuple(_group(one) for tax in taxes[:1] for one in tax.every("TaxSubtotal")),
            lines=tuple(_line(one) for one in sheet.every("InvoiceLine|CreditNoteLine")),
            attachments=tuple(sheet.files(_EMBEDDED)),
        ),
    )


def _name(party: Sheet | None) -> str | None:
    """The registered name (BT-27, BT-44), else the trading name."""
    if party is None:
        return None
    return party.text("PartyLegalEntity/RegistrationName") or party.text("PartyName/Name")


def _vat(party: Sheet | None) -> str | None:
    for scheme in party.every("PartyTaxScheme") if party else ():
        if scheme.text("TaxScheme/ID") == "VAT":
            return scheme.text("CompanyID")
    return None


def _totals(sheet: Sheet, taxes: list[Sheet], *, currency: str | None) -> Totals:
    sums = sheet.one("LegalMonetaryTotal")
    if sums is None:
        return Totals()
    return Totals(
        lines=sums.number("LineExtensionAmount"),
        allowances=sums.number("AllowanceTotalAmount"),
        charges=sums.number("ChargeTotalAmount"),
        net=sums.number("TaxExclusiveAmount"),
        tax=taxes[0].in_currency("TaxAmount", currency) if taxes else None,
        total=sums.number("TaxInclusiveAmount"),
        prepaid=sums.number("PrepaidAmount"),
        rounding=sums.number("PayableRoundingAmount"),
        payable=sums.number("PayableAmount"),
    )


def _group(subtotal: Sheet) -> TaxGroup:
    return TaxGroup(
        category=subtotal.text("TaxCategory/ID"),
        rate=subtotal.number("TaxCategory/Percent"),
        base=subtotal.number("TaxableAmount"),
        tax=subtotal.number("TaxAmount"),
    )


def _line(line: Sheet) -> InvoiceLine:
    return InvoiceLine(
        name=line.text("Item/Name"),
        quantity=line.number("InvoicedQuantity|CreditedQuantity"),
        unit_price=line.number("Price/PriceAmount"),
        net=line.number("LineExtensionAmount"),
        tax_rate=line.number("Item/ClassifiedTaxCategory/Percent"),
    )
