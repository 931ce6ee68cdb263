"""A list by mail, three invoices from a phone, a correction, an approval, a receipt, a filing."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import expect

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import intake as bank_import
from app.documents import ocr
from app.kernel import clock, db, jobs_catalog
from app.kernel.scope import Scope
from app.tasks import day_mail
from app.tasks.repeat import roll
from tests import factories
from tests.documents.printed import papers
from tests.e2e.house import IBAN, MARKS, Firm, House, mt940
from tests.e2e.month_acts import sent
from tests.web.browser import context_of

pytestmark = MARKS

WORD = "Brochures"
PHONE, DESK = 390, 1440
RECEIPT_CENTS = 4_713


@dataclass(slots=True)
class Walk:
    """The client, who serves it, and what the browsers said."""

    house: House
    browser: Any
    firm: Firm
    bookkeeper: factories.Session
    manager: factories.Session
    noises: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    @property
    def client(self) -> str:
        """Where the client's pages begin."""
        return f"/c/{self.firm.slug}"

    def page(self, session: factories.Session | None = None, *, width: int = DESK) -> Any:
        """A browser of its own; what its console says is kept."""
        cookie = session.cookie if session else ""
        context = context_of(self.browser, self.house.address, cookie=cookie, width=width)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.noises.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self.noises.append(f"{page.url}: {said.text}"))
        return page

    def job(self) -> Scope:
        """The platform's own scope in the client."""
        person = jobs_catalog.SYSTEM_USERS["platform"]
        return Scope.system_job(self.firm.tenant, person_id=person)


@pytest.fixture
def walk(house: House, browser: Any) -> Iterator[Walk]:
    """A client with a supplier it knows, its bookkeeper and a manager."""
    firm = house.firm("Quern Mill", since=clock.today().year - 1)
    made = Walk(
        house,
        browser,
        firm,
        house.accountant(firm, role="staff_accountant"),
        house.accountant(firm),
    )
    with house.admin() as admin:
        admin.execute(
            "insert into ledger.counterparty (tenant_id, name, kind)"
            " values (%s, 'Harrow Press Ltd', 'supplier')",
            (firm.tenant,),
        )
    yield made
    for context in made.contexts:
        context.close()
    assert not made.noises, made.noises


def _fits(page: Any, _step: str) -> None:
    """Nothing of the page is wider than its screen."""
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def _invoice(number: str) -> dict[str, Any]:
    """An invoice of ours as a phone sends it."""
    text = papers.ENGLISH.replace("HP-2026/0093", number)
    text = text.replace("14 March 2026", f"{clock.today():%d %B %Y}")
    text = text.replace("13 April 2026", f"{clock.today() + timedelta(days=30):%d %B %Y}")
    return sent(f"{number}.pdf", papers.typeset(text))


def test_a_list_by_mail_ends_in_booked_papers_and_a_filing_with_its_receipt(walk: Walk) -> None:
    listed = _ask(walk)
    phone = _open_the_mail(walk)
    _upload_three(walk, phone)
    _send_one_back(walk, listed)
    _replace_it(walk, phone)
    paper = _accept(walk, listed)
    _correct_and_book(walk, paper)
    _find_all_three(walk)
    _filing(walk)
    _receipt(walk)


def _ask(walk: Walk) -> str:
    """The bookkeeper writes a list with three files and sends it; its address."""
    page = walk.page(walk.bookkeeper)
    page.goto(f"{walk.client}/requests/new")
    page.get_by_label("Title").fill("The invoices of Harrow Press")
    page.get_by_label("A word to the client").fill("We need them for the VAT return.")
    page.get_by_label("Files we need").fill(
        "First invoice | the one of the leaflets\nSecond invoice\nThird invoice"
    )
    _fits(page, "write")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("heading", level=1, name="The invoices of Harrow Press").wait_for()
    _fits(page, "sent")
    return str(page.url)


def _open_the_mail(walk: Walk) -> Any:
    """The day's mail goes out; its link opens the list on a phone that nobody signed in on."""
    now = datetime.now(UTC)
    monday = (now + timedelta(days=7 - now.weekday())).replace(hour=10, minute=0)
    with walk.house.worker.app_context(), db.transaction(walk.job()), clock.frozen(monday):
        assert day_mail.send_due() == 1
    with clock.frozen(monday):
        walk.house.work()
    phone = walk.page(width=PHONE)
    phone.goto("/dev/mail")
    letter = phone.get_by_role("region").filter(has_text="First invoice").first
    _fits(phone, "mail")
    letter.get_by_role("link").first.click()
    phone.get_by_role("heading", level=1, name="The invoices of Harrow Press").wait_for()
    _fits(phone, "link")
    return phone


