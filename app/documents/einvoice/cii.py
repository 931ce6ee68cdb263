"""UN/CEFACT Cross Industry Invoice: Factur-X, ZUGFeRD 1 and 2, XRechnung (paths: EN 16931-3-3)."""

from __future__ import annotations

from collections.abc import Iterator

from app.documents.einvoice.invoice import Attachment, Invoice, InvoiceLine, TaxGroup, Totals
from app.documents.einvoice.sheet import Sheet, local

_ZUGFERD_1 = "CrossIndustryDocument"
"""Its amount due may be left out where it equals the total."""
ROOTS = frozenset({"CrossIndustryInvoice", _ZUGFERD_1})
# The second name of each pair is ZUGFeRD 1's.
_HEAD = "ExchangedDocument|HeaderExchangedDocument"
_DEAL = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction"
_AGREED = "ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement"
_SETTLED = "ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement"
_SUMS = "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
_LINE_SUMS = (
    "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
)
_PROFILE = (
    "ExchangedDocumentContext|SpecifiedExchangedDocumentContext"
    "/GuidelineSpecifiedDocumentContextParameter/ID"
)
_WITHOUT_LINES = ("minimum", "basicwl")
_NOT_COUNTED = frozenset({"GROUP", "INFORMATION"})
"""Lines of the extended profile that only head or explain others."""


def invoices(sheet: Sheet) -> tuple[Invoice, ...]:
    """The one invoice of a file."""
    seller = f"{_DEAL}/{_AGREED}/SellerTradeParty"
    settled = f"{_DEAL}/{_SETTLED}"
    account = "SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount"
    currency = sheet.text(f"{settled}/InvoiceCurrencyCode")
    return (
        Invoice(
            number=sheet.text(f"{_HEAD}/ID"),
            issued_on=sheet.day(f"{_HEAD}/IssueDateTime/DateTimeString"),
            kind=sheet.text(f"{_HEAD}/TypeCode"),
            currency=currency,
            due_on=sheet.day(
                f"{settled}/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString"
            ),
            seller_name=sheet.text(f"{seller}/Name"),
            seller_vat=_vat(sheet.every(f"{seller}/SpecifiedTaxRegistration/ID")),
            buyer_name=sheet.text(f"{_DEAL}/{_AGREED}/BuyerTradeParty/Name"),
            seller_iban=sheet.text(f"{settled}/{account}/IBANID|ProprietaryID"),
            totals=_totals(sheet, f"{settled}/{_SUMS}", currency=currency),
            groups=tuple(_group(one) for one in sheet.every(f"{settled}/ApplicableTradeTax")),
            lines=tuple(_lines(sheet)),
            attachments=tuple(_attachments(sheet)),
            summed=_has_lines(sheet),
        ),
    )


def _vat(registrations: list[Sheet]) -> str | None:
    """BT-31 is the registration of the scheme VA; FC is the local tax number."""
    return next((one.text() for one in registrations if one.attribute("schemeID") == "VA"), None)


def _totals(sheet: Sheet, path: str, *, currency: str | None) -> Totals:
    sums = sheet.one(path)
    if sums is None:
        return Totals()
    total = sums.in_currency("GrandTotalAmount", currency)
    due = sums.number("DuePayableAmount")
    return Totals(
        lines=sums.number("LineTotalAmount"),
        allowances=sums.number("AllowanceTotalAmount"),
        charges=sums.number("ChargeTotalAmount"),
        net=sums.number("TaxBasisTotalAmount"),
        tax=sums.in_currency("TaxTotalAmount", currency),
        total=total,
        prepaid=sums.number("TotalPrepaidAmount"),
        rounding=sums.number("RoundingAmount"),
        payable=total if due is None and local(sheet.node) == _ZUGFERD_1 else due,
    )


def _group(tax: Sheet) -> TaxGroup:
    return TaxGroup(
        category=tax.text("CategoryCode"),
        rate=tax.number("RateApplicablePercent|ApplicablePercent"),
        base=tax.number("BasisAmount"),
        tax=tax.number("CalculatedAmount"),
    )


def _lines(sheet: Sheet) -> Iterator[InvoiceLine]:
    for line in sheet.every(f"{_DEAL}/IncludedSupplyChainTradeLineItem"):
        if line.text("AssociatedDocumentLineDocument/LineStatusReasonCode") in _NOT_COUNTED:
            continue
        agreed = "SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement"
        delivered = "SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery"
        settled = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement"
        rate = "ApplicableTradeTax/RateApplicablePercent|ApplicablePercent"
        yield InvoiceLine(
            name=line.text("SpecifiedTradeProduct/Name"),
            quantity=line.number(f"{delivered}/BilledQuantity"),
            unit_price=line.number(f"{agreed}/NetPriceProductTradePrice/ChargeAmount"),
            net=line.number(f"{settled}/{_LINE_SUMS}/LineTotalAmount"),
            tax_rate=line.number(f"{settled}/{rate}"),
        )


def _attachments(sheet: Sheet) -> Iterator[Attachment]:
    for reference in sheet.every(f"{_DEAL}/{_AGREED}/AdditionalReferencedDocument"):
        yield from reference.files("AttachmentBinaryObject")


def _has_lines(sheet: Sheet) -> bool:
    profile = (sheet.text(_PROFILE) or "").lower()
    return not profile.endswith(_WITHOUT_LINES)
