"""The bookkeeping month of a new client, as its people do it: from moving in to a correction."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import month_files as files
from tests.e2e.house import MARKS
from tests.e2e.month_acts import Run, account_of, left
from tests.e2e.month_run import (
    answered,
    closed,
    corrected,
    dropped,
    moved_in,
    other_accounts,
    published,
    quiet,
    recoded,
    run,
    worked,
)

__all__ = [
    "answered",
    "closed",
    "corrected",
    "dropped",
    "moved_in",
    "other_accounts",
    "published",
    "quiet",
    "recoded",
    "run",
    "worked",
]

pytestmark = [*MARKS, pytest.mark.steps]


def test_a_client_moves_in_from_another_package(moved_in: Run) -> None:
    page = moved_in.desk()
    page.goto(f"{moved_in.books}/moving-in")
    expect(page.get_by_role("listitem").filter(has_text="There")).to_have_count(5)
    page.goto(f"{moved_in.books}/open-items")
    expect(page.get_by_role("row").filter(has_text="Harbour Cafe")).to_contain_text("450.00")


def test_four_formats_dropped_on_the_desk_find_their_accounts(dropped: Run) -> None:
    page = dropped.desk()
    page.goto(f"{dropped.books}/bank/accounts")
    for name in ("Current account", "Fuel card", "Savings"):
        expect(page.get_by_role("row").filter(has_text=name)).to_be_visible()
    lines = len(files.first_half(dropped.month)) + len(files.second_half(dropped.month))
    assert dropped.house.count("app.bank_transaction", dropped.firm.tenant) == (
        lines + files.FILLS + 2
    )


def test_a_month_is_reconciled_by_keyboard(other_accounts: Run) -> None:
    page = account_of(other_accounts, "Current account")
    left(page, 2)
    assert other_accounts.noises == []


def test_split_transfer_and_rule_are_booked_as_they_were_decided(other_accounts: Run) -> None:
    page = account_of(other_accounts, "Current account")
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("row").filter(has_text="Print Works")).to_contain_text("6400")
    expect(page.get_by_role("row").filter(has_text="Own savings")).to_contain_text("Savings")


def test_two_questions_are_answered_on_phones_and_their_lines_booked(answered: Run) -> None:
    page = account_of(answered, "Current account")
    expect(page.locator("#rec-head")).to_contain_text("none")


def test_thirty_lines_are_recoded_in_one_go_as_previewed(recoded: Run) -> None:
    page = recoded.desk()
    page.goto(f"/c/{recoded.firm.slug}/reports/profit-and-loss?period={recoded.month.first:%Y-%m}")
    row = page.get_by_role("table").get_by_role("row")
    expect(row.filter(has_text="6310").first).to_contain_text("823.52")
    expect(row.filter(has_text="6200").first).to_contain_text("42.00")


def test_a_second_person_closes_the_month(closed: Run) -> None:
    page = closed.desk()
    page.goto(f"{closed.books}/close/of/{closed.month.first:%Y-%m}")
    expect(page.get_by_role("heading", name="Closed")).to_be_visible()
    expect(page.get_by_text("Every check is met")).to_be_visible()


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
