"""Papers of the demo that a machine reads: bills, a photo of a receipt, e-invoices, a lot."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal
from xml.sax.saxutils import escape

import typst

from app.accounting.bank import queries as bank_queries
from app.accounting.bank.queries import BankLine
from app.documents import commands as documents
from app.documents.readings import commands as reading_commands
from app.documents.readings import queries as readings
from app.documents.readings.said import Value
from app.kernel import db
from app.kernel.money import exponent
from app.kernel.scope import Scope

LINE = "accounting"
ODD, ODD_NUMBER = "statement-of-work.pdf", "88-1204"
_TAX = Decimal("1.20")
_BILL = """
#set page(width: 595pt, height: 842pt, margin: 56pt)
#set text(size: 10pt)
#grid(columns: (1fr, 1fr), [#text(size: 15pt)[*{seller}*] \\ 14 Canal Wharf \\ Leeds LS1 4AB],
  align(right)[VAT No: GB 980 7806 84])
#v(28pt)
#grid(columns: (1fr, 1fr, 1fr), row-gutter: 6pt,
  [*Bill to:*], [*{label}*], [*Invoice date*],
  [{buyer}], [{number}], [{on}], [1 River Road], [*Due date*], [], [], [{due}], [])
#v(28pt)
#table(columns: (3fr, 1fr, 1fr), stroke: none, [*Description*], [], align(right)[*Amount*],
  [Goods and services as ordered], [1], align(right)[{net}])
#line(length: 100%, stroke: 0.4pt)
#align(right)[#grid(columns: 2, column-gutter: 60pt, row-gutter: 6pt,
  [Subtotal], [{net}], [VAT 20%], [{tax}], [*Total {currency}*], [*{total}*])]
#v(1fr)
#text(size: 8pt)[Please name the number when you pay.]
"""
_RECEIPT = """
#set page(width: 80mm, height: auto, margin: 6mm)
#set text(size: 11pt)
#align(center)[*{seller}*]
Receipt No. {number} \\ Date: {on}
#line(length: 100%, stroke: 0.4pt)
Sundries #h(1fr) {total}
#line(length: 100%, stroke: 0.4pt)
*Total {currency} #h(1fr) {total}* \\ Paid by card. Thank you!
"""
_E_INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>PW-4471</cbc:ID><cbc:IssueDate>{on}</cbc:IssueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party><cac:PartyLegalEntity>
<cbc:RegistrationName>Lumen Print Works GmbH</cbc:RegistrationName></cac:PartyLegalEntity>
</cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cac:PartyLegalEntity>
<cbc:RegistrationName>{buyer}</cbc:RegistrationName></cac:PartyLegalEntity>
</cac:Party></cac:AccountingCustomerParty>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">47.50</cbc:TaxAmount></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">250.00</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount currencyID="EUR">250.00</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="EUR">297.50</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="EUR">297.50</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity>500</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount currencyID="EUR">250.00</cbc:LineExtensionAmount>
<cac:Item><cbc:Name>Menus, folded</cbc:Name></cac:Item>
<cac:Price><cbc:PriceAmount currencyID="EUR">0.50</cbc:PriceAmount></cac:Price></cac:InvoiceLine>
</Invoice>"""

_LOT = """<?xml version="1.0" encoding="UTF-8"?>
<p:FatturaElettronica versione="FPR12"
 xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">
<FatturaElettronicaHeader><CedentePrestatore><DatiAnagrafici><IdFiscaleIVA>
<IdPaese>IT</IdPaese><IdCodice>00743110157</IdCodice></IdFiscaleIVA>
<Anagrafica><Denominazione>Molino del Ponte S.r.l.</Denominazione></Anagrafica>
</DatiAnagrafici></CedentePrestatore>
<CessionarioCommittente><DatiAnagrafici><Anagrafica><Denominazione>{buyer}</Denominazione>
</Anagrafica></DatiAnagrafici></CessionarioCommittente></FatturaElettronicaHeader>
{bodies}</p:FatturaElettronica>"""
_OF_THE_LOT = """<FatturaElettronicaBody>
<DatiGenerali><DatiGeneraliDocumento><TipoDocumento>TD01</TipoDocumento><Divisa>EUR</Divisa>
<Data>{on}</Data><Numero>{number}</Numero>
<ImportoTotaleDocumento>{total}</ImportoTotaleDocumento></DatiGeneraliDocumento></DatiGenerali>
<DatiBeniServizi><DettaglioLinee><NumeroLinea>1</NumeroLinea><Descrizione>{what}</Descrizione>
<Quantita>{many}.00</Quantita><PrezzoUnitario>{price}</PrezzoUnitario>
<PrezzoTotale>{net}</PrezzoTotale><AliquotaIVA>4.00</AliquotaIVA></DettaglioLinee>
<DatiRiepilogo><AliquotaIVA>4.00</AliquotaIVA><ImponibileImporto>{net}</ImponibileImporto>
<Imposta>{tax}</Imposta></DatiRiepilogo></DatiBeniServizi>
</FatturaElettronicaBody>
"""
_DELIVERIES = (
    ("118/A", "Flour, 25 kg", 20, Decimal("21.00")),
    ("119/A", "Flour, 25 kg", 20, Decimal("21.00")),
    ("120/A", "Semolina, 25 kg", 8, Decimal("34.50")),
)
"""Two deliveries over one amount, and a third: number, what, how many, at which price."""


