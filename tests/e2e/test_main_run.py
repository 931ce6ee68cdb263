"""The main job, from the invitation to the end of the grant, as its people do it."""

from __future__ import annotations

import re
from typing import Any

from tests import factories
from tests.e2e.house import MARKS, Firm, House, Open, invitation_of, statement
from tests.web.browser import add_authenticator, sign_in_by_passkey

pytestmark = MARKS

EMAIL = "nils.arden"
FRESH = re.compile(r'"request_id": "[0-9a-f]+"|[0-9a-zA-Z_.\-]{60,}')


def invited(house: House, admin_page: Any, mail_page: Any) -> str:
    """The administrator invites a colleague; answers the link of the mail."""
    email = f"{factories.unique(EMAIL)}@example.com"
    admin_page.goto("/desk/people/invite")
    admin_page.get_by_label("E-mail").fill(email)
    admin_page.get_by_label("Name", exact=True).fill("Nils Arden")
    admin_page.get_by_label("Role").select_option(label="Staff accountant")
    admin_page.get_by_role("button", name="Invite").click()
    admin_page.get_by_role("status").filter(has_text="Nils Arden is invited").wait_for()
    return invitation_of(mail_page, house, email)


def accept_with_passkey(page: Any, link: str) -> None:
    """The colleague makes a passkey, which for staff is both factors."""
    add_authenticator(page)
    page.goto(link)
    page.get_by_role("button", name="Set up a passkey").click()
    page.wait_for_url("**/desk")


def ask_for_access(page: Any, firm: Firm) -> None:
    """Staff ask the owner of one client for accounting."""
    page.goto("/desk/grants/new")
    page.get_by_role("group", name="People").get_by_label("Nils Arden").last.check()
    page.get_by_role("group", name="Clients").get_by_label(firm.slug).check()
    page.get_by_label("Role").select_option(label="Staff accountant")
    page.get_by_role("group", name="Lines").get_by_label("Accounting").check()
    page.get_by_role("group", name="Basis").get_by_label("The client's owner decides").check()
    page.get_by_label("Reason, for the owner").fill("Monthly books")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("status").filter(has_text=re.compile("with the owner")).wait_for()


def approve(page: Any, firm: Firm) -> None:
    """The owner reads the request on the portal's first page and says yes."""
    page.goto(f"/portal/{firm.slug}/")
    page.get_by_role("region", name="What needs you").get_by_role("link").first.click()
    page.get_by_role("button", name="Give access to Nils Arden").click()
    page.get_by_role("status").filter(has_text=re.compile("request.* granted")).wait_for()


def sign_in_again(page: Any) -> None:
    """Out, and in again with nothing but the passkey."""
    page.goto("/me/security")
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/login*")
    sign_in_by_passkey(page)
    page.wait_for_url("**/desk")


def upload(page: Any, firm: Firm) -> None:
    """The bank's file comes in; its account is named once."""
    name, data, _month, _text = statement()
    page.goto(f"/c/{firm.slug}/books/bank")
    page.get_by_role("link", name="Upload a statement").first.click()
    sent = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    page.get_by_label("Bank statement").set_input_files(sent)
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("Name of the new bank account").fill("Current account")
    page.get_by_role("button", name=re.compile("^Import")).click()
    page.get_by_role("cell", name="Agree").or_(page.get_by_role("table")).first.wait_for()


def book(page: Any, firm: Firm) -> None:
    """One line is booked as sales."""
    page.goto(f"/c/{firm.slug}/books/bank")
    page.get_by_role("link", name=re.compile(statement()[3])).click()
    page.get_by_label("Account", exact=True).fill("4000 Sales")
    page.get_by_role("button", name="Book", exact=True).click()
    page.get_by_role("status").filter(has_text="Booked as").wait_for()


def drill_down(page: Any, firm: Firm) -> None:
    """From the figure to the account, the entry, the bank line and the bank's own file."""
    page.goto(f"/c/{firm.slug}/reports/profit-and-loss?period={statement()[2]}")
    page.get_by_role("table").get_by_role("link", name="1,405.31").first.click()
    page.get_by_role("table").get_by_role("link").first.click()
    page.get_by_role("link", name="Bank line", exact=True).click()
    page.get_by_role("link", name=statement()[0]).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the original").click()
    assert download.value.path().read_bytes() == statement()[1]


def publish(page: Any, firm: Firm) -> str:
    """The month goes to the client; answers the report's id."""
    page.goto(f"/c/{firm.slug}/reports/profit-and-loss?period={statement()[2]}")
    page.get_by_label("Your words to the client").fill("A good month: one large sale.")
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url("**/published/*")
    return str(page.url.rsplit("/", 1)[1].split("?")[0])


