"""Another, plain reading of e-invoices by path, to hold ours against: header fields and lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from app.documents import extract, pdf_attachments
from app.documents.fields import Fields


def _at(path: str) -> str:
    """A path of local names as XPath; a step may carry a condition of its own."""
    steps = []
    for step in path.split("/"):
        name, mark, condition = step.partition("[")
        either = " or ".join(f"local-name()='{one}'" for one in name.split("|"))
        steps.append(f"*[{either}]{mark}{condition}")
    return "/".join(steps)


_OURS = "[not(@currencyID) or @currencyID=$currency]"
_SUMS = "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
_PARTY = "AccountingSupplierParty/Party"
_GENERAL = "FatturaElettronicaBody/DatiGenerali/DatiGeneraliDocumento"
_CEDENTE = "FatturaElettronicaHeader/CedentePrestatore/DatiAnagrafici"
_HEAD = "ExchangedDocument|HeaderExchangedDocument"
_DEAL = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction"
_AGREED = f"{_DEAL}/ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement"
_SETTLED = f"{_DEAL}/ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement"
_CII = {
    "currency": f"{_SETTLED}/InvoiceCurrencyCode",
    "invoice_number": f"{_HEAD}/ID",
    "issue_date": f"{_HEAD}/IssueDateTime/DateTimeString",
    "kind": f"{_HEAD}/TypeCode",
    "due_date": f"{_SETTLED}/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString",
    "seller_name": f"{_AGREED}/SellerTradeParty/Name",
    "seller_vat": f"{_AGREED}/SellerTradeParty/SpecifiedTaxRegistration/ID[@schemeID='VA']",
    "buyer_name": f"{_AGREED}/BuyerTradeParty/Name",
    "seller_iban": f"{_SETTLED}/SpecifiedTradeSettlementPaymentMeans"
    "/PayeePartyCreditorFinancialAccount/IBANID",
    "net_minor": f"{_SETTLED}/{_SUMS}/TaxBasisTotalAmount",
    "tax_minor": f"{_SETTLED}/{_SUMS}/TaxTotalAmount{_OURS}",
    "total_minor": f"{_SETTLED}/{_SUMS}/GrandTotalAmount{_OURS}",
    "payable_minor": f"{_SETTLED}/{_SUMS}/DuePayableAmount",
}
_UBL = {
    "currency": "DocumentCurrencyCode",
    "invoice_number": "ID",
    "issue_date": "IssueDate",
    "kind": "InvoiceTypeCode|CreditNoteTypeCode",
    "seller_name": f"{_PARTY}/PartyLegalEntity/RegistrationName",
    "seller_vat": f"{_PARTY}/PartyTaxScheme[.//*[.='VAT']]/CompanyID",
    "buyer_name": "AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName",
    "seller_iban": "PaymentMeans/PayeeFinancialAccount/ID",
    "tax_minor": f"TaxTotal/TaxAmount{_OURS}",
    "net_minor": "LegalMonetaryTotal/TaxExclusiveAmount",
    "total_minor": "LegalMonetaryTotal/TaxInclusiveAmount",
    "payable_minor": "LegalMonetaryTotal/PayableAmount",
}
_ITALIAN = {
    "currency": f"{_GENERAL}/Divisa",
    "invoice_number": f"{_GENERAL}/Numero",
    "issue_date": f"{_GENERAL}/Data",
    "seller_name": f"{_CEDENTE}/Anagrafica/Denominazione",
    "seller_iban": "FatturaElettronicaBody[1]/DatiPagamento/DettaglioPagamento/IBAN",
}
_LINES = {
    "CrossIndustryInvoice": (
        f"{_DEAL}/IncludedSupplyChainTradeLineItem",
        "SpecifiedTradeProduct/Name",
    ),
    "Invoice": ("InvoiceLine", "Item/Name"),
    "CreditNote": ("CreditNoteLine", "Item/Name"),
}
_PLACES = {"JPY": 0}


def pairs(
    files: Iterable[Path], *, broken: Mapping[str, str]
) -> Iterator[tuple[str, etree._Element, Fields]]:
    """Each valid e-invoice: its name, its XML, what we read; those known as broken left out."""
    for path in files:
        if any(path.name.endswith(name) for name in broken):
            continue
        data = path.read_bytes()
        for xml in [data] if path.suffix.lower() == ".xml" else _inside(data):
            found = extract.of_xml(xml)
            yield path.name, etree.fromstring(xml), found.readings[0].fields
            break


def _inside(data: bytes) -> Iterator[bytes]:
    for name, content in pdf_attachments.attachments(data):
        if name.lower().endswith(".xml"):
            try:
                extract.of_xml(content)
            except extract.Refused:
                continue
            yield content


def truth(root: etree._Element) -> dict[str, Any]:
    """The fields by their plain paths; those that the file does not hold are left out."""
    name = etree.QName(root).localname
    paths = _CII if name.startswith("CrossIndustry") else _ITALIAN
    paths = _UBL if name in {"Invoice", "CreditNote"} else paths
    currency = _text(root, paths["currency"], "") or "EUR"
    said = {field: text for field, path in paths.items() if (text := _text(root, path, currency))}
    return {field: _typed(field, text, currency) for field, text in said.items()}


def lines(root: etree._Element) -> list[str] | None:
    """The names of its lines; None for a syntax whose lines are told otherwise."""
    found = _LINES.get(etree.QName(root).localname)
    if found is None:
        return None
    items: Any = root.xpath(_at(found[0]))
    return [_text(one, found[1], "") or "" for one in items]


def _typed(field: str, text: str, currency: str) -> Any:
    if field.endswith("_minor"):
        least = Decimal(1).scaleb(-_PLACES.get(currency, 2))
        return int(Decimal(text).quantize(least, rounding=ROUND_HALF_UP) / least)
    if field.endswith("_date"):
        digits = text.replace("-", "")[:8]
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    return text


def _text(root: etree._Element, path: str, currency: str) -> str | None:
    found: Any = root.xpath(_at(path), currency=currency)
    if not found:
        return None
    return " ".join("".join(map(str, found[0].itertext())).split()) or None
