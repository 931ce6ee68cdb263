"""Which column is which: guessed from the header's words, in many languages, and from content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from app.accounting.moving import cells as moving_cells
from app.accounting.moving.table import FORMULA, Table, plain

Kind = Literal["chart", "contacts", "opening", "items", "ledger"]
KINDS: tuple[Kind, ...] = ("chart", "contacts", "opening", "items", "ledger")

# Words of headers as packages write them: English, German, French, Spanish, Italian, Dutch,
# Portuguese, the Nordic languages; what Xero, QuickBooks, Sage and DATEV call their columns.
WORDS: Mapping[str, str] = {
    "date": "date|datum|buchungsdatum|belegdatum|posting date|transaction date|entry date|"
    "journal date|txn date|fecha|data|dato|date ecriture|date comptable|ecrituredate|boekdatum|"
    "bokföringsdatum|buchungstag|invoice date|rechnungsdatum|factuurdatum|valuedate|trans date",
    "entry": "entry|entry no|entry number|journal no|journal number|journal id|transaction id|"
    "transaction no|trans no|trans|trans #|txn id|no|number|nr|num|journalnummer|buchungsnummer|"
    "belegnummer|asiento|numero ecriture|ecriturenum|boekstuk|boekstuknummer|verifikat|bilag|"
    "source id|journal|transaction|registro",
    "account_code": "account code|account|account no|account number|code|nominal code|n c|"
    "nominal account|gl account|gl code|konto|kontonummer|konto nr|kontonr|compte|comptenum|"
    "numero compte|cuenta|conto|rekening|grootboekrekening|grootboeknummer|conta|"
    "sachkonto|ledger code|accountcode|nominal|cod",
    "account_name": "account name|account description|konto bezeichnung|kontobezeichnung|"
    "kontoname|kontenbeschriftung|beschriftung|bezeichnung|libelle compte|comptelib|"
    "intitule|nombre cuenta|nombre de la cuenta|descrizione conto|rekeningnaam|omschrijving "
    "rekening|nome da conta|kontonavn|kontonamn|full name|accountname|nominal name|name of account",
    "account_type": "account type|type|kontoart|kontotyp|type de compte|tipo|tipo de cuenta|"
    "tipo conto|soort|category|class|report code|accounttype|detail type|art",
    "contra": "contra account|gegenkonto|contra|offset account|contrepartie|contrapartida|"
    "contropartita|tegenrekening|split|gegenkonto ohne bu schlüssel",
    "description": "description|memo|details|narration|text|buchungstext|memo description|"
    "libelle|ecriturelib|concepto|descripcion|descrizione|omschrijving|descricao|tekst|"
    "beschreibung|narrative|line description|particulars|beskrivning",
    "contact": "contact|contact name|name|customer|supplier|vendor|payee|kunde|lieferant|"
    "kontakt|geschäftspartner|client|fournisseur|tiers|cliente|proveedor|fornitore|relatie|"
    "klant|leverancier|nombre|nom|nome|naam|company|company name|customer name|vendor name|"
    "supplier name|firma|customer vendor|name adressattyp unternehmen|compauxlib|debitor",
    "debit": "debit|dr|debit amount|soll|sollbetrag|debe|dare|debet|debit gbp|debit eur|"
    "debit usd|montant debit|débit|débito|debito|debits|debit year to date|ytd debit|"
    "umsatz soll|eb wert soll",
    "credit": "credit|cr|credit amount|haben|habenbetrag|haber|avere|kredit|crédit|crédito|"
    "credito|credits|montant credit|credit year to date|ytd credit|umsatz haben|eb wert haben",
    "amount": "amount|value|betrag|umsatz|net amount|montant|importe|importo|bedrag|valor|"
    "belopp|beløb|gross amount|umsatz ohne soll haben kz|amount due|balance due|open balance|"
    "open amount|outstanding|balance|saldo|solde|offener betrag|restbetrag|due|"
    "amount gbp|amount eur|amount usd|net|closing balance",
    "side": "soll haben kennzeichen|soll haben kz|s h|debit credit|dr cr|d c|sens|dc|"
    "debit credit indicator",
    "currency": "currency|währung|waehrung|wkz umsatz|devise|moneda|valuta|currency code|"
    "moeda|wkz|idevise",
    "foreign": "foreign amount|foreign currency amount|amount fc|amount in fc|amount foreign|"
    "amount foreign currency|amount in foreign currency|source amount|amount source|net source|"
    "transaction currency amount|amount in transaction currency|montantdevise|montant devise|"
    "betrag fremdwährung|fremdwährungsbetrag|betrag fw|bedrag vv|bedrag vreemde valuta|"
    "importe divisa|importo valuta|importo in valuta|balance fc|foreign balance|balance source",
    "foreign_debit": "debit source|foreign debit|debit fc|debit foreign|debit foreign currency|"
    "soll fw|debit in transaction currency",
    "foreign_credit": "credit source|foreign credit|credit fc|credit foreign|haben fw|"
    "credit foreign currency|credit in transaction currency",
    "base": "base amount|basis umsatz|home amount|amount home|home currency amount|local amount|"
    "amount lc|amount base|amount in base currency|amount in home currency|base currency amount|"
    "local currency amount|amount in local currency|base balance|home balance",
    "rate": "exchange rate|rate|fx rate|currency rate|exch rate|conversion rate|kurs|wechselkurs|"
    "umrechnungskurs|taux|taux de change|tipo de cambio|cambio|tasso di cambio|koers|wisselkoers|"
    "taxa de câmbio|kurssi|valutakurs",
    "tax": "tax|tax code|vat|vat code|tax rate|tax rate name|steuerschlüssel|bu schlüssel|"
    "steuercode|mwst|ust|tva|iva|btw|gst|moms|t c|tax type|default tax",
    "reference": "reference|ref|invoice number|invoice no|document number|doc no|document no|"
    "belegfeld 1|rechnungsnummer|beleg|piece|pieceref|referencia|riferimento|referentie|"
    "factuurnummer|fakturanummer|invoice|bill no|referens|num facture|referenz|reference no",
    "due": "due date|due|fällig|fälligkeit|faelligkeit|fällig am|date echeance|echeance|"
    "vencimiento|scadenza|vervaldatum|forfaldsdato|förfallodatum|due on",
}
_FIELD_OF = {
    word: field
    for field, text in reversed(list(WORDS.items()))
    for word in map(plain, text.split("|"))
}
HEADER_WORDS = frozenset(_FIELD_OF)
FIELDS = tuple(WORDS)
_NAMES = frozenset({"name", "nom", "nombre", "nome", "naam"})
MAIN = ("debit", "credit", "amount")
FOREIGN = ("foreign_debit", "foreign_credit", "foreign")
DAYS, SUMS = ("date", "due"), (*MAIN, *FOREIGN, "base")

NEEDED: Mapping[Kind, tuple[str, ...]] = {
    "chart": ("account_name",),
    "contacts": ("contact",),
    "opening": (),
    "items": ("contact",),
    "ledger": ("date",),
}


def guess(table: Table) -> dict[str, int]:
    """A column for each field that the header's words or the cells below tell of."""
    found: dict[str, int] = {}
    for place, text in enumerate(table.header):
        # Debit (Source) is no Debit; what brackets hold else is a unit
        whole = plain(text.replace("(", " ").replace(")", " "))
        field = _FIELD_OF.get(whole) or _FIELD_OF.get(plain(text))
        if field == "account_code" and field in found:
            field = "account_name"  # Account Code, Account
        if field is None or field in found:
            continue
        if field in DAYS and not _mostly(table, place, moving_cells.may_be_day):
            field = "amount" if field == "due" else ""
        if field in SUMS and not _mostly(table, place, moving_cells.may_be_amount):
            continue
        if field and field not in found:
            found[field] = place
    return _settled(table, _by_content(table, found))


