"""The bookkeeping month of a new client, as its people do it: from moving in to a correction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import expect

from app.kernel import clock
from tests import factories
from tests.e2e import month_files as files
from tests.e2e.house import MARKS, Firm, House
from tests.e2e.month_files import Month
from tests.web.browser import context_of

pytestmark = [*MARKS, pytest.mark.steps]


@dataclass(slots=True)
class Run:
    """A client, its month, who works on it, and what the browsers said."""

    house: House
    browser: Any
    firm: Firm
    month: Month
    bookkeeper: factories.Session
    reviewer: factories.Session
    noises: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)
    pages: dict[str, Any] = field(default_factory=dict)

    @property
    def books(self) -> str:
        """Where the client's books are."""
        return f"/c/{self.firm.slug}/books"

    def page(self, session: factories.Session, *, width: int = 1440, script: bool = True) -> Any:
        """A browser of its own; what its console says is kept."""
        context = context_of(
            self.browser, self.house.address, cookie=session.cookie, width=width, script=script
        )
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.noises.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self.noises.append(f"{page.url}: {said.text}"))
        return page

    def desk(self) -> Any:
        """The bookkeeper's one page."""
        if "desk" not in self.pages:
            self.pages["desk"] = self.page(self.bookkeeper)
        return self.pages["desk"]


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
def _quiet(run: Run) -> Iterator[None]:
    """No page says anything on its console."""
    run.noises.clear()
    yield
    assert not run.noises, run.noises


