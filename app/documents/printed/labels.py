"""The words that invoices put beside their fields, in the languages of our clients; all folded."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from app.documents.printed.page import Cell, Row

NUMBER = (
    "invoice number", "invoice no", "invoice nr", "invoice #", "invoice id", "tax invoice no",
    "credit note number", "credit note no", "document number", "bill number", "number of invoice",
    "rechnungsnummer", "rechnungsnr", "rechnungs nr", "rechnung nr", "rechnung nummer",
    "belegnummer", "belegnr", "gutschriftsnummer", "gutschrift nr", "rechnungs-nr",
    "numero de facture", "facture n", "n de facture", "facture no", "no facture", "n facture",
    "numero facture", "avoir n", "factuurnummer", "factuurnr", "factuur nr", "fattura n",
    "numero fattura", "fattura nr", "numero documento", "numero de factura", "n de factura",
    "factura n", "factura no", "fakturanummer", "faktura nr", "fakturanr", "laskun numero",
)  # fmt: skip
HEADLINE = (
    "handelsrechnung", "rechnung", "invoice", "tax invoice", "facture", "factuur", "fattura",
    "factura", "faktura", "gutschrift", "credit note", "avoir", "mietrechnung", "teilrechnung",
    "schlussrechnung", "korrekturrechnung", "rechnungskorrektur", "kaufmannische gutschrift",
)  # fmt: skip
ISSUED = (
    "invoice date", "date of invoice", "issue date", "date of issue", "issued on", "billing date",
    "document date", "credit note date", "rechnungsdatum", "rechnungs-datum", "belegdatum",
    "ausstellungsdatum", "datum der rechnung", "date de facture", "date de la facture",
    "date de facturation", "date d'emission", "factuurdatum", "data fattura", "data documento",
    "data emissione", "fecha de factura", "fecha factura", "fecha de emision", "fakturadatum",
    "fakturadato", "date", "datum", "data", "fecha", "dato",
)  # fmt: skip
DUE = (
    "due date", "payment due", "date due", "due on", "due by", "pay by", "payable by",
    "falligkeit", "fallig am", "falligkeitsdatum", "zahlbar bis", "zahlungsziel", "zu zahlen bis",
    "netto bis", "date d'echeance", "echeance", "vervaldatum", "uiterste betaaldatum", "scadenza",
    "data scadenza", "fecha de vencimiento", "vencimiento", "forfallodato", "forfallsdato",
    "forfallodag",
)  # fmt: skip
NET = (
    "subtotal", "sub total", "sub-total", "net amount", "net total", "total net", "amount net",
    "total excl vat", "total excluding vat", "total ex vat", "total before tax", "taxable amount",
    "total excl tax", "total without vat", "nettobetrag", "netto", "summe netto", "nettosumme",
    "zwischensumme", "rechnungssumme ohne ust", "gesamt netto", "gesamtbetrag netto",
    "warenwert netto", "total ht", "montant ht", "total hors taxe", "net ht", "exclusief btw",
    "totaal excl btw", "bedrag excl btw", "subtotaal", "imponibile", "totale imponibile",
    "base imponible", "summa exkl moms",
)  # fmt: skip
TAX = (
    "vat", "vat amount", "total vat", "tax", "tax amount", "total tax", "sales tax", "gst",
    "steuerbetrag", "mwst", "mwst betrag", "ust", "umsatzsteuer", "mehrwertsteuer",
    "gesamt mwst", "tva", "montant tva", "total tva", "btw", "btw bedrag", "totaal btw", "iva",
    "imposta", "totale iva", "moms", "cuota iva",
)  # fmt: skip
TOTAL = (
    "total", "grand total", "invoice total", "total amount", "amount total", "total incl vat",
    "total including vat", "total inc vat", "total with tax", "total for this invoice",
    "gesamtbetrag", "gesamtsumme", "bruttobetrag", "bruttosumme", "rechnungsbetrag", "summe",
    "endbetrag", "gesamt", "rechnungssumme", "gesamt brutto", "summe brutto", "total ttc",
    "montant ttc", "montant total", "totaal", "totaal incl btw", "totaalbedrag", "totale",
    "totale fattura", "totale documento", "importe total", "total factura", "summa", "att betala",
)  # fmt: skip
PAYABLE = (
    "amount due", "total amount due", "balance due", "total due", "amount payable", "to pay",
    "please pay", "zahlbetrag", "zu zahlen", "zahlungsbetrag", "zu zahlender betrag",
    "falliger betrag", "net a payer", "reste a payer", "montant du", "te betalen",
    "netto a pagare", "da pagare", "total a pagar", "att betala",
)  # fmt: skip
BUYER = (
    "bill to", "bill to address", "billed to", "billing address", "invoice to", "customer",
    "buyer", "sold to", "ship to", "shipping address", "client", "kaufer", "kunde", "empfanger",
    "rechnungsempfanger", "rechnungsanschrift", "lieferanschrift", "kaufer/leistungsempfanger",
    "leistungsempfanger", "adresse de facturation", "acheteur", "facture a", "klant",
    "factuuradres", "cliente", "spettabile", "destinatario",
)  # fmt: skip
SELLER = (
    "seller", "sold by", "supplier", "from", "service provider", "vendor", "verkaufer",
    "lieferant", "leistungserbringer", "absender", "fournisseur", "vendeur", "emetteur",
    "leverancier", "fornitore", "cedente", "proveedor", "emisor",
)  # fmt: skip
VAT_NUMBER = (
    "vat no", "vat number", "vat reg no", "vat registration number", "vat id", "vat", "vat/tin",
    "ust -id -nr", "ust-id-nr", "ust-idnr", "ust-id", "ust id nr", "ust id", "ustid", "ust-id nr",
    "umsatzsteuer-id", "umsatzsteuer-identifikationsnummer", "mwst-nr", "uid", "n tva intra",
    "n tva", "tva intra", "numero de tva", "tva", "btw nr", "btw-nummer", "btw nummer", "btw",
    "partita iva", "p iva", "iva", "nif", "cif", "moms nr", "momsnr",
)  # fmt: skip
IBAN = ("iban", "iban nr", "bank account", "konto", "kontonummer", "account number")
CURRENCY = ("currency", "wahrung", "devise", "valuta", "divisa", "moneda")
CREDIT = ("gutschrift", "credit note", "avoir", "nota di credito", "creditnota", "kreditnota")


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Lower case without accents; dots and colons become spaces, spaces single."""
    letters = text.casefold()
    if not letters.isascii():
        plain = unicodedata.normalize("NFKD", letters)
        letters = "".join(one for one in plain if not unicodedata.combining(one))
    return " ".join(re.sub(r"[.:°º*|]+", " ", letters).split())


