"""Exports of another package, and a client that moves in with them on screen."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
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
