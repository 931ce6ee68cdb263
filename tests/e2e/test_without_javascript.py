"""Without JavaScript: sign-in, the portal, every report and every approval by plain forms."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pyotp
import pytest

from app.accounting import commands, queries
from app.accounting.ledger import PostingInput
from app.kernel import approvals, clock, db, ids, registry
from app.kernel.registry import ReportDefinition
from tests import factories
from tests.e2e.house import MARKS, Firm, House, Open
from tests.identity.people import PASSWORD, earlier_code, email_of, mailed_code

pytestmark = MARKS


@pytest.fixture(scope="module")
def firm(house: House) -> Firm:
    """A client with a sale of this month."""
    firm = house.firm("Oakwell Fittings")
    with house.app.app_context(), db.transaction(house.accountant(firm).scope(firm.tenant)):
        by_code = {one.code: one.id for one in queries.accounts()}
        rows = [(by_code["1010"], 120_050), (by_code["4000"], -120_050)]
        commands.post_entry(
            journal="GEN",
            date=clock.today(),
            description="Sales",
            postings=[PostingInput(account, amount, "EUR") for account, amount in rows],
            key=str(ids.uuid7()),
        )
    return firm


def approval(house: House, firm: Firm, title: str) -> UUID:
    """Staff ask the owner to approve something."""
    with house.admin() as admin:
        admin.execute(
            "insert into app.approval_kind (kind, side) values ('test.thing', 'client')"
            " on conflict do nothing"
        )
        admin.execute(
            "insert into guard.role_permission (role, permission)"
            " values ('owner', 'approve.test.thing') on conflict do nothing"
        )
    maker = house.accountant(firm)
    with house.app.app_context(), db.transaction(maker.scope(firm.tenant)):
        return approvals.request(
            "test.thing",
            subject_type="thing",
            subject_id=ids.uuid7(),
            line="accounting",
            title=title,
            content={"amount": "1,200.00"},
        )


def sign_out(page: Any) -> None:
    """Out, from the account's pages."""
    page.goto("/me/security")
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/login*")


def test_staff_accept_an_invitation_and_sign_in_by_password_and_code(
    house: House, open_page: Open
) -> None:
    with house.admin() as admin:
        provider = factories.make_provider(admin)
        person = factories.make_person(admin, "provider", "Nils Arden")
        factories.grant(admin, provider, person, role="staff_accountant", lines=("member",))
        email, code = email_of(admin, person), mailed_code(admin, person, "invite")
    page = open_page(script=False)
    page.goto(f"/invite/{code}")
    assert page.get_by_role("button", name="Set up a passkey").is_hidden()
    seed = page.get_by_role("code").inner_text().replace(" ", "")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("Six digits").fill(earlier_code(seed))
    page.get_by_role("button", name="Accept the invitation").click()
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/desk")
    sign_out(page)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill(pyotp.TOTP(seed).now())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/desk")


def test_a_client_signs_in_by_a_code_from_the_mailbox(
    house: House, open_page: Open, firm: Firm
) -> None:
    with house.admin() as admin:
        email = email_of(admin, firm.owner.person_id)
    page, mailbox = open_page(390, script=False), open_page(script=False)
    page.goto("/login")
    page.get_by_role("link", name=re.compile("code by mail")).click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send a code").click()
    house.work()
    mailbox.goto("/dev/mail")
    letter = mailbox.get_by_role("region", name="Your sign-in code").filter(has_text=email).first
    found = re.search(r"code is ([a-z0-9-]+)\.", letter.inner_text())
    assert found is not None
    page.get_by_label("Code").fill(found[1])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**/portal/{firm.slug}/")


def test_every_report_is_read_and_published_by_plain_forms(
    house: House, open_page: Open, firm: Firm
) -> None:
    staff = open_page(script=False, session=house.accountant(firm))
    phone = open_page(390, script=False, session=firm.owner)
    for definition in registry.current().all(ReportDefinition):
        staff.goto(f"/c/{firm.slug}/reports/{definition.key}")
        month = staff.get_by_role("combobox", name="Month", exact=True)
        month.select_option(f"{clock.today():%Y-%m}")
        staff.get_by_role("button", name="Show").click()
        if definition.key.endswith("-by-age"):
            staff.get_by_text("No figures").first.wait_for()  # nothing is open here
            continue
        staff.get_by_label("Your words to the client").fill(f"About {definition.key}")
        staff.get_by_role("button", name="Publish").click()
        staff.wait_for_url("**/published/*")
        phone.goto(f"/portal/{firm.slug}/reports")
        phone.get_by_role("main").get_by_role("link").first.click()
        phone.get_by_text(f"About {definition.key}").wait_for()
        assert phone.get_by_role("cell", name="1,200.50").first.is_visible()


@pytest.mark.parametrize(("button", "state"), [("Approve", "approved"), ("Refuse", "refused")])
def test_the_owner_decides_an_approval(
    house: House, open_page: Open, firm: Firm, button: str, state: str
) -> None:
    title = f"Pay the rent, {button.lower()}"
    asked = approval(house, firm, title)
    page = open_page(390, script=False, session=firm.owner)
    page.goto(f"/portal/{firm.slug}/")
    page.get_by_role("link", name=re.compile(title)).click()
    page.get_by_label("Reason").fill("As agreed")
    page.get_by_role("button", name=button).click()
    page.get_by_text("As agreed").wait_for()
    with (
        house.app.app_context(),
        db.transaction(firm.owner.scope(firm.tenant), read_only=True),
    ):
        assert approvals.one(asked).state == state


def test_the_owner_answers_a_request_reads_who_looked_and_signs_out(
    house: House, open_page: Open, firm: Firm
) -> None:
    with house.admin() as admin:
        provider = factories.make_provider(admin)
        person = factories.make_person(admin, "provider", "Ruth Ames")
        factories.grant(admin, provider, person, role="staff_accountant", lines=("member",))
        admin.execute(
            "insert into guard.access_request(tenant_id, user_id, role, lines, may_write, reason,"
            " requested_by) values (%s, %s, 'staff_accountant', '{accounting}', true, 'Cover', %s)",
            (firm.tenant, person, house.administrator().person_id),
        )
        owner = factories.owner(admin, firm.tenant)
    page = open_page(390, script=False, session=owner)
    page.goto(f"/portal/{firm.slug}/")
    page.get_by_role("link", name=re.compile("Ruth Ames|who may see what", re.I)).first.click()
    page.get_by_role("button", name="Give access to Ruth Ames").click()
    page.get_by_role("status").filter(has_text=re.compile("request.* granted")).wait_for()
    page.get_by_role("link", name="Ruth Ames").wait_for()
    page.get_by_role("link", name="Who looked at what").click()
    page.get_by_role("heading", level=1, name="Who looked at what").wait_for()
    page.goto(f"/portal/{firm.slug}/access")
    page.get_by_role("link", name="Ruth Ames").click()
    page.get_by_role("button", name="End access").click()
    page.get_by_role("status").filter(has_text=re.compile("ha(s|ve) ended")).wait_for()
    sign_out(page)
    assert page.goto(f"/portal/{firm.slug}/").url.split("?")[0].endswith("/login")