@dataclass(frozen=True, slots=True)
class Beside:
    """A label and the cells its value may stand in: what is left of its own, right, below."""

    label: str
    rest: str
    own: Cell
    right: Cell | None
    below: tuple[Cell, ...]


def beside(rows: list[Row], phrases: tuple[str, ...]) -> Iterator[Beside]:
    """Every cell that begins with one of these phrases, in reading order."""
    begins = _begins(phrases)
    for at, row in enumerate(rows):
        for place, cell in enumerate(row.cells):
            told = begins.match(folded(cell.text))
            if told is None:
                continue
            label = told[0]
            right = row.cells[place + 1] if place + 1 < len(row.cells) else None
            yield Beside(label, _rest(cell.text, label), cell, right, _below(rows, at, cell))


@lru_cache(maxsize=100)
def _begins(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Matches the longest of these at the beginning, where no letter or figure follows."""
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(f"(?:{'|'.join(map(re.escape, longest_first))})(?![^\\W_])")


def _rest(text: str, label: str) -> str:
    """What stands behind the label in its own cell."""
    words = text.split()
    for count in range(1, len(words) + 1):
        if len(folded(" ".join(words[:count]))) >= len(label):
            head = words[count - 1]
            tail = head.partition(":")[2] if ":" in head else ""
            return " ".join([*([tail] if tail else []), *words[count:]])
    return ""


def _below(rows: list[Row], at: int, cell: Cell) -> tuple[Cell, ...]:
    """The nearest cells under this one, on its page."""
    found = (
        under
        for row in rows[at + 1 : at + 4]
        if row.page == cell.box.page
        for under in row.cells
        if under.box.over(cell.box)
    )
    return tuple(found)