def sent(name: str, data: bytes) -> dict[str, Any]:
    """A file as a chooser takes it."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


# Moving in


def bring(run: Run, name: str, text: str, *, on: str = "") -> None:
    """One export: read, shown, given its day where it needs one, imported by E."""
    page = run.desk()
    page.goto(f"{run.books}/moving-in")
    page.get_by_label("CSV or XLSX").set_input_files(sent(name, text.encode()))
    page.get_by_role("button", name="Read it").click()
    page.get_by_role("heading", level=1, name=name).wait_for()
    if on:
        page.get_by_label("Day of the balances").fill(on)
        page.get_by_role("button", name="Read it like this").click()
        expect(page.get_by_label("Day of the balances")).to_have_value(on)
    page.get_by_role("button", name="Import it").wait_for()
    page.keyboard.press("e")
    page.get_by_role("heading", name="Imported").wait_for()


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


def test_a_client_moves_in_from_another_package(moved_in: Run) -> None:
    page = moved_in.desk()
    page.goto(f"{moved_in.books}/moving-in")
    expect(page.get_by_role("listitem").filter(has_text="There")).to_have_count(5)
    page.goto(f"{moved_in.books}/open-items")
    expect(page.get_by_role("row").filter(has_text="Harbour Cafe")).to_contain_text("450.00")


# Statements


def add_account(run: Run) -> None:
    """The bank account that the ledger knows gets its number."""
    page = run.desk()
    page.goto(f"{run.books}/bank/accounts/new")
    page.get_by_label("Name").fill("Current account")
    page.get_by_label("IBAN or account number").fill(files.MAIN)
    page.get_by_label("Currency").select_option("EUR")
    page.get_by_label("Account in the books").select_option(label="1010 Bank current account")
    page.get_by_role("button", name="Add bank account").click()
    page.get_by_role("link", name="Current account").wait_for()


def place(run: Run, name: str, account: str) -> None:
    """A file of the tray is given to its client and a new bank account."""
    page = run.desk()
    page.goto("/desk/statements")
    page.get_by_role("table", name="Tray").get_by_role("link", name=name).click()
    page.get_by_label("Client").select_option(run.firm.slug)
    page.get_by_role("button", name="Choose").click()
    page.get_by_label("Name of the new bank account").fill(account)
    page.get_by_label("Currency of the new bank account").select_option("EUR")
    page.get_by_role("button", name=f"Give it to {run.firm.name}").click()


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


def test_four_formats_dropped_on_the_desk_find_their_accounts(dropped: Run) -> None:
    page = dropped.desk()
    page.goto(f"{dropped.books}/bank/accounts")
    for name in ("Current account", "Fuel card", "Savings"):
        expect(page.get_by_role("row").filter(has_text=name)).to_be_visible()
    lines = len(files.first_half(dropped.month)) + len(files.second_half(dropped.month))
    assert dropped.house.count("app.bank_transaction", dropped.firm.tenant) == (
        lines + files.FILLS + 2
    )


# Reconciling


def account_of(run: Run, name: str) -> Any:
    """The Reconcile screen of a bank account, opened by G K and its name."""
    page = run.desk()
    page.goto(f"/c/{run.firm.slug}/")
    page.keyboard.press("g")
    page.keyboard.press("k")
    page.get_by_role("navigation", name="Bank accounts").get_by_role("link", name=name).click()
    page.get_by_role("heading", level=1, name=name).wait_for()
    return page


def left(page: Any, count: int) -> None:
    """So many lines are left in the list."""
    expect(page.locator("#lines tr[data-row]")).to_have_count(count)


def saved(page: Any) -> None:
    """The server has confirmed every act."""
    expect(page.get_by_role("status").filter(has_text="not yet saved")).to_be_hidden()


def to(page: Any, text: str) -> None:
    """Moves by J to the line that says this, and waits for its panel."""
    here = page.locator("#lines tr[aria-current]")
    rows = page.locator("#lines tr[data-row]").count()
    for key in ["k"] * rows + ["j"] * rows:
        if text in here.inner_text():
            break
        page.keyboard.press(key)
    expect(here).to_contain_text(text)
    panel = page.get_by_role("complementary", name="Selected line")
    expect(panel.get_by_role("heading", level=2)).to_contain_text(text)


def code(page: Any, text: str, account: str) -> None:
    """A line is coded by keys."""
    to(page, text)
    page.keyboard.press("a")
    page.keyboard.type(account)
    page.keyboard.press("Enter")


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


def certain(page: Any, count: int) -> None:
    """All certain lines are seen with their count, then accepted."""
    page.keyboard.press("Shift+Enter")
    page.get_by_role("heading", level=1, name=f"{count} certain lines").wait_for()
    expect(page.get_by_role("row")).to_have_count(count + 1)
    page.keyboard.press("Enter")
    page.get_by_role("region", name="Bank lines").or_(page.locator("#all-done")).first.wait_for()


def split(page: Any) -> None:
    """A quarter of the leaflets was postage."""
    to(page, "Print Works")
    page.keyboard.press("a")
    page.keyboard.type("6400")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("25%")
    page.keyboard.press("Tab")
    page.keyboard.type("6230")
    page.keyboard.press("Enter")


def transfer(page: Any) -> None:
    """Money put aside goes to the own savings account."""
    to(page, "Own savings")
    page.keyboard.press("t")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Savings · EUR").press("Enter")


def ask(page: Any, line: str, text: str, *, chips: str = "") -> None:
    """Q asks the client about a line."""
    to(page, line)
    page.keyboard.press("q")
    page.keyboard.type(text)
    if chips:
        page.keyboard.press("Tab")
        page.keyboard.type(chips)
    page.keyboard.press("Enter")
    row = page.get_by_role("row").filter(has_text=line)
    expect(row).to_contain_text("Asked")


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


def test_a_month_is_reconciled_by_keyboard(other_accounts: Run) -> None:
    page = account_of(other_accounts, "Current account")
    left(page, 2)
    assert other_accounts.noises == []


def test_split_transfer_and_rule_are_booked_as_they_were_decided(other_accounts: Run) -> None:
    page = account_of(other_accounts, "Current account")
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("row").filter(has_text="Print Works")).to_contain_text("6400")
    expect(page.get_by_role("row").filter(has_text="Own savings")).to_contain_text("Savings")


# Questions


def answer_on_a_phone(run: Run) -> None:
    """The owner answers one with a tap, and the next one on a phone without a script."""
    phone = run.page(run.firm.owner, width=390)
    phone.goto(f"/portal/{run.firm.slug}/")
    phone.get_by_role("link", name=re.compile("What did you buy at Kelso")).first.click()
    expect(phone.get_by_role("region", name="About")).to_contain_text("Kelso Stores")
    phone.get_by_role("radio", name="Timber").check()
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_text("Thank you.").first).to_be_visible()
    plain = run.page(run.firm.owner, width=390, script=False)
    plain.goto(f"/portal/{run.firm.slug}/")
    plain.get_by_role("link", name=re.compile("What was this for")).first.click()
    plain.get_by_label("Your answer").fill("A new lamp for the office")
    plain.get_by_role("button", name="Send").click()
    expect(plain.get_by_text("Thank you.").first).to_be_visible()
    for page in (phone, plain):
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


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


def test_two_questions_are_answered_on_phones_and_their_lines_booked(answered: Run) -> None:
    page = account_of(answered, "Current account")
    expect(page.locator("#rec-head")).to_contain_text("none")


# Re-coding


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


def test_thirty_lines_are_recoded_in_one_go_as_previewed(recoded: Run) -> None:
    page = recoded.desk()
    page.goto(f"/c/{recoded.firm.slug}/reports/profit-and-loss?period={recoded.month.first:%Y-%m}")
    row = page.get_by_role("table").get_by_role("row")
    expect(row.filter(has_text="6310").first).to_contain_text("823.52")
    expect(row.filter(has_text="6200").first).to_contain_text("42.00")


# The close


def hand_in(run: Run, month: str) -> None:
    """The bookkeeper hands a month in by E."""
    page = run.desk()
    page.goto(f"{run.books}/close/of/{month}")
    for _place in range(9):
        waiting = page.get_by_text("To explain")
        if not waiting.count():
            break
        one = page.locator("#changes .card").filter(has=waiting).first
        if not one.get_by_role("textbox").is_visible():
            one.get_by_text("Explain", exact=True).click()
        one.get_by_role("textbox").fill("The first months of the firm in these books.")
        one.get_by_role("button", name="Keep").click()
        page.get_by_role("status").first.wait_for()
    page.get_by_role("button", name="Hand in for review").wait_for()
    page.keyboard.press("e")
    page.get_by_role("heading", name="Review").wait_for()


def close(run: Run, month: str) -> None:
    """The reviewer, another person, closes it by E."""
    page = run.pages.setdefault("review", run.page(run.reviewer))
    page.goto(f"{run.books}/close/of/{month}")
    page.get_by_role("button", name="Close the month").wait_for()
    page.keyboard.press("e")
    page.get_by_role("button", name="Reopen the month").or_(
        page.get_by_role("heading", name="Closed")
    ).first.wait_for()


@pytest.fixture(scope="module")
def closed(recoded: Run) -> Run:
    """The month and those before it are handed in by one person, closed by another."""
    month = recoded.month
    for day in (month.opening, month.before, month.first):
        hand_in(recoded, f"{day:%Y-%m}")
        close(recoded, f"{day:%Y-%m}")
    return recoded


def test_a_second_person_closes_the_month(closed: Run) -> None:
    page = closed.desk()
    page.goto(f"{closed.books}/close/of/{closed.month.first:%Y-%m}")
    expect(page.get_by_role("heading", name="Closed")).to_be_visible()
    expect(page.get_by_text("Every check is met")).to_be_visible()


# Publishing


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


def test_the_client_reads_the_pack_and_its_note_on_a_phone(published: Run) -> None:
    phone = published.page(published.firm.owner, width=390)
    phone.goto(f"/portal/{published.firm.slug}/")
    phone.get_by_role("link", name=re.compile("The month")).first.click()
    phone.get_by_role("heading", level=1, name="The month").wait_for()
    expect(phone.get_by_text("one oak table")).to_be_visible()
    pages = phone.get_by_role("navigation", name="Pages of the pack")
    pages.get_by_role("link", name="Profit and loss").click()
    expect(phone.get_by_text("Fuel is high: the van went to Quay daily.").first).to_be_visible()
    expect(phone.get_by_role("link", name="823.52").first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


# After the close


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


def test_a_published_pack_says_what_changed_since(corrected: Run) -> None:
    page = corrected.desk()
    page.goto(corrected.pages["pack"])
    expect(page.get_by_text("The books changed since this pack was published.")).to_be_visible()
    expect(page.get_by_text("A bill for repairs came late.").first).to_be_visible()
    changed = page.get_by_role("table", name="Figures that changed since publishing").first
    row = changed.get_by_role("row").filter(has_text="6120")
    expect(row).to_contain_text("150.00")
    expect(page.get_by_role("link", name="Repairs, billed late").first).to_be_visible()


def test_the_client_still_reads_what_was_published(corrected: Run) -> None:
    phone = corrected.page(corrected.firm.owner, width=390, script=False)
    phone.goto(f"/portal/{corrected.firm.slug}/")
    phone.get_by_role("link", name=re.compile("The month")).first.click()
    pages = phone.get_by_role("navigation", name="Pages of the pack")
    pages.get_by_role("link", name="Profit and loss").click()
    expect(phone.get_by_role("link", name="823.52").first).to_be_visible()
    expect(phone.get_by_text("Cleaning and repairs")).to_have_count(0)
