"""A paper is walked by keyboard: doubtful fields one after the other, its box shown, confirmed."""

from __future__ import annotations

from typing import Any

import pytest

from app.documents import commands as documents
from app.kernel import db
from tests.documents.printed import papers
from tests.e2e.house import MARKS, Firm, House, Open

pytestmark = MARKS


@pytest.fixture
def firm(house: House) -> Firm:
    """A client with empty books."""
    return house.firm("Copper Beech Dairy")


def add(house: House, firm: Firm, source: str, name: str) -> str:
    session = house.accountant(firm)
    with house.app.app_context(), db.transaction(session.scope(firm.tenant)):
        made = documents.add(papers.typeset(source), name=name, line="accounting", source="staff")
    house.work()
    return f"/c/{firm.slug}/documents/{made}/reading"


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.name || document.activeElement.innerText"))


def test_enter_keeps_typing_corrects_and_the_next_paper_follows(
    house: House, open_page: Open, firm: Firm
) -> None:
    first = add(house, firm, papers.ENGLISH, "one.pdf")
    second = add(house, firm, papers.GERMAN, "two.pdf")
    page = open_page(session=house.accountant(firm))
    page.goto(first)
    page.locator("rect.on").wait_for(state="attached")
    assert focused(page) == "invoice_number"
    assert page.locator("rect.on").get_attribute("data-box") == "invoice_number"
    page.keyboard.type("HP-2026/0094")
    walked = []
    for _step in range(14):
        page.keyboard.press("Enter")
        walked.append(focused(page))
        if "Confirm" in walked[-1]:
            break
    assert walked[0] == "issue_date"
    assert "net_minor" not in walked, "what proves itself is not walked"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{second}*")
    page.goto(first)
    assert page.locator("[name=invoice_number]").input_value() == "HP-2026/0094"


def test_on_a_phone_the_page_stands_above_its_fields_and_nothing_is_cut(
    house: House, open_page: Open, firm: Firm
) -> None:
    address = add(house, firm, papers.FRENCH, "three.pdf")
    page = open_page(session=house.accountant(firm))
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(address)
    above = page.locator("[data-pages]").bounding_box()
    below = page.locator("[data-fields]").bounding_box()
    assert above["y"] + above["height"] <= below["y"] + 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
