"""Moving in with other currencies, taxes and people: posted as the other package had them."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import psycopg
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.accounting import ledger
from app.accounting.ledger import Book
from app.accounting.moving import columns as moving_columns
from app.accounting.moving import foreign as moving_foreign
from app.accounting.moving import read as moving_read
from app.accounting.moving import table as moving_table
from app.accounting.moving.columns import HEADER_WORDS
from app.accounting.moving.foreign import Contradicts, Said
from app.accounting.moving.values import Content, Settings
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.moving_stage import drop, entries, mapping, state, take, version
from tests.http import Browser

# In the manner of Xero: base amounts, and the source currency's beside them.
XERO = """Date,Journal Number,Account Code,Account,Contact,Description,Currency,\
Debit (Source),Credit (Source),Debit (EUR),Credit (EUR),Tax Rate Name
15/01/2026,1,1100,Accounts Receivable,Blue Ocean Inc,INV-1,USD,1200.00,,1104.00,,
15/01/2026,1,200,Workshop sales,Blue Ocean Inc,INV-1,USD,,1000.00,,920.00,20% (VAT on Income)
15/01/2026,1,2200,Tax payable on sales,Blue Ocean Inc,INV-1,USD,,200.00,,184.00,
20/01/2026,2,610,Dollar account at the bank,,INV-1 paid,USD,1200.00,,1110.00,,
20/01/2026,2,1100,Accounts Receivable,Blue Ocean Inc,INV-1 paid,USD,,1200.00,,1104.00,
20/01/2026,2,497,Realised currency gains,,INV-1 paid,EUR,,,,6.00,
"""
# In the manner of Exact: an amount in the base currency, one in the currency, and the rate.
EXACT = """Datum;Boekstuknummer;Grootboekrekening;Omschrijving;Relatie;Bedrag;Bedrag VV;Valuta;Koers
15-01-2026;1;1100;Factuur 7;Blue Ocean;110,40;120,00;USD;1,087
15-01-2026;1;8000;Factuur 7;Blue Ocean;-110,40;-120,00;USD;1,087
"""
# In the manner of QuickBooks: an amount in the currency, and its rate.
QUICKBOOKS = """Date,Transaction no,Account,Name,Memo,Amount,Currency,Exchange Rate
01/15/2026,1,Accounts Receivable,Blue Ocean,INV 1,100.05,USD,0.333
01/15/2026,1,Consulting income,Blue Ocean,INV 1,-33.35,USD,0.333
01/15/2026,1,Other income,Blue Ocean,INV 1,-33.35,USD,0.333
01/15/2026,1,Commission income,Blue Ocean,INV 1,-33.35,USD,0.333
"""
# In the manner of DATEV: one row an entry, unsigned, people on accounts of five digits.
DATEV = """Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basis-Umsatz;\
Konto;Gegenkonto;BU-Schlüssel;Belegdatum;Belegfeld 1;Buchungstext
119,00;S;EUR;;;10001 Kunde Nord GmbH;8400 Erlöse;3;15.01.2026;RE-1;Rechnung 1
119,00;H;EUR;;;10001 Kunde Nord GmbH;1200 Bank;;29.01.2026;RE-1;Zahlung
120,00;S;USD;1,2;100,00;10002 Blue Ocean Inc;8400 Erlöse;;16.01.2026;RE-2;Rechnung 2
59,50;H;EUR;;;70001 Lieferant Süd;4980 Material;9;17.01.2026;77;Einkauf
"""
# In the manner of Sage: tax numbers behind each posting, the control account by its name.
SAGE = """Date,No,N/C,Nominal Name,Name,Ref,Details,T/C,Debit,Credit
15/01/2026,1,1100,Debtors Control Account,Harbour Cafe,S1,Tables,T1,120.00,
15/01/2026,1,4000,Sales of goods,Harbour Cafe,S1,Tables,T1,,100.00
15/01/2026,1,2200,Tax payable on sales,Harbour Cafe,S1,Tables,T1,,20.00
16/01/2026,2,5000,Purchases of goods,Oak,P1,Wood,T1,50.00,
16/01/2026,2,1400,Tax on purchases,Oak,P1,Wood,T1,10.00,
16/01/2026,2,2000,Trade payables,Oak,P1,Wood,T1,,60.00
"""


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A new client."""
    return ledger_support.make_books(app, worker_app, admin, years=(2025, 2026))


