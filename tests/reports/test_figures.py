"""Every figure of every report leads to postings that add up to it."""

from __future__ import annotations

import datetime as dt
import html
import re

import psycopg
import pytest
from flask import Flask

from app.accounting import commands
from app.kernel import ids
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.http import Browser

REPORTS = ("profit-and-loss", "balance-sheet", "cash-flow", "trial-balance", "general-ledger")
CELL = re.compile(r'href="([^"]+/drill\?[^"]+)" data-cell>([^<]+)<')
FIGURE = re.compile(r'data-figure="(-?\d+)"')
PART = re.compile(r'data-part="(-?\d+)"')
AMOUNT = re.compile(r'data-amount="(-?\d+)"')
NEXT = re.compile(r'rel="next" href="([^"]+)"')
SHARE = re.compile(r'data-share="(-?\d+)"')


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with a year of entries on accounts of every kind."""
    books = ledger_support.make_books(app, worker_app, admin)
    day = dt.date(2025, 11, 3)
    for number in range(14):
        on = day + dt.timedelta(days=29 * number)
        books.post([1_000_000 + number, -1_000_000 - number], on=on)
        books.post([31_050 + number, -31_050 - number], codes=["6100", "1010"], on=on)
        books.post([2_000, -2_000], codes=["4000", "1010"], on=on)
    books.post([500_000, -500_000], codes=["1010", "3000"], on=dt.date(2025, 1, 7))
    return books


@pytest.fixture
def slug(books: Books, admin: psycopg.Connection) -> str:
    """The client's name in addresses."""
    return factories.slug_of(admin, books.tenant)


def crawl(browser: Browser, address: str, *, every: int = 1) -> int:
    """Follows every figure of a report, or each `every`th; returns how many were followed."""
    page = browser.get(address)
    assert page.status_code == 200, address
    cells = CELL.findall(page.get_data(as_text=True))[::every]
    for link, shown in cells:
        behind = browser.get(html.unescape(link))
        text = behind.get_data(as_text=True)
        assert behind.status_code == 200, link
        assert shown in text, f"{link} does not show {shown}"
        if "%" in shown:
            assert PART.findall(text), f"{link} says not what it is worked out from"
            continue
        figure = int(FIGURE.search(text)[1])  # type: ignore[index]  # the assert would say so
        later = NEXT.search(text)
        while later:
            more = browser.get(html.unescape(later[1])).get_data(as_text=True)
            text += "".join(f'data-amount="{one}"' for one in AMOUNT.findall(more))
            later = NEXT.search(more)
        check(text, figure, link)
    return len(cells)


def check(text: str, figure: int, link: str) -> None:
    """Parts, accounts and postings each add up to the figure."""
    for name, pattern in (("parts", PART), ("accounts", SHARE), ("postings", AMOUNT)):
        found = [int(one) for one in pattern.findall(text)]
        if found:
            assert sum(found) == figure, f"{name} of {link}"
    assert figure == 0 or PART.search(text) or AMOUNT.search(text), link


@pytest.mark.parametrize("key", REPORTS)
@pytest.mark.parametrize(
    "asked",
    [
        "period=2026-03",
        "period=2026-06&span=fiscal&cmp=months&share=1",
        "from=2026-01-15&to=2026-04-10&cmp=year",
        "on=2026-05-17&cmp=months",
    ],
)
def test_every_figure_links_and_adds_up(
    app: Flask, books: Books, slug: str, key: str, asked: str
) -> None:
    browser = Browser(app, books.session)
    assert crawl(browser, f"/c/{slug}/reports/{key}?{asked}") >= 4


def amounts(app: Flask, books: Books, address: str) -> dict[str, list[str]]:
    """The rows of a CSV by their title."""
    answer = Browser(app, books.session).get(address)
    assert answer.status_code == 200
    lines = answer.get_data().decode("utf-8-sig").splitlines()
    return {line.split(",")[1]: line.split(",")[2:] for line in lines}


def test_the_balance_sheet_balances_with_the_result_of_the_year_in_it(
    app: Flask, books: Books, slug: str
) -> None:
    rows = amounts(app, books, f"/c/{slug}/reports/balance-sheet.csv?on=2026-05-17&cmp=none")
    assert rows["Total assets"] == rows["Total liabilities and equity"]
    assert rows["Proof: assets less liabilities and equity"] == ["0.00"]
    assert rows["Result of earlier years"] != rows["Result of the year"]


def test_the_cash_flow_ends_at_the_balance_of_the_bank(app: Flask, books: Books, slug: str) -> None:
    flow = amounts(app, books, f"/c/{slug}/reports/cash-flow.csv?from=2026-01-15&to=2026-04-10")
    sheet = amounts(app, books, f"/c/{slug}/reports/balance-sheet.csv?on=2026-04-10&cmp=none")
    assert flow["Cash and bank at the end"] == flow["Proof: balance of bank and cash"]
    assert flow["Cash and bank at the end"][0] == sheet["Total cash and bank"][0]


def test_a_span_that_ends_before_it_begins_is_refused(app: Flask, books: Books, slug: str) -> None:
    page = Browser(app, books.session).get(
        f"/c/{slug}/reports/profit-and-loss?from=2026-04-01&to=2026-03-01"
    )
    assert page.status_code == 422


def test_a_cell_that_does_not_exist_is_not_found(app: Flask, books: Books, slug: str) -> None:
    browser = Browser(app, books.session)
    for cell in ("", "income", "nothing:now", "income:nothing", "income:now:now"):
        page = browser.get(f"/c/{slug}/reports/profit-and-loss/drill?period=2026-03&cell={cell}")
        assert page.status_code == 404


def test_what_was_taken_back_in_its_month_folds_away_and_sums_stay(
    app: Flask, books: Books, slug: str
) -> None:
    wrong = books.post((22_222, -22_222), on=dt.date(2026, 3, 5))
    with books.open():
        commands.reverse_entry(entry_id=wrong.id, key=str(ids.uuid7()), date=dt.date(2026, 3, 20))
    address = f"/c/{slug}/reports/general-ledger.csv?period=2026-03&cmp=none"
    folded = Browser(app, books.session).get(address).get_data(as_text=True)
    whole = Browser(app, books.session).get(f"{address}&corrected=1").get_data(as_text=True)
    assert "Corrected in the same month" in folded
    assert "Corrected in the same month" not in whole
    assert len(whole.splitlines()) == len(folded.splitlines()) + 2  # four postings, two lines

    def sums(text: str) -> list[str]:
        return [one for one in text.splitlines() if "Movement" in one or "Closing" in one]

    assert sums(folded) == sums(whole)
    browser = Browser(app, books.session)
    for asked in ("", "&corrected=1"):
        assert crawl(browser, f"/c/{slug}/reports/general-ledger?period=2026-03{asked}") > 4
