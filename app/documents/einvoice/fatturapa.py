"""FatturaPA 1.2 of the Italian revenue agency; one file may hold a lot of invoices."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from app.documents.einvoice.invoice import Attachment, Invoice, InvoiceLine, TaxGroup, Totals
from app.documents.einvoice.sheet import Sheet

ROOTS = frozenset({"FatturaElettronica"})
KINDS = {
    "TD01": "380", "TD02": "386", "TD03": "386", "TD04": "381", "TD05": "383", "TD06": "380",
    "TD16": "389", "TD17": "389", "TD18": "389", "TD19": "389", "TD20": "389", "TD28": "389",
}  # fmt: skip
"""TipoDocumento as a code of UNTDID 1001, by the agency's mapping to EN 16931; others are 380."""


def invoices(sheet: Sheet) -> tuple[Invoice, ...]:
    """Each invoice of the lot; the parties stand once, in the header."""
    header = sheet.one("FatturaElettronicaHeader")
    seller = header.one("CedentePrestatore/DatiAnagrafici") if header else None
    buyer = header.one("CessionarioCommittente/DatiAnagrafici") if header else None
    return tuple(
        _invoice(body, seller=seller, buyer=buyer) for body in sheet.every("FatturaElettronicaBody")
    )


def _invoice(body: Sheet, *, seller: Sheet | None, buyer: Sheet | None) -> Invoice:
    general = "DatiGenerali/DatiGeneraliDocumento"
    kind = body.text(f"{general}/TipoDocumento")
    groups = tuple(_group(one) for one in body.every("DatiBeniServizi/DatiRiepilogo"))
    return Invoice(
        number=body.text(f"{general}/Numero"),
        issued_on=body.day(f"{general}/Data"),
        kind=KINDS.get(kind, "380") if kind else None,
        currency=body.text(f"{general}/Divisa"),
        due_on=body.day("DatiPagamento/DettaglioPagamento/DataScadenzaPagamento"),
        seller_name=_name(seller),
        seller_vat=_vat(seller),
        buyer_name=_name(buyer),
        seller_iban=body.text("DatiPagamento/DettaglioPagamento/IBAN"),
        totals=_totals(body, groups, general=general),
        groups=groups,
        lines=tuple(_line(one) for one in body.every("DatiBeniServizi/DettaglioLinee")),
        attachments=tuple(_attachments(body)),
        summed=False,
    )


def _name(party: Sheet | None) -> str | None:
    """A firm's name, or a person's first and last name."""
    if party is None:
        return None
    person = (party.text("Anagrafica/Nome"), party.text("Anagrafica/Cognome"))
    return party.text("Anagrafica/Denominazione") or " ".join(filter(None, person)) or None


def _vat(party: Sheet | None) -> str | None:
    number = party.text("IdFiscaleIVA/IdCodice") if party else None
    return f"{party.text('IdFiscaleIVA/IdPaese') or ''}{number}" if party and number else None


def _totals(body: Sheet, groups: tuple[TaxGroup, ...], *, general: str) -> Totals:
    """Net and tax are those of the summary; the total is the document's, where it says one."""
    net = _sum(group.base for group in groups)
    tax = _sum(group.tax for group in groups)
    rounding = body.number(f"{general}/Arrotondamento")
    total = body.number(f"{general}/ImportoTotaleDocumento")
    if total is None:
        total = _sum((net, tax, rounding))
    paid = [one.number("ImportoPagamento") for one in _payments(body)]
    return Totals(net=net, tax=tax, total=total, rounding=rounding, payable=_sum(paid) or total)


def _payments(body: Sheet) -> list[Sheet]:
    """The instalments of the first terms; further terms are other ways to pay the same."""
    terms = body.one("DatiPagamento")
    return terms.every("DettaglioPagamento") if terms else []


def _group(summary: Sheet) -> TaxGroup:
    return TaxGroup(
        category=summary.text("Natura") or "S",
        rate=summary.number("AliquotaIVA"),
        base=summary.number("ImponibileImporto"),
        tax=summary.number("Imposta"),
    )


def _line(line: Sheet) -> InvoiceLine:
    return InvoiceLine(
        name=line.text("Descrizione"),
        quantity=line.number("Quantita"),
        unit_price=line.number("PrezzoUnitario"),
        net=line.number("PrezzoTotale"),
        tax_rate=line.number("AliquotaIVA"),
    )


def _attachments(body: Sheet) -> Iterable[Attachment]:
    for one in body.every("Allegati"):
        yield from one.files("Attachment", name=one.text("NomeAttachment"))


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is there; None where nothing is."""
    there = [one for one in amounts if one is not None]
    return sum(there, Decimal(0)) if there else None
