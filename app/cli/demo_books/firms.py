"""Who appears in the demo: the provider's staff, three client firms, what they buy and sell.

All names are invented. Amounts are in minor units of the account's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the demo; `role` is the one in the provider's tenant or in the client."""

    email: str
    name: str
    role: str
    note: str


@dataclass(frozen=True, slots=True)
class Habit:
    """A payment that comes again: to or from whom, how often a month, between which amounts.

    `code` is the account it is booked against, `day` the day of the month, 0 for any.
    """

    payee: str
    text: str
    code: str
    low: int
    high: int
    times: int = 1
    day: int = 0


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank account of a firm: its number, currency, account in the books, opening balance."""

    name: str
    number: str
    currency: str
    code: str
    opening: int
    format: str
    habits: tuple[Habit, ...]


@dataclass(frozen=True, slots=True)
class Firm:
    """A client firm. `ledger` names accounts by what the generator needs them for."""

    slug: str
    name: str
    legal_name: str
    country: str
    chart: str
    fiscal_year_start_month: int
    owner: Person
    others: tuple[Person, ...]
    banks: tuple[Bank, ...]
    ledger: dict[str, str]
    customers: tuple[str, ...] = ()
    invoices: tuple[int, int] = (148_000, 712_000)
    rate: Decimal | None = None


PROVIDER = "Brightwater Back Office"
PROVIDER_SLUG = "brightwater"

MAYA = Person("maya.lindt@brightwater.example", "Maya Lindt", "administrator", "administrator")
STAFF = (
    Person("owen.hale@brightwater.example", "Owen Hale", "operations_manager", "all clients"),
    Person("priya.nair@brightwater.example", "Priya Nair", "staff_accountant", "all clients"),
    Person("tom.becker@brightwater.example", "Tom Becker", "finance_assistant", "Harbour, Voss"),
    Person("lena.fuchs@brightwater.example", "Lena Fuchs", "it_support_agent", "tickets only"),
    Person("arun.das@brightwater.example", "Arun Das", "auditor", "reads everything"),
)

HARBOUR = Firm(
    slug="harbour-lane",
    name="Harbour Lane Bakery",
    legal_name="Harbour Lane Bakery LLC",
    country="US",
    chart="us",
    fiscal_year_start_month=1,
    owner=Person("june.porter@harbourlane.example", "June Porter", "owner", "owner"),
    others=(Person("sam.ortiz@harbourlane.example", "Sam Ortiz", "viewer", "viewer"),),
    ledger={
        "opening": "39000",
        "depreciation": "60400",
        "accumulated": "16000",
        "prepaid": "13100",
        "asset": "15000",
        "insurance": "60700",
    },
    banks=(
        Bank(
            "Operating checking",
            "US4417002291",
            "USD",
            "10000",
            4_812_044,
            "mt940",
            (
                Habit("Card settlement", "Terminal deposits", "40000", 162_000, 271_000, 13),
                Habit("Pier Street Cafe", "Wholesale bread, weekly", "40000", 62_000, 91_000, 4),
                Habit("Golden Mill Supply", "Flour and dry goods", "50000", -148_000, -96_000, 4),
                Habit("Alder Dairy", "Butter and cream", "50000", -74_000, -41_000, 4),
                Habit("Payroll", "Wages of the fortnight", "66000", -742_000, -688_000, 2),
                Habit("State payroll taxes", "Payroll taxes", "66200", -121_000, -104_000, 1, 15),
                Habit("Wharf Properties", "Rent", "61600", -420_000, -420_000, 1, 1),
                Habit("City Light and Gas", "Utilities", "62100", -98_000, -61_000, 1, 12),
                Habit("Tide Telecom", "Telephone and internet", "61900", -18_900, -18_900, 1, 9),
                Habit("Terminal fees", "Merchant fees", "54000", -74_000, -52_000, 1, 3),
                Habit("Ovenworks Service", "Repair of the deck oven", "61700", -88_000, -22_000),
            ),
        ),
    ),
)

KESTREL = Firm(
    slug="kestrel-joinery",
    name="Kestrel Joinery",
    legal_name="Kestrel Joinery Ltd",
    country="GB",
    chart="uk",
    fiscal_year_start_month=4,
    owner=Person("ruth.amory@kestreljoinery.example", "Ruth Amory", "owner", "owner"),
    others=(Person("dan.sykes@kestreljoinery.example", "Dan Sykes", "approver", "approver"),),
    ledger={
        "opening": "3900",
        "depreciation": "8000",
        "accumulated": "0021",
        "prepaid": "1103",
        "asset": "0020",
        "insurance": "8204",
        "receivable": "1100",
        "sales": "4000",
        "fees": "7901",
    },
    customers=("Fenwick Homes", "Larch House Hotel", "Mill Road School", "Brook and Sons"),
    banks=(
        Bank(
            "Business current",
            "GB29NWBK60161331926819",
            "GBP",
            "1200",
            3_104_590,
            "camt",
            (
                Habit("Timber Yard Thames", "Oak and ash", "5000", -412_000, -188_000, 3),
                Habit("Brass and Hinge", "Fittings", "5001", -66_000, -24_000, 3),
                Habit("Payroll", "Net wages", "7000", -982_000, -914_000, 1, 28),
                Habit("Tax office", "PAYE and insurance", "7006", -288_000, -241_000, 1, 22),
                Habit("Yard Lane Estates", "Workshop rent", "7100", -235_000, -235_000, 1, 1),
                Habit("Borough", "Business rates", "7103", -61_400, -61_400, 1, 5),
                Habit("Northern Power", "Electricity", "7200", -58_000, -31_000, 1, 14),
                Habit("Fuel card", "Van fuel", "7300", -19_000, -6_500, 5),
                Habit("Callbox", "Telephone and internet", "7502", -8_400, -8_400, 1, 9),
                Habit("Bank", "Charges", "7901", -2_650, -1_180, 1, 30),
                Habit("Tool Exchange", "Blades and repairs", "7800", -34_000, -7_000, 2),
            ),
        ),
    ),
)

VOSS = Firm(
    slug="voss-feinoptik",
    name="Voss Feinoptik",
    legal_name="Voss Feinoptik GmbH",
    country="DE",
    chart="general",
    fiscal_year_start_month=1,
    owner=Person("karla.voss@vossfeinoptik.example", "Karla Voss", "owner", "owner, in German"),
    others=(Person("nils.adam@vossfeinoptik.example", "Nils Adam", "member", "member"),),
    ledger={
        "opening": "3900",
        "depreciation": "6600",
        "accumulated": "1610",
        "prepaid": "1300",
        "asset": "1510",
        "insurance": "6130",
        "receivable": "1100",
        "sales": "4000",
    },
    customers=("Labor Kessler", "Optik Sandmann", "Messtechnik Ruhr"),
    invoices=(262_000, 1_080_000),
    rate=Decimal("0.92"),
    banks=(
        Bank(
            "Geschäftskonto",
            "DE89370400440532013000",
            "EUR",
            "1010",
            8_220_115,
            "camt",
            (
                Habit("Glaswerk Jena Süd", "Rohglas", "5010", -612_000, -288_000, 3),
                Habit("Feinmechanik Ott", "Fassungen", "5020", -214_000, -98_000, 2),
                Habit("Lohn und Gehalt", "Löhne", "6000", -1_884_000, -1_742_000, 1, 27),
                Habit("Krankenkassen", "Sozialabgaben", "6010", -402_000, -371_000, 1, 26),
                Habit("Hafenspeicher", "Miete Halle 3", "6100", -385_000, -385_000, 1, 2),
                Habit("Stadtwerke", "Strom und Wasser", "6110", -92_000, -64_000, 1, 15),
                Habit("Paketdienst Nord", "Versand", "6230", -28_000, -6_000, 5),
                Habit("Netz und Wort", "Telefon und Internet", "6210", -11_900, -11_900, 1, 8),
                Habit("Hausbank", "Kontoführung", "6520", -3_400, -1_900, 1, 30),
            ),
        ),
        Bank(
            "Dollar account",
            "DE02120300000000202051",
            "USD",
            "1030",
            1_450_000,
            "mt940",
            (
                Habit("Lakeshore Instruments", "Lenses, order", "4020", 812_000, 1_304_000, 2),
                Habit("Prairie Observatory", "Adapters", "4020", 94_000, 241_000, 1),
                Habit("Sierra Coatings", "Coating of lenses", "5020", -388_000, -142_000, 2),
                Habit("Wire fee", "Fees", "6520", -4_500, -2_500, 2),
            ),
        ),
    ),
)

FIRMS = (HARBOUR, KESTREL, VOSS)
