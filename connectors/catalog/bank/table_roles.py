"""What the headers of bank tables mean: the words of banks in nine languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal, get_args

Role = Literal[
    "date",
    "value_date",
    "amount",
    "debit",
    "credit",
    "flag",
    "balance",
    "opening",
    "closing",
    "currency",
    "foreign_amount",
    "foreign_currency",
    "account",
    "counterparty",
    "counterparty_account",
    "reference",
    "bank_id",
    "text",
    "status",
    "ignore",
]
ROLES: tuple[Role, ...] = get_args(Role)
"""What a column may be; `ignore` is everything else. `text` may stand on several columns."""

_WORDS = {
    "date": (
        "booking date|buchungstag|buchungsdatum|buchung|date operation|date d operation|"
        "date de l operation|date comptable|transaction date|trans date|posting date|posted date|"
        "posted|date posted|entry date|data operacji|data ksiegowania|fecha operacion|"
        "fecha de operacion|fecha contable|fecha|data contabile|data operazione|data|datum|"
        "boekdatum|boekingsdatum|transactiedatum|bokforingsdag|bokforingsdato|bogfort|"
        "bogforingsdato|dato|completed date|date|datetime|date time|order date|created utc|"
        "created|time stamp|day|tag|umsatzdatum|bokforingsdatum|date transaction|datum transactie"
    ),
    "value_date": (
        "value date|valuta|valutadatum|wertstellung|wertstellungstag|wert|date valeur|"
        "date de valeur|fecha valor|data valuta|data waluty|rentedatum|valutadag|valutadato|"
        "available on utc|available on|effective date|valor"
    ),
    "amount": (
        "amount|netto|betrag|umsatz|montant|importe|importo|bedrag|kwota|belopp|belob|belop|net|"
        "net amount|transaction amount|amount total|total amount|buchungsbetrag|betrag in eur|"
        "betrag eur|amount eur|amount gbp|amount usd|item total|value|kwota operacji|"
        "montant operation|bedrag eur|summe|paid amount|valeur|beloeb|transaktionsbelopp"
    ),
    "debit": (
        "debit|debet|soll|debito|debe|cargo|cargos|belastung|lastschrift|withdrawal|withdrawals|"
        "paid out|money out|out|outgoing|debit amount|ausgaben|ausgang|dare|addebiti|uscite|af|"
        "obciazenie|obciazenia|withdrawal amount|debits|uttag|ut|ud|expense|payments|debit eur"
    ),
    "credit": (
        "credit|kredit|haben|credito|haber|abono|abonos|gutschrift|deposit|deposits|paid in|"
        "money in|in|incoming|credit amount|einnahmen|eingang|avere|accrediti|entrate|bij|"
        "uznanie|uznania|deposit amount|credits|insattning|ind|inn|receipts|credit eur|paid"
    ),
    "flag": (
        "debit credit|credit debit|dr cr|cr dr|d c|c d|dc|cd|soll haben|soll haben kennzeichen|"
        "s h|af bij|debit or credit|credit debit indicator|cdtdbtind|transaction direction|"
        "direction|sign|kennzeichen|debet credit|sens|dc indicator|indicator"
    ),
    "balance": (
        "balance|saldo|solde|running balance|cash balance|account balance|kontostand|"
        "saldo nach buchung|balance after|stand|resulting balance|saldo disponible|"
        "saldo po operacji|ledger balance|solde apres operation|available balance"
    ),
    "opening": "beginning balance|initial balance|opening balance|anfangssaldo|saldo inicial",
    "closing": "ending balance|final balance|closing balance|endsaldo|saldo final",
    "currency": (
        "currency|wahrung|waehrung|devise|moneda|divisa|valuta code|waluta|muntsoort|ccy|"
        "currency code|monnaie|valutakod|munt|iso currency|account currency|betrag wahrung"
    ),
    "foreign_amount": "amount currency|original amount|foreign amount|amount in foreign currency",
    "foreign_currency": "original currency|foreign currency",
    "account": (
        "account|account number|account no|konto|kontonummer|iban|compte|numero de compte|cuenta|"
        "conto|rekening|rekeningnummer|auftragskonto|own account|iban auftragskonto|"
        "account iban|numer rachunku|numero de cuenta|bank account|account id|eigen rekening"
    ),
    "counterparty": (
        "payee|counterparty|counterparty name|beneficiary|beneficiary name|partner name|name|"
        "beguenstigter zahlungspflichtiger|beg|empfanger|zahlungsempfanger|auftraggeber|"
        "zahlungspflichtiger|auftraggeber empfanger|zahlungspflichtige r|zahlungsempfanger in|"
        "name zahlungsbeteiligter|merchant|merchant name|beneficiaire|beneficiario|"
        "naam tegenpartij|tegenpartij|kontrahent|payer|other party|nom|nombre|vendor|seller|"
        "begunstigter|contact|beguenstigter"
    ),
    "counterparty_account": (
        "counterparty account|counterparty iban|payee account|beneficiary account|"
        "kontonummer iban|iban zahlungsbeteiligter|partner iban|tegenrekening|"
        "tegenrekening iban bban|iban beneficiaire|konto kontrahenta|gegenkonto|other account|"
        "partner account|payee iban|iban empfanger"
    ),
    "reference": (
        "reference|referenz|customer reference|kundenreferenz|kundenreferenz end to end|"
        "end to end id|referencia|riferimento|referentie|kenmerk|betalingskenmerk|"
        "payment reference|ref|reference1|reference no|mandatsreferenz|cheque number|check number|"
        "cheque no|invoice number|receipt id"
    ),
    "bank_id": (
        "transaction id|id|txn id|transaction number|transaction reference|balance transaction id|"
        "bank reference|fitid|unique id|entry reference|transaktions id|movement id|uuid|"
        "volgnr|archive reference|order id"
    ),
    "text": (
        "description|details|label|libelle|verwendungszweck|buchungstext|memo|narrative|concepto|"
        "concept|descripcion|descrizione|causale|omschrijving|mededelingen|text|note|notes|"
        "particulars|transaction description|transaction details|transaction|beschreibung|"
        "tytul|opis operacji|opis|title|type|transaction type|art|umsatzart|rubrik|tekst|"
        "item title|category|kategorie|message|payment details|remittance information|"
        "item1|item2|motif|nature|naam omschrijving|reporting category|subject|betreff"
    ),
    "status": "status|state|zustand|estado|statut|stato",
    "ignore": (
        "fee|charges|amount fee|gross|brutto|converted amount|time|time zone|timezone|"
        "booking time|uhrzeit|"
        "hora|sheet|item subtotal|"
        "item subtotal tax|quantity|list price per unit|purchase price per unit|tax|vat|mwst|"
        "market value|cost basis|price|shares|closing value|closing price|income|expenses|"
        "exchange rate|kurs|fee currency|receive amount|spend amount|local amount"
    ),
}
_EXACT = {phrase: role for role, words in _WORDS.items() for phrase in words.split("|")}
_ORDER = tuple(
    sorted(
        ((phrase, role) for phrase, role in _EXACT.items() if len(phrase) >= 4),
        key=lambda pair: -len(pair[0]),
    )
)
_NO_AMOUNT = re.compile(r"\b(balance|saldo|solde|fee|tax|currency|price|rate|date|number|id)\b")

FLAGS = {
    **dict.fromkeys(
        "d|dr|debit|dbit|debet|s|soll|af|out|-|belastung|lastschrift|withdrawal|debito|debe|"
        "obciazenie|ausgang|money out|outgoing|paid out|payment sent".split("|"),
        -1,
    ),
    **dict.fromkeys(
        "c|cr|credit|crdt|kredit|h|haben|bij|in|+|gutschrift|deposit|credito|haber|uznanie|"
        "eingang|money in|incoming|paid in|k".split("|"),
        1,
    ),
}
"""The marks of a debit (-1) or credit (1) in a column of their own."""

PENDING = frozenset(
    "pending|vorgemerkt|pendiente|en attente|in attesa|authorised|authorized|in behandeling|"
    "reserved|processing|oczekujaca|ausstehend|pdng".split("|")
)
DROPPED = frozenset(
    "failed|declined|cancelled|canceled|reverted|rejected|denied|expired|abgelehnt|storniert|"
    "voided".split("|")
)
"""States of what never moved money: kept as information, never as a line."""

_TOTAL = re.compile(
    r"\b(total|totals|totale|totaux|summe|gesamt|gesamtsumme|somme|suma|totaal|sum|sum of|"
    r"saldo|balance|solde|kontostand|endsaldo|anfangssaldo|opening|closing|razem|summa|"
    r"subtotal|end of|grand total)\b"
)


@lru_cache(maxsize=16_384)
def plain(text: str) -> str:
    """Words in small letters without accents and signs, as headers are compared."""
    bare = unicodedata.normalize("NFKD", text.replace("ß", "ss").casefold().replace("ł", "l"))
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^0-9a-z]+", " ", bare).split())


def role_of(header: str) -> tuple[str, int]:
    """The role a header names and how sure that is (0 to 100)."""
    name = plain(header)
    if not name:
        return "ignore", 0
    if name in _EXACT:
        return _EXACT[name], 95
    padded = f" {name} "
    for phrase, role in _ORDER:
        if f" {phrase} " in padded:
            if role in ("amount", "debit", "credit") and _NO_AMOUNT.search(name):
                continue
            return role, 60
    return "ignore", 0


def flag_of(text: str) -> int | None:
    """Whether a mark is a debit (-1) or a credit (1); None where it is neither."""
    raw = text.strip().casefold()
    return FLAGS.get(raw) or FLAGS.get(plain(text))


def is_total(text: str) -> bool:
    """Whether words announce a sum or a balance and no movement."""
    return _TOTAL.search(plain(text)) is not None
