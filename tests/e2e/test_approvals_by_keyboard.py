"""By keyboard on a phone's width: approvals are delegated and given, documents destroyed by two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from app.accounting import ledger, queries
from app.accounting.papers import approved
from app.documents import commands as documents
from app.kernel import approval_rules, clock, db, ids
from app.kernel.approval_rules import PolicyIn
from tests import factories
from tests.e2e.house import MARKS, Firm, House
from tests.web.browser import context_of

pytestmark = MARKS

PHONE = 390
MOST_STOPS = 80
TOLD = """() => {
  const at = document.activeElement;
  return [at.tagName, (at.labels?.[0]?.innerText || at.innerText || at.ariaLabel || '').trim()];
}"""


@dataclass(slots=True)
class Walk:
    """The client, who serves it, and what the browsers said."""

    house: House
    browser: Any
    firm: Firm
    maker: factories.Session
    manager: factories.Session
    deputy: factories.Session
    deputy_name: str
    noises: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def phone(self, session: factories.Session) -> Any:
        """Somebody's browser at a phone's width; what its console says is kept."""
        context = context_of(self.browser, self.house.address, cookie=session.cookie, width=PHONE)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.noises.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self.noises.append(f"{page.url}: {said.text}"))
        return page


@pytest.fixture
def walk(house: House, browser: Any) -> Iterator[Walk]:
    """A client whose larger entries the manager approves, a colleague, and an old document."""
    firm = house.firm("Weir Cottage", since=clock.today().year - 1)
    name = f"Dela {firm.slug[-8:]}"  # no two tests have a colleague of one name
    clerk = {"role": "staff_accountant"}
    made = Walk(
        house,
        browser,
        firm,
        house.accountant(firm, name="Mara Maker", **clerk),
        house.accountant(firm, name="Otto Manager"),
        house.accountant(firm, name=name, **clerk),
        name,
    )
    manager = made.manager
    with house.app.app_context(), db.transaction(manager.scope(firm.tenant)):
        rule = PolicyIn(
            kind=approved.KIND,
            title="Over a thousand",
            limits={"EUR": 100_000},
            provider_needed=1,
            provider_people=(manager.person_id,),
            client_needed=0,
        )
        approval_rules.keep(ids.uuid7(), rule)
    yield made
    for context in made.contexts:
        context.close()
    assert not made.noises, made.noises


def _tab_to(page: Any, tag: str, name: str) -> None:
    """Presses Tab until a thing of that name has the focus."""
    stops = []
    for _press in range(MOST_STOPS):
        page.keyboard.press("Tab")
        at, told = page.evaluate(TOLD)
        stops.append(told[:40])
        if at == tag and told.startswith(name):
            return
    pytest.fail(f"no {tag} {name} by Tab: {stops}")


def _fits(page: Any) -> None:
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE, page.url


def _asked(walk: Walk) -> UUID:
    """The maker's entry over the limit waits."""
    with walk.house.app.app_context(), db.transaction(walk.maker.scope(walk.firm.tenant)):
        costs = [one.id for one in queries.accounts() if one.type == "expense"]
        draft = ledger.EntryDraft(
            journal="GEN",
            date=clock.today(),
            description="A new boiler",
            postings=(
                ledger.PostingInput(costs[0], 250_000, "EUR"),
                ledger.PostingInput(costs[1], -250_000, "EUR"),
            ),
            key=str(ids.uuid7()),
        )
        return approved.ask(draft)


def test_a_colleague_who_stands_in_approves_an_entry_by_keyboard(walk: Walk) -> None:
    _asked(walk)
    deputy = walk.phone(walk.deputy)
    deputy.goto("/desk/approvals")
    expect(deputy.get_by_text("Nothing waits for your decision.")).to_be_visible()
    _delegate(walk)
    deputy.reload()
    _fits(deputy)
    _tab_to(deputy, "A", "A new boiler")
    deputy.keyboard.press("Enter")
    expect(deputy.get_by_text("You decide for Otto Manager.")).to_be_visible()
    expect(deputy.get_by_text("2,500.00").first).to_be_visible()
    _fits(deputy)
    _tab_to(deputy, "BUTTON", "Approve")
    deputy.keyboard.press("Enter")
    expect(deputy.get_by_text(f"{walk.deputy_name} for Otto Manager")).to_be_visible()
    _fits(deputy)
    walk.house.work()
    deputy.reload()
    expect(deputy.get_by_text(re.compile("^Carried out"))).to_be_visible()
    deputy.goto(f"/c/{walk.firm.slug}/books/journal")
    expect(deputy.get_by_text("A new boiler").first).to_be_visible()


def _delegate(walk: Walk) -> None:
    page = walk.phone(walk.manager)
    page.goto("/me/approvals")
    _fits(page)
    _tab_to(page, "SELECT", "Who decides")
    page.keyboard.type(walk.deputy_name)
    _tab_to(page, "BUTTON", "Delegate")
    page.keyboard.press("Enter")
    expect(
        page.get_by_role("region", name="In my stead").get_by_text(walk.deputy_name)
    ).to_be_visible()
    _fits(page)


def _old_paper(walk: Walk) -> None:
    """A document of 2001 in a country whose rules have let it go."""
    with walk.house.app.app_context(), db.transaction(walk.maker.scope(walk.firm.tenant)):
        old = documents.add(b"An old bill", name="bill.txt", line="accounting", source="staff")
    with walk.house.admin() as admin:
        admin.execute(
            "update app.client set country = 'DE' where tenant_id = %s", (walk.firm.tenant,)
        )
        admin.execute("update app.document set added_at = '2001-02-03' where id = %s", (old,))


def test_a_document_is_destroyed_by_two_by_keyboard_up_to_its_certificate(walk: Walk) -> None:
    _old_paper(walk)
    first = walk.phone(walk.maker)
    first.goto(f"/c/{walk.firm.slug}/documents/keeping")
    _fits(first)
    _tab_to(first, "INPUT", "Select bill.txt")
    first.keyboard.press("Space")
    _tab_to(first, "BUTTON", "Propose destruction")
    first.keyboard.press("Enter")
    expect(first.get_by_role("heading", level=1, name="Destruction of 1 document")).to_be_visible()
    _fits(first)
    address = first.url
    second = walk.phone(walk.manager)
    second.goto("/desk/approvals")
    _tab_to(second, "A", "Destroy")
    second.keyboard.press("Enter")
    expect(second.get_by_role("heading", name="Destroy 1 document for good")).to_be_visible()
    _tab_to(second, "A", "Look at it")
    second.keyboard.press("Enter")
    expect(second.get_by_text("bill.txt").first).to_be_visible()
    _fits(second)
    second.go_back()
    _tab_to(second, "BUTTON", "Approve")
    second.keyboard.press("Enter")
    expect(second.get_by_text("approved").first).to_be_visible()
    walk.house.work()
    first.goto(address)
    expect(first.get_by_text("Otto Manager").first).to_be_visible()
    _fits(first)
    with first.expect_download() as fetched:
        _tab_to(first, "A", "Certificate (PDF)")
        first.keyboard.press("Enter")
    assert fetched.value.suggested_filename.startswith("certificate-")
