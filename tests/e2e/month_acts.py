"""What people do in the bookkeeping month: bring files, code lines by keyboard, answer, close."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import expect

from tests import factories
from tests.e2e import month_files as files
from tests.e2e.house import Firm, House
from tests.e2e.month_files import Month
from tests.web.browser import context_of


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


def sent(name: str, data: bytes) -> dict[str, Any]:
    """A file as a chooser takes it."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


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
