"""Moving a client in from another package by its screens: from exports to a booked bank line."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.accounting.bank import commands as bank_commands
from app.accounting.moving import commands as moving_commands
from app.accounting.reconcile import matching
from app.kernel import jobs
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import mt940, upload
from tests.http import Browser

CHART = """*Code,*Name,*Type,*Tax Code
090,Business Bank Account,Bank,No VAT
610,Accounts Receivable,Accounts Receivable,
800,Accounts Payable,Accounts Payable,
200,Workshop sales,Revenue,20%
429,Timber and glue,Direct Costs,20%
970,Share capital put in,Equity,
"""
CONTACTS = "Contact Name,Email\nHarbour Cafe,a@b.example\nOak Supplies,c@d.example\n"
OPENING = """Account Code,Account,Debit,Credit
1010,Bank,5000.00,
1100,Trade receivables,700.00,
970,Share capital put in,,5700.00
Total,,5700.00,5700.00
"""
ITEMS = """Customer,Invoice Number,Invoice Date,Due Date,Amount Due
Harbour Cafe,INV-7,2025-12-01,2026-01-15,450.00
Mill Road School,INV-9,2025-12-20,2026-01-20,250.00
"""
LEDGER = """Date,Journal Number,Account Code,Account,Contact,Description,Debit,Credit
15/01/2026,1,1010,Bank,,Cash sale,120.00,
15/01/2026,1,200,Workshop sales,,Cash sale,,120.00
31/01/2026,2,429,Timber and glue,,Glue,60.00,
31/01/2026,2,1010,Bank,,Glue,,60.00
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


def drop(browser: Browser, at: str, text: str | bytes, name: str = "export.csv") -> str:
    """Drops a file; answers its page's address."""
    data = text.encode() if isinstance(text, str) else text
    answer = browser.post(at, {"file": (io.BytesIO(data), name)})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def version(browser: Browser, page: str) -> str:
    """The version in the page's forms."""
    found = re.search(r'name="version" value="(\d+)"', browser.get(page).get_data(as_text=True))
    assert found is not None
    return found[1]