def _give(phone: Any, title: str, file: dict[str, Any]) -> None:
    phone.get_by_role("region", name="What we need").get_by_role("link", name=title).click()
    phone.get_by_role("heading", level=2, name=title).wait_for()
    phone.get_by_label("Or choose files").set_input_files(file)
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.get_by_text("Thank you. We have it.").first).to_be_visible()


def _upload_three(walk: Walk, phone: Any) -> None:
    for title, number in (("First", "HP-101"), ("Second", "HP-102"), ("Third", "HP-104")):
        _give(phone, f"{title} invoice", _invoice(number))
    expect(phone.get_by_text("Thank you. Everything is there.")).to_be_visible()
    _fits(phone, "all-there")
    walk.house.work()


def _send_one_back(walk: Walk, listed: str) -> None:
    page = walk.page(walk.bookkeeper)
    page.goto(listed)
    third = page.get_by_role("region", name="Third invoice")
    expect(third.get_by_role("link", name="HP-104.pdf")).to_be_visible()
    _fits(page, "came")
    third.get_by_text("Send back").first.click()
    third.get_by_label("Why").fill("This is the invoice of April. We need HP-103.")
    third.get_by_role("button", name="Send back").click()
    expect(page.get_by_role("status").filter(has_text="Sent back")).to_be_visible()
    _fits(page, "sent-back")


def _replace_it(walk: Walk, phone: Any) -> None:
    phone.reload()
    expect(phone.get_by_text("We need HP-103").first).to_be_visible()
    _fits(phone, "once-more")
    _give(phone, "Third invoice", _invoice("HP-103"))
    walk.house.work()


def _accept(walk: Walk, listed: str) -> str:
    """Everything is accepted, the list done; the address of the replaced invoice."""
    page = walk.page(walk.bookkeeper)
    page.goto(listed)
    paper = page.get_by_role("link", name="HP-103.pdf").get_attribute("href")
    page.get_by_role("button", name="Accept all that came").click()
    expect(page.get_by_text("Done", exact=True).first).to_be_visible()
    _fits(page, "done")
    return str(paper)


def _correct_and_book(walk: Walk, paper: str) -> None:
    """The fields beside the page, one corrected; booked when a second person approved it."""
    page = walk.page(walk.bookkeeper)
    page.goto(f"{paper}/reading")
    expect(page.get_by_label("Invoice number")).to_have_value("HP-103")
    expect(page.get_by_role("img", name=re.compile("Page 1"))).to_be_visible()
    _fits(page, "fields")
    page.get_by_label("Invoice number").fill("HP-2026-103")
    page.get_by_role("button", name=re.compile("Confirm|I looked at it")).click()
    page.goto(f"{paper}/reading")
    expect(page.get_by_label("Invoice number")).to_have_value("HP-2026-103")
    _fits(page, "confirmed")
    page.goto(f"{paper}/books/entry")
    page.get_by_label("Account, row 1").fill("6200 Office supplies")
    _fits(page, "draft")
    page.get_by_role("button", name="Send for approval").click()
    page.wait_for_url("**/approvals/*")
    asked = page.url
    second = walk.page(walk.manager, width=PHONE)
    second.goto(asked)
    expect(second.get_by_text("318.60").first).to_be_visible()
    _fits(second, "approve")
    second.get_by_role("button", name="Approve").click()
    expect(second.get_by_text("approved").first).to_be_visible()
    walk.house.work()
    page.goto(f"{walk.client}/books/journal")
    expect(page.get_by_role("row").filter(has_text="HP-2026-103").first).to_be_visible()
    _fits(page, "journal")


def _find_all_three(walk: Walk) -> None:
    page = walk.page(walk.bookkeeper)
    page.goto(f"{walk.client}/documents/find")
    page.get_by_label("Words in documents").fill(WORD)
    page.get_by_role("button", name="Find").click()
    found = page.get_by_role("region", name="Found documents")
    for number in ("HP-101", "HP-102", "HP-103"):
        expect(found.get_by_role("link", name=f"{number}.pdf")).to_be_visible()
    expect(found.get_by_text(WORD).first).to_be_visible()
    _fits(page, "found")