@pytest.fixture
def at(books: Books, admin: psycopg.Connection) -> str:
    """The page of moving in."""
    return f"/c/{factories.slug_of(admin, books.tenant)}/books/moving-in"


@pytest.fixture
def browser(app: Flask, books: Books, at: str) -> Browser:
    """The accountant's browser, with the page open."""
    made = Browser(app, books.session)
    made.get(at)
    return made


def read(text: str, *, home: str = "EUR", inverse: bool | None = None) -> Content:
    """A ledger as it is guessed to be read."""
    found = moving_table.read(text.encode(), words=HEADER_WORDS)
    columns = moving_columns.guess(found)
    settings = Settings(moving_columns.kind_of(columns), columns, inverse=inverse)
    return moving_read.read(found, settings, currency=home)


def postings(admin: psycopg.Connection, books: Books) -> set[tuple[str, str, int, int, str | None]]:
    """All postings: code, currency, amount, base, tax code."""
    rows = admin.execute(
        "select a.code, p.currency, p.amount, p.base, p.tax_code from ledger.posting p"
        " join ledger.account a on a.tenant_id = p.tenant_id and a.id = p.account_id"
        " where p.tenant_id = %s",
        (books.tenant,),
    ).fetchall()
    admin.commit()
    return {(str(a), str(c), int(n), int(b), t) for a, c, n, b, t in rows}


def test_a_ledger_in_two_currencies_is_posted_in_both_with_the_base_of_the_export(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, XERO)
    text = browser.get(page).get_data(as_text=True)
    assert "1,200.00 USD" in text
    assert take(browser, page).status_code == 303
    assert postings(admin, books) == {
        ("1100", "USD", 120000, 110400, None),
        ("200", "USD", -100000, -92000, "STD"),
        ("2200", "USD", -20000, -18400, None),
        ("610", "USD", 120000, 111000, None),
        ("1100", "USD", -120000, -110400, None),
        ("497", "EUR", -600, -600, None),
    }
    bank = admin.execute(
        "select currency from ledger.account where tenant_id = %s and code = '610'",
        (books.tenant,),
    ).fetchone()
    assert bank == ("USD",)


