"""Driven by roles, names and keys alone; and what a list does on Back, on a fault and on a drop."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.e2e.house import MARKS, Firm, House, Open, this_month

pytestmark = MARKS


@pytest.fixture
def firm(house: House) -> Firm:
    """A client with empty books."""
    return house.firm("Marsh End Mill")


def tab_to(page: Any, role: str, name: str) -> Any:
    """Tabs on until the element of this role and name has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True).first
    wanted.wait_for()
    for _step in range(80):
        if wanted.evaluate("one => one === document.activeElement"):
            return wanted
        page.keyboard.press("Tab")
    pytest.fail(f"no way by Tab to the {role} {name}")


def file_of(rows: bytes) -> dict[str, Any]:
    """A statement as a file chooser takes it."""
    return {"name": "today.sta", "mimeType": "text/plain", "buffer": rows}


def upload(page: Any, firm: Firm) -> None:
    """A statement by the plain form, its account named."""
    page.goto(f"/c/{firm.slug}/books/bank/files")
    rows = this_month(("1200,00", "Rent from Vos"), ("-25,50", "Paper and ink"))
    page.get_by_label("Bank statement").set_input_files(file_of(rows))
    tab_to(page, "button", "Upload")
    page.keyboard.press("Enter")
    page.get_by_label("Name of the new bank account").fill("Current")
    page.keyboard.press("Enter")
    page.get_by_role("table", name="Statements").wait_for()


def test_upload_book_and_publish_by_keys_and_names(
    house: House, open_page: Open, firm: Firm
) -> None:
    page = open_page(session=house.accountant(firm))
    upload(page, firm)
    page.goto(f"/c/{firm.slug}/books/bank")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    tab_to(page, "combobox", "Account")
    page.keyboard.type("4000 Sales")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="Booked as").wait_for()
    page.goto(f"/c/{firm.slug}/reports")
    tab_to(page, "link", "Profit and loss")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Profit and loss").wait_for()
    page.get_by_role("combobox", name="Month", exact=True).select_option(index=0)
    tab_to(page, "button", "Show")
    page.keyboard.press("Enter")
    tab_to(page, "textbox", "Your words to the client")
    page.keyboard.type("A quiet month.")
    tab_to(page, "button", "Publish")
    page.keyboard.press("Enter")
    page.wait_for_url("**/published/*")
    page.get_by_text("A quiet month.").wait_for()


def test_back_from_a_line_shows_the_filtered_list(
    house: House, open_page: Open, firm: Firm
) -> None:
    page = open_page(session=house.accountant(firm))
    upload(page, firm)
    page.goto(f"/c/{firm.slug}/books/bank?q=paper")
    page.get_by_role("link", name=re.compile("Paper and ink")).click()
    page.get_by_label("Account", exact=True).wait_for()
    page.go_back()
    page.get_by_role("heading", level=1, name="Bank lines").wait_for()
    page.get_by_role("link", name=re.compile("Paper and ink")).wait_for()
    assert page.get_by_role("link", name=re.compile("Rent from Vos")).count() == 0


DROP = """([form, text]) => {
    const dropped = new DataTransfer();
    dropped.items.add(new File([text], "today.sta", {type: "text/plain"}));
    const event = {dataTransfer: dropped, bubbles: true, cancelable: true};
    form.dispatchEvent(new DragEvent("drop", event));
}"""


def test_a_dropped_statement_is_uploaded(house: House, open_page: Open, firm: Firm) -> None:
    page = open_page(session=house.accountant(firm))
    page.goto(f"/c/{firm.slug}/books/bank/files")
    form = page.locator("form[data-drop]").element_handle()
    page.evaluate(DROP, [form, this_month(("9,00", "Stamps")).decode()])
    page.get_by_role("heading", level=1, name="today.sta").wait_for()


def test_a_fault_of_the_server_never_looks_like_success(
    house: House, open_page: Open, firm: Firm
) -> None:
    page = open_page(session=house.accountant(firm), noisy=True)
    upload(page, firm)
    page.goto(f"/c/{firm.slug}/books/bank?q=paper")
    page.get_by_role("link", name=re.compile("Paper and ink")).click()
    page.route("**/book", lambda route: route.fulfill(status=500, body="Something went wrong"))
    page.get_by_label("Account", exact=True).fill("4000 Sales")
    page.get_by_role("button", name="Book", exact=True).click()
    page.get_by_text("Something went wrong").wait_for()
    assert page.get_by_text("Booked as").count() == 0
    page.goto(f"/c/{firm.slug}/books/bank")
    page.get_by_role("link", name=re.compile("Paper and ink")).wait_for()
