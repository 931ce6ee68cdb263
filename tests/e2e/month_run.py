"""The bookkeeping month of a new client, step by step: each fixture does the next one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from app.kernel import clock
from tests import factories
from tests.e2e import month_files as files
from tests.e2e.house import House
from tests.e2e.month_acts import (
    Run,
    account_of,
    add_account,
    answer_on_a_phone,
    ask,
    bring,
    certain,
    close,
    code,
    hand_in,
    left,
    place,
    saved,
    sent,
    split,
    to,
    transfer,
)


@pytest.fixture(scope="module")
def run(house: House, browser: Any) -> Iterator[Run]:
    """A client without books, a bookkeeper who serves the tray, and a reviewer."""
    month = files.the_month_before(clock.today())
    firm = house.firm("Quay Joinery", since=month.opening.year)
    bookkeeper = house.accountant(firm, role="staff_accountant")
    with house.admin() as admin:
        home = factories.make_provider(admin)
        factories.grant(
            admin, home, bookkeeper.person_id, role="staff_accountant", lines=("intake",)
        )
    made = Run(house, browser, firm, month, bookkeeper, house.accountant(firm))
    yield made
    for context in made.contexts:
        context.close()


@pytest.fixture(autouse=True)
def quiet(run: Run) -> Iterator[None]:
    """No page says anything on its console."""
    run.noises.clear()
    yield
    assert not run.noises, run.noises


@pytest.fixture(scope="module")
def moved_in(run: Run) -> Run:
    """The books have come over from the other package."""
    day = run.month.opening.isoformat()
    page = run.desk()
    page.goto(f"/c/{run.firm.slug}/")
    page.get_by_role("link", name="Moving in").first.click()
    page.get_by_role("heading", level=1, name="Moving in").wait_for()
    bring(run, "chart.csv", files.CHART)
    bring(run, "contacts.csv", files.CONTACTS)
    bring(run, "trial balance.csv", files.OPENING, on=day)
    bring(run, "aged receivables.csv", files.items(run.month), on=day)
    bring(run, "general ledger.csv", files.ledger(run.month))
    return run


@pytest.fixture(scope="module")
def dropped(moved_in: Run) -> Run:
    """Four files of four formats are in, each at its account."""
    run, month = moved_in, moved_in.month
    add_account(run)
    page = run.desk()
    page.goto("/desk/statements")
    four = [
        sent("first.xml", files.camt(month)),
        sent("second.sta", files.mt940(month)),
        sent("card.ofx", files.ofx(month)),
        sent("savings.csv", files.table(month)),
    ]
    page.get_by_label("Statement files or a zip").set_input_files(four)
    page.get_by_role("button", name="Take in").click()
    page.get_by_role("heading", level=1, name="What became of the files").wait_for()
    place(run, "card.ofx", "Fuel card")
    page.get_by_role("heading", level=1, name="card.ofx").wait_for()
    place(run, "savings.csv", "Savings")
    page.get_by_role("heading", level=1, name="What the columns mean").wait_for()
    page.get_by_role("button", name="Import").click()
    page.get_by_role("heading", level=1, name="savings.csv").wait_for()
    return run


@pytest.fixture(scope="module")
def worked(dropped: Run) -> Run:
    """The month is worked through by keys; two lines wait for the client."""
    page = account_of(dropped, "Current account")
    left(page, 8)
    certain(page, 2)
    left(page, 6)
    code(page, "Marsh Estates", "6100")
    left(page, 5)
    split(page)
    left(page, 4)
    transfer(page)
    left(page, 3)
    ask(page, "Kelso Stores", "What did you buy at Kelso?", chips="Timber, Private")
    ask(page, "Tram Hall", "What was this for?")
    to(page, "Quay Antiques")
    page.keyboard.press("s")
    left(page, 2)
    saved(page)
    page.keyboard.press("z")
    left(page, 3)
    code(page, "Quay Antiques", "200 ")
    left(page, 2)
    saved(page)
    return dropped


@pytest.fixture(scope="module")
def other_accounts(worked: Run) -> Run:
    """A rule that would hit too much is left; `+` books one fill like the last."""
    page = account_of(worked, "Fuel card")
    left(page, files.FILLS)
    page.keyboard.press("r")
    page.get_by_role("heading", level=1, name="New rule").wait_for()
    page.get_by_label("Account", exact=True).fill("6200")
    page.get_by_role("button", name="Preview past hits").click()
    expect(page.get_by_text("It fits more than half of all lines").first).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    page = account_of(worked, "Fuel card")
    left(page, files.FILLS)
    code(page, "Marsh Fuel", "6200")
    for number in range(1, files.FILLS):
        left(page, files.FILLS - number)
        to(page, "Marsh Fuel")
        page.keyboard.press("+")
    left(page, 0)
    saved(page)
    page = account_of(worked, "Savings")
    left(page, 1)  # the transfer took its other line along
    code(page, "Interest", "4900")
    left(page, 0)
    saved(page)
    return worked


@pytest.fixture(scope="module")
def answered(other_accounts: Run) -> Run:
    """Both questions are answered, settled, and their lines booked."""
    run = other_accounts
    answer_on_a_phone(run)
    page = run.desk()
    for text in ("What did you buy at Kelso", "What was this for"):
        page.goto("/desk/questions")
        page.get_by_role("link", name=re.compile(text)).first.click()
        page.get_by_role("button", name="Accept").click()
        page.get_by_role("status").first.wait_for()
    page = account_of(run, "Current account")
    to(page, "Kelso Stores")
    panel = page.get_by_role("complementary", name="Selected line")
    expect(panel).to_contain_text("Timber")
    code(page, "Kelso Stores", "429")
    left(page, 1)
    code(page, "Tram Hall", "6200")
    left(page, 0)
    saved(page)
    page.get_by_role("link", name="Next client").first.wait_for()
    return run


@pytest.fixture(scope="module")
def recoded(answered: Run) -> Run:
    """All fills at the pump become vehicle costs, after a look at the figures."""
    page = answered.desk()
    page.goto(f"{answered.books}/recode")
    page.keyboard.press("/")
    search = page.get_by_role("search")
    search.get_by_label("Account").select_option(label="6200 Office supplies")
    search.get_by_label("Text").fill("Marsh Fuel")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Re-code all that fit").click()
    page.get_by_role("heading", level=1, name=f"Re-code {files.FILLS} lines").wait_for()
    page.get_by_label("Account", exact=True).select_option(label="6310 Vehicle running costs")
    page.get_by_role("button", name="Preview").click()
    figures = page.get_by_role("table", name="Figures before and after")
    expect(figures.get_by_role("row").filter(has_text="6200")).to_contain_text("42.00")
    expect(figures.get_by_role("row").filter(has_text="6310")).to_contain_text("823.52")
    page.get_by_role("button", name=f"Re-code {files.FILLS} lines").click()
    page.get_by_role("heading", level=1, name="Re-coding").wait_for()
    return answered


@pytest.fixture(scope="module")
def closed(recoded: Run) -> Run:
    """The month and those before it are handed in by one person, closed by another."""
    month = recoded.month
    for day in (month.opening, month.before, month.first):
        hand_in(recoded, f"{day:%Y-%m}")
        close(recoded, f"{day:%Y-%m}")
    return recoded


@pytest.fixture(scope="module")
def published(closed: Run) -> Run:
    """A pack with words and a note beside a figure is with the client."""
    run, month = closed, closed.month
    page = run.desk()
    at = f"/c/{run.firm.slug}/reports"
    page.goto(f"{at}/packs/new")
    page.get_by_label("Title").fill("The month")
    page.get_by_label("From").fill(month.first.isoformat())
    page.get_by_label("To", exact=True).fill(month.last.isoformat())
    page.get_by_label("Your words to the client").fill("A good month: **one oak table**.")
    page.get_by_label("Profit and loss", exact=True).check()
    page.get_by_label("Balance sheet", exact=True).check()
    page.get_by_role("button", name="Save and look at it").click()
    page.get_by_role("heading", level=1, name="The month").wait_for()
    fuel = page.get_by_role("row").filter(has_text="6310").first
    fuel.get_by_role("link", name="823.52").first.click()
    page.get_by_label("Write a note").fill("Fuel is high: the van went to Quay daily.")
    page.get_by_label("For", exact=True).select_option(
        label="The client: it is published beside the figure"
    )
    page.get_by_role("button", name="Add note").click()
    page.get_by_text("Fuel is high: the van").first.wait_for()
    page.goto(f"{at}/packs")
    page.get_by_role("link", name="The month").first.click()
    page.locator("#publish > summary").click()
    page.locator("#publish").get_by_role("button", name="Publish").click()
    page.wait_for_url("**/published-packs/*")
    run.pages["pack"] = page.url
    return run


@pytest.fixture(scope="module")
def corrected(published: Run) -> Run:
    """The month is reopened with a reason and a correction posted."""
    run, month = published, published.month
    page = run.pages.setdefault("review", run.page(run.reviewer))
    page.goto(f"{run.books}/close/of/{month.first:%Y-%m}")
    page.locator("summary", has_text="Reopen").click()
    page.get_by_label("Why it is reopened").fill("A bill for repairs came late.")
    page.get_by_role("button", name="Reopen the month").click()
    page.get_by_role("heading", name="Hand in").wait_for()
    page = run.desk()
    page.goto(f"{run.books}/entries/new")
    page.get_by_label("Date").fill(month.last.isoformat())
    page.get_by_label("Description").fill("Repairs, billed late")
    page.get_by_label("Account, row 1").fill("6120 Cleaning and repairs")
    page.get_by_label("Debit, row 1").fill("150")
    page.get_by_label("Account, row 2").fill("2100 Accrued expenses")
    page.get_by_label("Credit, row 2").fill("150")
    page.get_by_role("button", name="Post entry").click()
    page.wait_for_url(re.compile("/books/entries/(?!new)"))
    return run