def read_on_a_phone(page: Any, firm: Firm) -> None:
    """The owner opens the report from the first page."""
    page.goto("/")
    page.wait_for_url(f"**/portal/{firm.slug}/")
    page.get_by_role("link", name=re.compile("Profit and loss")).first.click()
    page.get_by_role("heading", level=1, name=re.compile("Profit and loss")).wait_for()
    page.get_by_text("A good month: one large sale.").wait_for()
    assert page.get_by_role("cell", name="1,405.31").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def addresses(firm: Firm, report: str) -> list[str]:
    """Where the client's things are: staff pages, portal and API."""
    here = f"/c/{firm.slug}"
    return [
        f"{here}/",
        f"{here}/books/bank",
        f"{here}/reports/profit-and-loss",
        f"{here}/reports/published/{report}",
        f"/portal/{firm.slug}/",
        f"/portal/{firm.slug}/reports/{report}",
        f"/x/{firm.slug}/{report}",
        f"/api/v1/clients/{firm.slug}/entries",
        f"/api/v1/clients/{firm.slug}/bank-lines",
    ]


def answer(page: Any, address: str, **headers: str) -> tuple[int, str]:
    """Status and body; what is new in every answer is left out."""
    found = page.context.request.get(address, headers=headers, max_redirects=0)
    return found.status, FRESH.sub("", found.text())


def finds_nothing(page: Any, firm: Firm, report: str, **headers: str) -> None:
    """Each address answers exactly as the same address of a client that never was."""
    nobody = "never-was-a-client"
    for address in addresses(firm, report):
        got = answer(page, address, **headers)
        unknown = answer(page, address.replace(firm.slug, nobody), **headers)
        assert got[0] == 404, (address, got)
        assert got[1].replace(firm.slug, nobody) == unknown[1], address


def strangers(house: House, open_page: Open, firm: Firm, report: str) -> None:
    """A viewer of another firm, staff without the grant, and a token of another client."""
    other = house.firm("Oakwell Fittings")
    with house.admin() as admin:
        viewer = factories.make_person(admin, "client", "Jon Dale")
        factories.grant(
            admin, other.tenant, viewer, role="viewer", lines=("accounting",), may_write=False
        )
        reader = factories.sign_in(admin, viewer)
    staff = house.accountant(other)
    finds_nothing(open_page(session=reader), firm, report)
    finds_nothing(open_page(session=staff), firm, report)
    bearer = f"Bearer {house.token(other.tenant, staff.person_id)}"
    for address in addresses(firm, report)[-2:]:
        got = answer(open_page(), address, authorization=bearer)
        unknown = answer(open_page(), address.replace(firm.slug, "never-was"), authorization=bearer)
        assert got[0] == unknown[0] == 404
        assert got[1].replace(firm.slug, "never-was") == unknown[1]


def end_the_grant(page: Any, firm: Firm) -> None:
    """The owner sees what would stop, and ends it."""
    page.goto(f"/portal/{firm.slug}/access")
    page.get_by_role("link", name="Nils Arden").click()
    page.get_by_text("Nobody else is left to work on:").wait_for()
    page.get_by_role("button", name="End access").click()
    page.get_by_role("status").filter(has_text=re.compile("ha(s|ve) ended")).wait_for()


def make_token(page: Any, firm: Firm) -> str:
    """The colleague makes a token for a program; it is shown once."""
    page.goto(f"/c/{firm.slug}/tokens")
    page.get_by_label("Name").fill("Nightly fetch")
    page.get_by_label("Accounting").check()
    for box in page.get_by_role("group", name="Permissions").get_by_role("checkbox").all():
        box.check()
    page.get_by_label("Days it works").fill("7")
    page.get_by_role("button", name="Make a token").click()
    return str(page.get_by_role("code").first.inner_text())


def test_invite_grant_upload_book_publish_read_and_end(house: House, open_page: Open) -> None:
    firm = house.firm("Harbour Lane Bakery")
    administrator = open_page(session=house.administrator())
    colleague = open_page(noisy=True)  # the end of the grant is a 404 on the console
    phone = open_page(390, session=firm.owner)

    link = invited(house, administrator, open_page())
    accept_with_passkey(colleague, link)
    assert answer(colleague, f"/c/{firm.slug}/")[0] == 404
    ask_for_access(administrator, firm)
    approve(phone, firm)
    sign_in_again(colleague)

    upload(colleague, firm)
    book(colleague, firm)
    drill_down(colleague, firm)
    report = publish(colleague, firm)
    house.work()
    read_on_a_phone(phone, firm)
    strangers(house, open_page, firm, report)

    bearer = f"Bearer {make_token(colleague, firm)}"
    api = f"/api/v1/clients/{firm.slug}/entries"
    assert answer(open_page(), api, authorization=bearer)[0] == 200
    colleague.goto(f"/c/{firm.slug}/books/bank")
    end_the_grant(phone, firm)
    with colleague.expect_navigation() as next_page:
        colleague.get_by_role("link", name="Reports").first.click()
    assert next_page.value.status == 404
    partial = {"HX-Request-Type": "partial", "HX-Request": "true"}
    assert answer(colleague, f"/c/{firm.slug}/books/bank", **partial)[0] == 404
    assert answer(open_page(), api, authorization=bearer)[0] in {401, 404}
    finds_nothing(colleague, firm, report)