def fill(staff: Scope, owner: Scope, *, buyer: str) -> None:
    """Adds papers that belong to the newest payments without a document, and some that do not."""
    with db.transaction(staff):
        lines = _payments()
    if len(lines) < 3:
        return
    with db.transaction(owner):
        bill = _words(lines[0], buyer, "INV-20417", label="Invoice number")
        _add(_BILL.format(**bill), "bill.pdf", "pdf")
        odd = _words(lines[1], buyer, ODD_NUMBER, label="Our mark")
        _add(_BILL.format(**odd), ODD, "pdf")
        receipt = _words(lines[2], buyer, "5501", label="")
        _add(_RECEIPT.format(**receipt), "photo-of-receipt.png", "png")
    with db.transaction(staff):
        documents.add(
            _E_INVOICE.format(
                buyer=escape(buyer), on=lines[0].booked_on - timedelta(days=20)
            ).encode(),
            name="print-works-4471.xml",
            line=LINE,
            source="staff",
        )
        documents.add(
            _lot(buyer, on=lines[0].booked_on - timedelta(days=9)),
            name="molino-del-ponte-lot.xml",
            line=LINE,
            source="staff",
        )


def teach(staff: Scope) -> None:
    """Says the number that the machine did not find on a bill; for the supplier's next one it
    learns where it stands."""
    typed = {"invoice_number": Value(ODD_NUMBER)}
    with db.transaction(staff):
        for one in readings.waiting().rows:
            if one.name == ODD:
                found = readings.one(one.reading_id)
                reading_commands.confirm(found.id, version=found.version, typed=typed)


def _lot(buyer: str, *, on: date) -> bytes:
    """One file with the invoices of several deliveries."""
    bodies = []
    for number, what, many, price in _DELIVERIES:
        net = many * price
        tax = (net * Decimal("0.04")).quantize(Decimal("0.01"))
        told = {"number": number, "what": what, "many": many, "price": price, "on": on}
        bodies.append(_OF_THE_LOT.format(**told, net=net, tax=tax, total=net + tax))
    return _LOT.format(buyer=escape(buyer), bodies="".join(bodies)).encode()


def _payments() -> list[BankLine]:
    """Payments to do of whole amounts, each of another payee and amount, the newest first."""
    found: dict[str, BankLine] = {}
    page = bank_queries.lines(bank_queries.LineFilter(state="to_do"), limit=60)
    for one in page.rows:
        if one.amount_minor < 0 and one.counterparty and one.counterparty not in found:
            found[one.counterparty] = one
    return list(found.values())[-3:]


def _words(line: BankLine, buyer: str, number: str, *, label: str) -> dict[str, str]:
    places = exponent(line.currency)
    total = Decimal(-line.amount_minor).scaleb(-places)
    net = (total / _TAX).quantize(Decimal(1).scaleb(-places))
    issued: date = line.booked_on - timedelta(days=3)
    return {
        "seller": f"{(line.counterparty or '').title()} Ltd",
        "buyer": buyer,
        "label": label,
        "number": number,
        "on": f"{issued:%d.%m.%Y}",
        "due": f"{issued + timedelta(days=14):%d.%m.%Y}",
        "net": f"{net:,}",
        "tax": f"{total - net:,}",
        "total": f"{total:,}",
        "currency": line.currency,
    }


def _add(source: str, name: str, form: Literal["pdf", "png"]) -> None:
    made = typst.compile(source.encode(), format=form, ppi=170.0)
    assert isinstance(made, bytes)
    documents.add(made, name=name, line=LINE, source="portal")