def _mostly(table: Table, place: int, fits: Callable[[str], bool]) -> bool:
    """Whether the cells below a header's word do not speak against it: a third of them fits."""
    texts = [text for row in table.rows[:200] if (text := row.cell(place)) and text != FORMULA]
    good = sum(1 for text in texts if fits(text))
    return not texts or good * 3 >= len(texts)


def _by_content(table: Table, found: dict[str, int]) -> dict[str, int]:
    """A column of days or sums that no word named."""
    free = [place for place in range(len(table.header)) if place not in found.values()]
    for place in free:
        texts = [text for row in table.rows[:200] if (text := row.cell(place))]
        if len(texts) < 2:
            continue
        if "date" not in found and all(map(moving_cells.is_day, texts)):
            found["date"] = place
        elif not {"debit", "credit", "amount"} & found.keys() and all(
            map(moving_cells.may_be_amount, texts)
        ):
            found["amount"] = place
    return found


def _settled(table: Table, found: dict[str, int]) -> dict[str, int]:
    """Debit and credit outrank one amount; a column of names is a name, not a code."""
    if {"debit", "credit"} <= found.keys():
        found.pop("amount", None)
    for spare in ("base", "foreign"):  # the only amount there is
        if spare in found and not {*MAIN} & found.keys():
            found["amount"] = found.pop(spare)
    code = found.get("account_code")
    if code is not None and "account_name" not in found:
        texts = [text for row in table.rows[:200] if (text := row.cell(code))]
        if texts and not any(any(sign.isdigit() for sign in text[:8]) for text in texts):
            found["account_name"] = found.pop("account_code")
    if {"contact", "account_code"} <= found.keys() and not {"account_name", "date"} & found.keys():
        found = _named(table, found)
    return found


def _named(table: Table, found: dict[str, int]) -> dict[str, int]:
    """A bare `name` beside an account's code is the account's, not a contact's."""
    if plain(table.header[found["contact"]]) in _NAMES:
        found["account_name"] = found.pop("contact")
    return found


def kind_of(columns: Mapping[str, int]) -> Kind:
    """What a file is by its columns: a ledger has days, a trial balance sums, a chart neither."""
    sums = bool({"debit", "credit", "amount"} & columns.keys())
    account = bool({"account_code", "account_name"} & columns.keys())
    if sums and "contact" in columns and not account and ("due" in columns or "date" in columns):
        return "items"
    if sums and "date" in columns:
        return "ledger"
    if sums and account:
        return "opening"
    if "contact" in columns and not account:
        return "contacts"
    return "chart"


def missing(kind: Kind, columns: Mapping[str, int]) -> list[str]:
    """The fields that a file of this kind cannot do without."""
    lacking = [field for field in NEEDED[kind] if field not in columns]
    if kind == "opening" and not {"account_code", "account_name"} & columns.keys():
        lacking.append("account_code")
    if (
        kind in ("opening", "items", "ledger")
        and not {"debit", "credit", "amount"} & columns.keys()
    ):
        lacking.append("amount")
    if kind == "chart" and "account_code" in columns and "account_name" in lacking:
        lacking.remove("account_name")
    return lacking