def _filing(walk: Walk) -> None:
    """A monthly filing comes by itself, and is not done without its receipt."""
    page = walk.page(walk.manager)
    page.goto(f"{walk.client}/repeats/new")
    page.get_by_label("Task", exact=True).fill("File the VAT return")
    page.get_by_label("Kind").select_option(label="Filing")
    page.get_by_label("First period holds the day").fill(_next_month().isoformat())
    _fits(page, "repeat")
    page.get_by_role("button", name="Let it come round").click()
    page.get_by_role("heading", level=1).filter(has_text="File the VAT return").wait_for()
    page.goto(f"{walk.client}/tasks")
    expect(page.get_by_role("link", name="File the VAT return")).to_have_count(0)
    with walk.house.worker.app_context(), db.transaction(walk.job()):
        assert roll.roll(_next_month() + timedelta(days=40)) > 0
    page.goto(f"{walk.client}/tasks?view=all")
    page.get_by_role("link", name="File the VAT return").first.click()
    page.get_by_role("heading", level=1, name="File the VAT return").wait_for()
    _fits(page, "filing")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Add the receipt first").first).to_be_visible()
    _fits(page, "no-receipt")
    page.get_by_label("Receipt of the filing").set_input_files(
        sent("receipt of the return.pdf", papers.typeset("Return received, number 4711"))
    )
    page.get_by_role("button", name="Keep receipt").click()
    expect(page.get_by_text("Receipt kept.").first).to_be_visible()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("This filing is done once")).to_have_count(0)
    _fits(page, "filed")
    # the refusal is told by its status too, which the console of the browser repeats
    walk.noises[:] = [one for one in walk.noises if "409" not in one]


def _next_month() -> date:
    return (clock.today().replace(day=1) + timedelta(days=31)).replace(day=1)


def _receipt(walk: Walk) -> None:
    """A receipt photographed at the portal finds the bank line it belongs to."""
    if ocr.program() is None:
        warnings.warn("tesseract is missing: no photographed receipt was read", stacklevel=1)
        return
    line = _paid(walk)
    phone = walk.page(walk.firm.owner, width=PHONE)
    phone.goto(f"/portal/{walk.firm.slug}/snap")
    phone.get_by_label("Take a photo").set_input_files(
        {"name": "IMG_0815.jpg", "mimeType": "image/jpeg", "buffer": _photo()}
    )
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.get_by_text("1 photo has arrived").first).to_be_visible()
    _fits(phone, "snapped")
    walk.house.work()
    page = walk.page(walk.bookkeeper)
    page.goto(f"{walk.client}/books/reconcile/lines/{line}")
    expect(page.get_by_text("A document fits").first).to_be_visible()
    expect(page.get_by_text("IMG_0815.jpg").first).to_be_visible()
    _fits(page, "line")


def _paid(walk: Walk) -> UUID:
    """A card payment of today."""
    amount = f"{RECEIPT_CENTS / 100:.2f}".replace(".", ",")
    data = mt940([(f"{clock.today():%y%m%d}", f"-{amount}", "CARD PAYMENT 4711")])
    with (
        walk.house.app.app_context(),
        db.transaction(walk.bookkeeper.scope(walk.firm.tenant)),
    ):
        bank_commands.create_bank_account(number=IBAN, name="Main", currency="EUR")
        bank_import.upload_statement(data=data, name="card.sta")
    with walk.house.admin() as admin:
        row = admin.execute(
            "select id from app.bank_transaction where tenant_id = %s and amount_minor = %s",
            (walk.firm.tenant, -RECEIPT_CENTS),
        ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def _photo() -> bytes:
    """A receipt of an invented shop, a little askew."""
    paper = Image.new("L", (900, 1200), 250)
    draw = ImageDraw.Draw(paper)
    for place, text in enumerate(
        (
            "Corner Stationers Ltd",
            "Receipt No. 5501",
            f"Date: {clock.today():%d.%m.%Y}",
            "",
            "Paper and ink",
            "",
            "Total EUR 47.13",
            "Thank you",
        )
    ):
        draw.text((90, 120 + place * 90), text, fill=20, font=ImageFont.load_default(48))
    made = io.BytesIO()
    paper.rotate(0.6, fillcolor=250).save(made, "JPEG", quality=88)
    return made.getvalue()