def test_a_row_whose_amounts_and_rate_contradict_is_refused_with_its_line_and_a_remedy(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    wrong = EXACT.replace("110,40;120,00", "111,40;120,00", 1)
    page = drop(browser, at, wrong, "grootboek.csv")
    text = browser.get(page).get_data(as_text=True)
    assert "differ by" in text
    assert "leave the rate out" in text
    assert re.search(r'<td class="num">2</td>', text)
    take(browser, page)
    assert entries(admin, books) == 0

    page = drop(browser, at, EXACT, "grootboek 2.csv")
    take(browser, page)
    assert ("1100", "USD", 12000, 11040, None) in postings(admin, books)


def test_a_rate_without_base_amounts_waits_until_its_direction_is_said(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, QUICKBOOKS, "transactions.csv")
    assert "the rate can be read in two ways" in browser.get(page).get_data(as_text=True)
    assert take(browser, page).status_code == 409
    mapping(browser, page, rate="base")
    text = browser.get(page).get_data(as_text=True)
    assert "miss each other by rounding, 0.01" in text
    assert take(browser, page).status_code == 303
    found = postings(admin, books)
    assert sum(base for _, _, _, base, _ in found) == 0
    assert {currency for _, currency, *_ in found} == {"USD"}
    assert sum(amount for _, _, amount, *_ in found) == 0


def test_an_export_of_personal_accounts_becomes_open_items_that_equal_the_control_account(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, DATEV, "buchungsstapel.csv")
    mapping(browser, page)
    assert take(browser, page).status_code == 303
    assert state(admin, page) == "imported"
    rows = admin.execute(
        "select c.name, c.kind, i.currency, i.residual, i.residual_base from ledger.open_item i"
        " join ledger.counterparty c on c.tenant_id = i.tenant_id and c.id = i.counterparty_id"
        " where i.tenant_id = %s and i.residual <> 0 order by 1",
        (books.tenant,),
    ).fetchall()
    assert rows == [
        ("Blue Ocean Inc", "customer", "USD", 12000, 10000),
        ("Lieferant Süd", "supplier", "EUR", -5950, -5950),
    ]
    control = admin.execute(
        "select a.control, sum(p.base) from ledger.posting p join ledger.account a"
        " on a.tenant_id = p.tenant_id and a.id = p.account_id"
        " where p.tenant_id = %s and a.control is not null group by 1 order by 1",
        (books.tenant,),
    ).fetchall()
    assert [(name, int(amount)) for name, amount in control] == [
        ("payable", -5950),
        ("receivable", 10000),
    ]
    assert "are settled here" in browser.get(page).get_data(as_text=True)

    assert browser.post(f"{page}/undo", {}).status_code == 303
    left = admin.execute(
        "select count(*) from ledger.open_item where tenant_id = %s and residual <> 0",
        (books.tenant,),
    ).fetchone()
    assert left == (0,)


def test_one_tax_name_becomes_a_code_on_sales_and_another_on_purchases_and_is_remembered(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, SAGE, "transactions.csv")
    text = browser.get(page).get_data(as_text=True)
    places = dict(re.findall(r'name="tax.(\d+)".*?<option value="(\w+)" selected', text, re.DOTALL))
    assert sorted(places.values()) == ["PSTD", "STD"]
    sales = next(place for place, code in places.items() if code == "STD")
    form = {f"tax.{place}": code for place, code in places.items()} | {f"tax.{sales}": "ZERO"}
    answer = browser.post(f"{page}/taxes", form | {"version": version(browser, page)})
    assert answer.status_code == 303
    assert take(browser, page).status_code == 303
    assert ("4000", "EUR", -10000, -10000, "ZERO") in postings(admin, books)
    assert ("1400", "EUR", 1000, 1000, "PSTD") in postings(admin, books)
    assert len(postings(admin, books)) == 6  # no tax beside the file's own

    later = drop(browser, at, SAGE.replace("/01/2026", "/02/2026"), "february.csv")
    shown = browser.get(later).get_data(as_text=True)
    codes = re.findall(r'name="tax.\d+".*?<option value="(\w+)" selected', shown, re.DOTALL)
    assert sorted(codes) == ["PSTD", "ZERO"]


def test_a_tax_that_no_code_is_known_for_is_shown_and_carries_none(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, SAGE.replace(",T1,", ",17.5% odd,"), "old.csv")
    text = browser.get(page).get_data(as_text=True)
    assert "17.5% odd" in text
    assert "Unsure" in text
    wrong = browser.post(f"{page}/taxes", {"tax.0": "NOSUCH", "version": version(browser, page)})
    assert wrong.status_code == 422
    take(browser, page)
    assert {tax for *_, tax in postings(admin, books)} == {None}


def test_opening_balances_come_by_contact_and_in_their_currency(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    text = (
        "Account Code,Account,Contact,Due Date,Currency,Foreign Amount,Debit,Credit\n"
        "1100,Trade receivables,Blue Ocean,2026-01-15,USD,1200.00,1100.00,\n"
        "1100,Trade receivables,Harbour Cafe,2026-01-20,EUR,,300.00,\n"
        "611,Dollar bank account,,,USD,-100.00,,92.00\n"
        "3000,Share capital,,,EUR,,,1308.00\n"
    )
    page = drop(browser, at, text, "opening balance.csv")
    mapping(browser, page, on="2025-12-31")
    assert take(browser, page).status_code == 303, browser.get(page).get_data(as_text=True)
    assert ("611", "USD", -10000, -9200, None) in postings(admin, books)
    items = admin.execute(
        "select c.name, i.currency, i.residual, i.residual_base, i.due_on::text"
        " from ledger.open_item i join ledger.counterparty c"
        " on c.tenant_id = i.tenant_id and c.id = i.counterparty_id"
        " where i.tenant_id = %s and i.residual <> 0 order by 1",
        (books.tenant,),
    ).fetchall()
    assert items == [
        ("Blue Ocean", "USD", 120000, 110000, "2026-01-15"),
        ("Harbour Cafe", "EUR", 30000, 30000, "2026-01-20"),
    ]


def test_open_items_in_another_currency_split_a_balance_that_is_kept_in_base(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    opening = (
        "Account Code,Account,Debit,Credit\n1100,Trade receivables,1100.00,\n"
        "3000,Share capital,,1100.00\n"
    )
    items = (
        "Customer,Invoice Number,Invoice Date,Due Date,Currency,Amount Due,Base Amount\n"
        "Blue Ocean,INV-7,2025-12-01,2026-01-15,USD,1200.00,1100.00\n"
    )
    for text in (opening, items):
        page = drop(browser, at, text, "aged receivables.csv")
        mapping(browser, page, on="2025-12-31")
        assert take(browser, page).status_code == 303
    left = admin.execute(
        "select c.name, i.currency, i.residual, i.residual_base from ledger.open_item i"
        " join ledger.counterparty c on c.tenant_id = i.tenant_id and c.id = i.counterparty_id"
        " where i.tenant_id = %s and i.residual <> 0",
        (books.tenant,),
    ).fetchall()
    assert left == [("Blue Ocean", "USD", 120000, 110000)]


def test_a_currency_without_amounts_in_it_holds_the_file_up() -> None:
    text = (
        "Date,No,Account Code,Currency,Debit,Credit\n2026-01-15,1,1010,USD,5.00,\n"
        "2026-01-15,1,4000,USD,,5.00\n"
    )
    found = read(text)
    assert [(fault.row, fault.code) for fault in found.faults] == [(0, "moving-foreign-missing")]
    assert found.faults[0].params == {"currency": "USD", "base": "EUR", "row": 2}


def test_the_guess_and_the_choice_of_taxes_are_there_over_the_api(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, SAGE, "transactions.csv")
    address = f"/api/v1/clients/{factories.slug_of(admin, books.tenant)}/moving-in"
    file_id = page.rsplit("/", 1)[1]
    found = json.loads(browser.get(f"{address}/{file_id}").get_data())
    keys = {one["side"]: one["key"] for one in found["report"]["taxes"]}
    assert set(keys) == {"sales", "purchases"}


amounts = st.integers(min_value=-(10**10), max_value=10**10).filter(bool)
rates = st.decimals(min_value="0.0005", max_value="2000", places=4)


@given(amount=amounts, rate=rates, inverse=st.booleans())
def test_base_worked_out_from_a_rate_is_accepted_when_it_is_given(
    amount: int, rate: Decimal, inverse: bool
) -> None:
    worked = moving_foreign.sum_of(Said("USD", None, amount, rate), home="EUR", inverse=inverse)
    given_ = Said("USD", worked.base, amount, rate)
    assert moving_foreign.sum_of(given_, home="EUR", inverse=inverse) == worked
    assert moving_foreign.sum_of(given_, home="EUR", inverse=None) == worked
    if not inverse:
        assert worked.base == ledger.base_amount(amount, "USD", Book("EUR"), rate)


@given(amount=st.integers(min_value=10_000, max_value=10**10), off=st.integers(2, 10**6))
def test_base_that_is_further_off_than_rounding_is_refused(amount: int, off: int) -> None:
    said = Said("USD", amount + off + amount // 100, amount, Decimal("1.0000"))
    with pytest.raises(Contradicts, match="moving-rate-contradicts"):
        moving_foreign.sum_of(said, home="EUR", inverse=None)


@given(parts=st.lists(amounts, min_size=1, max_size=8), rate=rates)
def test_entries_at_a_rate_come_out_balanced_in_both_currencies(
    parts: list[int], rate: Decimal
) -> None:
    total = sum(parts)
    if not total:
        return
    rows = ["Date,No,Account Code,Amount,Currency,Exchange Rate"]
    rows += [
        f"2026-01-15,1,4{place:03},{Decimal(part) / 100},USD,{rate}"
        for place, part in enumerate([*parts, -total])
    ]
    content = read("\n".join(rows), inverse=False)
    (entry,) = content.entries
    assert entry.fault is None
    assert entry.sum == 0
    assert sum(part.foreign for part in entry.parts) == 0
