"""The taxes another package's accounts are coded with by default: guessed, put right, taken."""

from __future__ import annotations

from uuid import UUID

from app.accounting import commands, queries
from app.accounting.moving import queries as moving_queries
from tests.accounting.ledger_support import Books
from tests.accounting.moving_stage import (  # noqa: F401  # fixtures
    at,
    books,
    browser,
    drop,
    take,
    version,
)
from tests.http import Browser

CHART = """*Code,*Name,*Type,*Tax Code
610,Accounts Receivable,Accounts Receivable,20% (VAT on Income)
200,Workshop sales,Revenue,20% (VAT on Income)
429,Timber and glue,Direct Costs,20% (VAT on Expenses)
430,Stamps,Overhead,Exempt Expenses
431,Gifts,Overhead,Our own tax
6900,Other costs,Overhead,20% (VAT on Expenses)
"""


def taxed(books: Books) -> dict[str, str | None]:  # noqa: F811
    with books.open(read_only=True):
        return {one.name: one.tax_code for one in queries.accounts()}


def without(books: Books, code: str) -> str:  # noqa: F811
    """An account of the chart with no default tax; answers its name."""
    with books.open():
        own = next(one for one in queries.accounts() if one.code == code)
        commands.give_tax_codes(codes={own.id: None}, was={own.id: own.tax_code})
    return own.name


def test_the_charts_default_taxes_are_guessed_put_right_taken_and_undone(
    books: Books,  # noqa: F811
    browser: Browser,  # noqa: F811
    at: str,  # noqa: F811
) -> None:
    other = without(books, "6900")
    before = taxed(books)
    page = drop(browser, at, CHART.replace("Other costs", other))
    shown = browser.get(page).get_data(as_text=True)
    assert "coded with these by default" in shown
    with books.open(read_only=True):
        (file,) = moving_queries.files()
    taxes = {(one["source"], one["side"]): one for one in file.report["taxes"]}
    assert taxes["20% (VAT on Income)", "sales"]["code"] == "STD"
    assert taxes["20% (VAT on Expenses)", "purchases"]["code"] == "PSTD"
    assert taxes["20% (VAT on Expenses)", "purchases"]["postings"] == 2
    assert taxes["Our own tax", "purchases"]["certainty"] == "unsure"
    place = [one["source"] for one in file.report["taxes"]].index("Our own tax")
    form = {f"tax.{place}": "PZERO", "version": version(browser, page)}
    assert browser.post(f"{page}/taxes", form).status_code == 303
    assert take(browser, page).status_code == 303
    after = taxed(books)
    assert after["Workshop sales"] == "STD"
    assert (after["Timber and glue"], after["Gifts"], after[other]) == ("PSTD", "PZERO", "PSTD")
    assert {name: code for name, code in after.items() if name in before} == {
        **before,
        other: "PSTD",
    }
    undone = browser.post(f"{page}/undo", {"version": version(browser, page)})
    assert undone.status_code == 303
    assert {name: code for name, code in taxed(books).items() if name in before} == before
    again = drop(browser, at, CHART.replace("Stamps", "Stamps and cards"))
    with books.open(read_only=True):
        told = moving_queries.file(UUID(again.rsplit("/", 1)[1])).report["taxes"]
    own = next(one for one in told if one["source"] == "Our own tax")
    assert (own["code"], own["certainty"]) == ("PZERO", "certain")


def test_a_tax_code_of_our_own_stays_whatever_the_file_says(
    books: Books,  # noqa: F811
    browser: Browser,  # noqa: F811
    at: str,  # noqa: F811
) -> None:
    with books.open(read_only=True):
        own = next(one for one in queries.accounts() if one.code == "6100")
    page = drop(browser, at, f"Code,Name,Type,Tax Code\n6100,{own.name},Overhead,Exempt 0%\n")
    assert take(browser, page).status_code == 303
    assert own.tax_code == taxed(books)[own.name] == "PSTD"


def test_a_file_of_which_nothing_can_be_held_says_why_and_offers_no_import(
    books: Books,  # noqa: F811
    browser: Browser,  # noqa: F811
    at: str,  # noqa: F811
) -> None:
    rows = "Date,Journal Number,Account Code,Account,Debit,Credit\n"
    rows += "15/01/2026,1,200,Workshop sales,10.00,\n15/01/2026,1,1010,Bank,,9.00\n"
    page = drop(browser, at, rows)
    shown = browser.get(page).get_data(as_text=True)
    assert "No entry of it can be held, of 1" in shown
    assert f'action="{page}/import"' not in shown
    assert take(browser, page).status_code == 409