def mapping(browser: Browser, page: str, **changes: str) -> None:
    """Sends the mapping as the page shows it, with some of it changed."""
    text = browser.get(page).get_data(as_text=True)
    form: dict[str, str] = {}
    for name, body in re.findall(r'<select[^>]* name="([^"]+)">(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        if name.startswith("column.") or name in ("kind", "order", "comma", "signs", "control"):
            form[name] = chosen[1] if chosen else ""
    form = {name: value for name, value in form.items() if value or name.startswith("column")}
    form |= {"version": version(browser, page), **changes}
    answer = browser.post(f"{page}/mapping", form)
    assert answer.status_code == 303, answer.get_data(as_text=True)


def take(browser: Browser, page: str) -> Any:
    """Confirms the import."""
    return browser.post(f"{page}/import", {"version": version(browser, page)})


def balances(admin: psycopg.Connection, books: Books) -> dict[str, Decimal]:
    """Balances by code, in whole units."""
    rows = admin.execute(
        "select a.code, sum(p.base) from ledger.posting p join ledger.account a"
        " on a.tenant_id = p.tenant_id and a.id = p.account_id where p.tenant_id = %s"
        " group by 1 having sum(p.base) <> 0",
        (books.tenant,),
    ).fetchall()
    admin.commit()
    return {code: Decimal(amount) / 100 for code, amount in rows}


def state(admin: psycopg.Connection, page: str) -> str:
    row = admin.execute(
        "select state from app.moving_file where id = %s", (UUID(page.rsplit("/", 1)[1]),)
    ).fetchone()
    admin.commit()
    assert row is not None
    return str(row[0])


def test_a_client_moves_in_and_its_first_bank_line_is_booked(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    for text in (CHART, CONTACTS):
        page = drop(browser, at, text)
        assert take(browser, page).status_code == 303
        assert state(admin, page) == "imported"
    opening = drop(browser, at, OPENING, "trial balance.csv")
    assert "Say of which day" in browser.get(opening).get_data(as_text=True)
    mapping(browser, opening, on="2025-12-31")
    assert take(browser, opening).status_code == 303
    items = drop(browser, at, ITEMS, "aged receivables.csv")
    mapping(browser, items, on="2025-12-31")
    assert take(browser, items).status_code == 303
    ledger = drop(browser, at, LEDGER, "general ledger.csv")
    assert take(browser, ledger).status_code == 303

    assert balances(admin, books) == {
        "1010": Decimal(5060),
        "1100": Decimal(700),
        "970": Decimal(-5700),
        "200": Decimal(-120),
        "429": Decimal(60),
    }
    open_items = admin.execute(
        "select c.name, i.due_on::text, i.reference, i.residual from ledger.open_item i"
        " join ledger.counterparty c on c.tenant_id = i.tenant_id and c.id = i.counterparty_id"
        " where i.tenant_id = %s and i.residual <> 0 order by 1",
        (books.tenant,),
    ).fetchall()
    assert open_items == [
        ("Harbour Cafe", "2026-01-15", "INV-7", 45000),
        ("Mill Road School", "2026-01-20", "INV-9", 25000),
    ]
    text = browser.get(at).get_data(as_text=True)
    assert text.count(">There<") >= 5
    first_line_is_booked(browser, books, at.removesuffix("/moving-in"), admin)


def first_line_is_booked(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    """Makes the bank account, drops its statement and books the line."""
    browser.get(f"{at}/bank/accounts/new")
    form = {
        "number": "DE02120300000000202051",
        "name": "Bank",
        "currency": "EUR",
        "account_id": str(books.accounts["1010"]),
    }
    assert browser.post(f"{at}/bank/accounts/new", form).status_code == 303
    statement = (
        ":20:S1\n:25:12030000/0000202051\n:28C:1/1\n:60F:C260131EUR5060,00\n"
        ":61:2602020202D20,00NMSCNONREF\n:86:Paper and ink\n:62F:C260202EUR5040,00\n-\n"
    )
    browser.get(f"{at}/bank/files")
    data = {"file": (io.BytesIO(statement.encode()), "feb.sta")}
    page = str(browser.post(f"{at}/bank/files", data).headers["Location"])
    text = browser.get(page).get_data(as_text=True)
    if 'name="bank_account_id"' in text:
        account = admin.execute(
            "select id from app.bank_account where tenant_id = %s", (books.tenant,)
        ).fetchone()
        assert account is not None
        number = re.search(r'name="number" value="([^"]*)"', text)
        choice = {
            "bank_account_id": str(account[0]),
            "number": number[1] if number else "",
            "currency": "EUR",
        }
        assert browser.post(f"{page}/account", choice).status_code == 303
    line = admin.execute(
        "select id, version from app.bank_transaction where tenant_id = %s", (books.tenant,)
    ).fetchone()
    admin.commit()
    assert line is not None
    browser.get(f"{at}/bank/lines/{line[0]}")
    booked = browser.post(
        f"{at}/bank/lines/{line[0]}/book", {"version": str(line[1]), "account": "429"}
    )
    assert booked.status_code == 303, booked.get_data(as_text=True)
    assert balances(admin, books)["429"] == Decimal(80)


def entries(admin: psycopg.Connection, books: Books) -> int:
    row = admin.execute(
        "select count(*) from ledger.entry where tenant_id = %s", (books.tenant,)
    ).fetchone()
    admin.commit()
    assert row is not None
    return int(row[0])


def test_the_same_file_and_an_overlapping_one_add_nothing_twice(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, LEDGER)
    take(browser, page)
    assert entries(admin, books) == 2
    assert drop(browser, at, LEDGER, "another name.csv") == page

    longer = LEDGER + (
        "02/02/2026,3,1010,Bank,,Sale,5.00,\n02/02/2026,3,200,Workshop sales,,Sale,,5.00\n"
        "02/02/2026,4,1010,Bank,,Sale,5.00,\n02/02/2026,4,200,Workshop sales,,Sale,,5.00\n"
    )
    other = drop(browser, at, longer)
    take(browser, other)

    assert entries(admin, books) == 4  # two known, two genuine twins
    assert "2 new entries, 2 known already" in browser.get(other).get_data(as_text=True)


def test_a_whole_import_is_undone_and_may_come_again(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, LEDGER)
    take(browser, page)
    before = balances(admin, books)
    browser.get(page)

    assert browser.post(f"{page}/undo", {}).status_code == 303

    assert balances(admin, books) == {}
    archived = admin.execute(
        "select count(*) from ledger.account where tenant_id = %s and archived_at is not null",
        (books.tenant,),
    ).fetchone()
    assert archived == (2,)
    assert drop(browser, at, LEDGER) == page
    assert take(browser, page).status_code == 303
    assert balances(admin, books) == before


def test_a_bank_line_matched_to_an_imported_entry_is_to_do_when_the_import_is_undone(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, LEDGER)
    take(browser, page)
    with books.open():
        bank_commands.create_bank_account(
            number="NL91ABNA0417164300",
            name="Bank",
            currency="EUR",
            account_id=books.accounts["1010"],
        )
    upload(books, mt940([("260115", "120,00", "Cash sale")], number="NL91ABNA0417164300"))
    line, entry = admin.execute(
        "select t.id, p.entry_id from app.bank_transaction t join ledger.posting p"
        " on p.tenant_id = t.tenant_id and p.amount = t.amount_minor and p.account_id = %s"
        " where t.tenant_id = %s",
        (books.accounts["1010"], books.tenant),
    ).fetchall()[0]
    admin.commit()
    with books.open():
        matching.match_entry(line_id=line, version=1, entry_id=entry)
    browser.get(page)

    assert browser.post(f"{page}/undo", {}).status_code == 303

    freed = "select state, entry_id from app.bank_transaction where id = %s"
    assert admin.execute(freed, (line,)).fetchone() == ("to_do", None)


def test_opening_and_items_are_undone_in_any_order(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    pages = []
    for text in (OPENING, ITEMS):
        page = drop(browser, at, text)
        mapping(browser, page, on="2025-12-31")
        take(browser, page)
        pages.append(page)
    for page in pages:
        browser.get(page)
        answer = browser.post(f"{page}/undo", {})
        assert answer.status_code == 303, answer.get_data(as_text=True)
    assert balances(admin, books) == {}
    left = admin.execute(
        "select count(*) from ledger.open_item where tenant_id = %s and residual <> 0",
        (books.tenant,),
    ).fetchone()
    assert left == (0,)


def test_an_import_stays_once_a_month_of_it_is_closed(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, LEDGER)
    take(browser, page)
    books.close(202601)
    browser.get(page)
    assert browser.post(f"{page}/undo", {}).status_code == 423
    assert state(admin, page) == "imported"


def test_an_opening_that_does_not_balance_waits_for_a_word(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, OPENING.replace(",5700.00\nTotal", ",5650.00\nTotal"))
    mapping(browser, page, on="2025-12-31")
    text = browser.get(page).get_data(as_text=True)
    assert "Debit and credit differ by" in text
    assert take(browser, page).status_code == 409
    assert entries(admin, books) == 0

    suspense = next(code for code in books.accounts if code.startswith("39"))
    mapping(browser, page, on="2025-12-31", suspense=suspense)
    assert take(browser, page).status_code == 303
    assert balances(admin, books)[suspense] == Decimal(-50)


def test_signs_turned_around_are_noticed(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    turned = LEDGER.replace(",Debit,Credit", ",Credit,Debit")
    text = turned.replace("Timber and glue,,Glue,60.00,", "Timber and glue,,Glue,600.00,").replace(
        "Bank,,Glue,,60.00", "Bank,,Glue,,600.00"
    )
    wrong = text.replace("120.00", "1200.00")
    page = drop(browser, at, wrong)
    assert "signs look turned around" in browser.get(page).get_data(as_text=True)
    assert take(browser, page).status_code == 409
    mapping(browser, page, signs="flip")
    assert take(browser, page).status_code == 303
    assert balances(admin, books)["200"] == Decimal(-1200)


def test_what_cannot_be_held_is_listed_and_the_rest_comes_in(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    books.close(202602)
    text = LEDGER + (
        "02/02/2026,3,1010,Bank,,Late,5.00,\n02/02/2026,3,200,Workshop sales,,Late,,5.00\n"
        "03/03/2026,4,1010,Bank,,Off,5.00,\n03/03/2026,4,200,Workshop sales,,Off,,6.00\n"
        "04/03/2026,5,1100,Trade receivables,,Nobody,5.00,\n04/03/2026,5,200,Sales,,Nobody,,5.00\n"
    )
    page = drop(browser, at, text)
    shown = browser.get(page).get_data(as_text=True)
    for why in ("is closed", "rows differ by", "needs a contact"):
        assert why in shown
    assert take(browser, page).status_code == 303
    assert entries(admin, books) == 2


def test_accounts_are_corrected_and_remembered(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, LEDGER)
    shown = browser.get(page).get_data(as_text=True)
    place = re.search(r'name="account.(\d+)">\s*<option value="">New: 429', shown)
    assert place is not None
    browser.post(
        f"{page}/accounts",
        {
            f"account.{place[1]}": str(books.accounts["6100"]),
            "version": version(browser, page),
        },
    )
    take(browser, page)
    assert balances(admin, books)["6100"] == Decimal(60)
    again = drop(browser, at, LEDGER.replace("2026", "2025"))
    assert "New: 429" not in browser.get(again).get_data(as_text=True)


def test_a_corrected_mapping_is_reused_by_another_client(
    app: Flask, worker_app: Flask, browser: Browser, at: str, admin: psycopg.Connection
) -> None:
    odd = (
        "Date,Account Code,Text A,Text B,Debit,Credit\n"
        "2026-01-15,1010,Cash,Sale,120.00,\n2026-01-15,4000,Cash,Sale,,120.00\n"
    )
    page = drop(browser, at, odd)
    mapping(browser, page, **{"column.2": "reference", "column.3": "description"})
    assert take(browser, page).status_code == 303

    other = ledger_support.make_books(app, worker_app, admin, years=(2025, 2026))
    there = Browser(app, other.session)
    address = f"/c/{factories.slug_of(admin, other.tenant)}/books/moving-in"
    there.get(address)
    theirs = drop(there, address, odd.replace("120.00", "77.00"))
    kept = admin.execute(
        "select settings -> 'columns' from app.moving_file where id = %s",
        (UUID(theirs.rsplit("/", 1)[1]),),
    ).fetchone()
    assert kept is not None
    assert kept[0]["reference"] == 2
    assert kept[0]["description"] == 3


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"Date,Account,Debit,Credit\n", "nothing below"),
        (b"\xd0\xcf\x11\xe0old excel", "old Excel"),
        (b"1,2,3\n4,5,6\n", "No header"),
    ],
)
def test_a_file_that_is_no_table_is_kept_with_its_reason(
    data: bytes, why: str, browser: Browser, at: str, admin: psycopg.Connection
) -> None:
    page = drop(browser, at, data)
    assert state(admin, page) == "refused"
    assert why in browser.get(page).get_data(as_text=True)


def test_a_large_ledger_is_imported_by_a_job(
    browser: Browser, books: Books, at: str, admin: psycopg.Connection, worker_app: Flask
) -> None:
    rows = [LEDGER.splitlines()[0]]
    for number in range(2_100):
        day = f"{number % 28 + 1:02}/01/2026"
        text = f"Sale of the shop number {number:08} at the counter".ljust(230, "x")
        rows.append(f"{day},{number},1010,Bank,,{text},{number + 1}.00,")
        rows.append(f"{day},{number},200,Workshop sales,,{text},,{number + 1}.00")
    data = "\n".join(rows)
    assert len(data) > 1024 * 1024
    with books.open():
        page = f"{at}/{moving_commands.upload(data=data.encode(), name='ledger.csv')}"
    jobs.run_due(worker_app)
    assert take(browser, page).status_code == 303
    assert state(admin, page) == "importing"
    jobs.run_due(worker_app)
    assert state(admin, page) == "imported"
    assert entries(admin, books) == 2_100
    browser.get(page)
    browser.post(f"{page}/undo", {})
    jobs.run_due(worker_app)
    assert state(admin, page) == "undone"
    assert balances(admin, books) == {}


def test_a_reader_looks_but_brings_nothing(
    app: Flask, books: Books, at: str, admin: psycopg.Connection
) -> None:
    clerk = Browser(app, factories.staff(admin, books.tenant, role="finance_assistant"))
    assert clerk.get(at).status_code == 200
    assert clerk.post(at, {"file": (io.BytesIO(b"x"), "x.csv")}).status_code == 403


def test_a_stale_page_is_told(browser: Browser, at: str) -> None:
    page = drop(browser, at, LEDGER)
    old = version(browser, page)
    mapping(browser, page)
    assert browser.post(f"{page}/import", {"version": old}).status_code == 409
