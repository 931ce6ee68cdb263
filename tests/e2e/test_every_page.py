"""Every page in both themes and widths: axe, the console and the width find nothing wrong."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.accounting import commands, queries
from app.accounting.bank import commands as bank_commands
from app.accounting.bank import intake as bank_import
from app.accounting.bank import queries as bank_queries
from app.accounting.close import commands as close_commands
from app.accounting.ledger import PostingInput
from app.accounting.moving import commands as moving_commands
from app.accounting.recode import arithmetic as recode
from app.accounting.recode import commands as recode_commands
from app.accounting.rules import commands as rule_commands
from app.cli.demo_books import open_items
from app.documents import commands as documents
from app.documents import intake, shares, uploads
from app.documents import queries as documents_of
from app.documents.keeping import commands as keeping
from app.kernel import approval_rules, approvals, clock, db, ids, jobs, registry
from app.kernel.approval_rules import PolicyIn
from app.kernel.registry import ReportDefinition
from app.reports import commands as report_commands
from app.reports import pack_commands, proposals, stored
from app.reports.period import parse_period
from app.tasks import notes, questions
from app.tasks.client_requests import commands as request_lists
from app.tasks.client_requests import secrets
from app.tasks.client_requests.models import Wanted
from app.tasks.notices import stops
from tests import factories
from tests.e2e.house import MARKS, Firm, House, Open, this_month
from tests.http import Browser
from tests.identity.people import mailed_code
from tests.isolation import fields
from tests.tasks import work_rows
from tests.web.browser import AXE, AXE_TAGS

pytestmark = [
    *MARKS,
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is missing: nothing was checked"),
]

NO_PAGES = ("/static", "/api/v1", "/brand", "/dev/fragment")
# Pieces of pages have no heading of their own.
PIECES = ("/peek/", "/jobs/tray", "/pages/")
# What stands behind one figure asks which; tests/reports follows every figure.
FIGURES = ("/drill", "/cell", "/figure")
FILES = (
    ".css",
    ".csv",
    ".pdf",
    ".xlsx",
    "/raw",
    "/options",
    "/openapi.json",
    "/certificate.json",
    "/logo",
    "/file",
    "/download",
    "/thumbnail",
)
MOVES = {
    "web.start",
    "front.home",
    "workspace.next_client",
    "workspace.permalink",
    "notices.lead",
}
WIDTHS = (1440, 390)
# A theme changes colours only: the second one needs no other rule.
THEMES = {
    "light": {"type": "tag", "values": AXE_TAGS},
    "dark": {"type": "rule", "values": ["color-contrast"]},
}
# What sticks out of the page, where the page as a whole is wider than the window.
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > innerWidth)
    .map(one => one.outerHTML.slice(0, 120)).slice(-3)"""
LOOK = """async rules => (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]}))
    .violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 150)}`))"""


@dataclass(frozen=True, slots=True)
class Place:
    """A firm full of rows, and who looks at its pages."""

    firm: Firm
    staff: factories.Session
    values: dict[str, str]
    code: str
    reset: str


@pytest.fixture(scope="module")
def place(house: House) -> Place:
    """A client with entries, bank lines, files, a report, approvals, requests and a token."""
    firm = house.firm("Harbour Lane Bakery")
    staff = _everything(house, firm)
    with house.app.app_context():
        with db.transaction(staff.scope(firm.tenant)):
            _fill()
            _share, shared = shares.share(documents_of.documents(limit=1)[0].id, days=3)
        open_items.fill(staff.scope(firm.tenant), today=clock.today())
    _keep(house, firm, staff)
    with house.admin() as admin:
        _ask(house, admin, firm)
        house.work()
        house.token(firm.tenant, staff.person_id)
        code = mailed_code(admin, factories.make_person(admin, "provider"), "invite")
        reset = mailed_code(admin, staff.person_id, "reset")
        _drop(house, staff)
        provider = factories.make_provider(admin)
        link = admin.execute("select id from app.request_link limit 1").fetchone()
        assert link is not None
        with house.app.app_context():
            secret = secrets.of_link(link[0])
            stop_secret = _stopping(admin, provider, staff)
        with house.app.app_context(), db.transaction(staff.scope(provider)):
            work_rows.template("Month")
            everywhere = _rule()
        with house.app.app_context(), db.transaction(staff.scope(firm.tenant)):
            _rule()
        values = {
            **fields.harvest(admin, provider),
            **fields.harvest(admin, firm.tenant),
            **_chosen(admin, firm),
            "secret": secret,
            "stop_secret": stop_secret,
            "client": firm.slug,
            "slug": firm.slug,
            "code": code,
            "token_text": shared,
            "provider_rule_id": str(everywhere),
            "person_id": str(staff.person_id),
        }
    return Place(firm, staff, values, code, reset)


def _rule() -> UUID:
    """A rule of approvals that nothing here has to meet."""
    made = ids.uuid7()
    wanted = PolicyIn(kind="client.key.destroy", title="Two of us", provider_needed=2)
    approval_rules.keep(made, wanted)
    return made


def _stopping(admin: psycopg.Connection, provider: UUID, staff: factories.Session) -> str:
    """The secret of a mail that told staff of tasks, and a notice to be told of."""
    admin.execute(
        "insert into app.notice_stop (tenant_id, owner_id, kind, sha)"
        " values (%s, %s, 'task.assigned', %s)",
        (provider, staff.person_id, stops.sha(staff.person_id, "task.assigned")),
    )
    admin.execute(
        "insert into app.notice (tenant_id, line, owner_id, kind, subject_type, subject_key)"
        " values (%s, 'member', %s, 'security.grant', 'membership', %s)",
        (provider, staff.person_id, str(staff.person_id)),
    )
    admin.commit()
    return stops.secret(staff.person_id, "task.assigned")


def _keep(house: House, firm: Firm, staff: factories.Session) -> None:
    """A hold, a longer rule, and an old paper that is proposed for destruction."""
    with house.app.app_context(), db.transaction(staff.scope(firm.tenant)):
        old = documents.add(b"An old bill", name="bill.txt", line="accounting", source="staff")
    with house.admin() as admin:
        admin.execute("update app.document set added_at = '2001-02-03' where id = %s", (old,))
        admin.commit()
    with house.app.app_context(), db.transaction(staff.scope(firm.tenant)):
        keeping.add_rule(kind="books", years=12, runs_from="fiscal_year", reason="House rule")
        keeping.propose_disposal([old])
        keeping.place_hold(title="Tax audit", reason="Asked by the tax office", covers="client")


def _chosen(admin: psycopg.Connection, firm: Firm) -> dict[str, str]:
    """Rows that pages want of a kind: an open item, a table of statements, a tax code in use."""
    row = admin.execute(
        "select i.entry_id, i.no, f.id, t.code from ledger.open_item i"
        " join app.statement_file f on f.tenant_id = i.tenant_id and f.state = 'mapping'"
        " join ledger.tax_code t on t.tenant_id = i.tenant_id where i.tenant_id = %s limit 1",
        (firm.tenant,),
    ).fetchone()
    assert row is not None
    names = ("entry_id", "no", "file_id", "tax_code")
    return {name: str(value) for name, value in zip(names, row, strict=True)}


def _everything(house: House, firm: Firm) -> factories.Session:
    """One person with the rights of several roles, so that no page is refused."""
    with house.admin() as admin:
        admin.execute(
            "insert into guard.role(role, side) values ('sees_all', 'provider')"
            " on conflict do nothing"
        )
        admin.execute(
            "insert into guard.role_permission(role, permission) select distinct 'sees_all',"
            " permission from guard.role_permission where role in"
            " ('administrator', 'operations_manager') on conflict do nothing"
        )
        factories.make_provider(admin)
        admin.execute(
            "insert into app.provider_setting(tenant_id, name, accent, sender_name, sender_address)"
            " select id, 'Alder & Vale', '#2457a6', 'Alder', 'post@example.com'"
            " from guard.tenant where is_provider"
            " on conflict do nothing"
        )
        lines = ("accounting", "oversight", "security", "member", "tickets", "intake")
        provider = factories.make_provider(admin)
        person = factories.make_person(admin, "provider", "Tilda Moor")
        factories.grant(admin, provider, person, role="sees_all", lines=lines)
        factories.grant(admin, firm.tenant, person, role="sees_all", lines=lines)
        return factories.sign_in(admin, person)


def _drop(house: House, staff: factories.Session) -> None:
    """A file that nobody's account is in, dropped on the desk: it lies in the tray."""
    browser = Browser(house.app, staff)
    browser.get("/desk/statements")
    unknown = b":20:S\n:25:XX99\n:28C:1\n:60F:C260101EUR0,00\n:62F:C260101EUR0,00\n-\n"
    sent = browser.post("/desk/statements", {"files": [(io.BytesIO(unknown), "unknown.sta")]})
    assert sent.status_code == 303


def _fill_month(account: UUID) -> None:
    """A rule, and a pack of one report that is published."""
    rule_commands.create_rule(
        rule_commands.RuleInput(name="Rent", account_id=account, party_pattern="Vos")
    )
    today = clock.today()
    month = parse_period({"period": f"{today:%Y-%m}"}, today=today)
    definition = registry.current().all(ReportDefinition)[0]
    report: Any = definition.build(month.first, month.last, month.comparison)
    draft = pack_commands.Draft(
        "The month", report.first, report.last, (pack_commands.Part(report.key),)
    )
    made = pack_commands.create_pack(draft, line="accounting")
    pack_commands.publish_pack(made, [(report, "")], line="accounting", version=1)
    proposals.keep({"line": "accounting", **stored.as_row(report, "As agreed.")})


def _fill_move() -> None:
    """A trial balance of another package that waits, and a step of the close."""
    rows = "Account code,Account name,Debit,Credit\n1010,Bank,50.00,\n9,Odd,,49.00\n"
    moving_commands.upload(data=rows.encode(), name="trial balance.csv")
    close_commands.add_step(period_id=202604, title="Wages agreed with the office")


def _fill() -> None:
    """Bank lines to do and booked, an entry by hand, a refused file and a published report."""
    bank_commands.create_bank_account(number="NL77ABNA0574908765", name="Current", currency="EUR")
    rows = [("1200,00", "Rent from Vos"), ("-25,50", "Paper and ink"), ("88,00", "Refund")]
    bank_import.upload_statement(data=this_month(*rows), name="today.sta")
    bank_import.upload_statement(
        data=b":20:S\n:25:X\n:60F:C260101EUR0,\n:61:broken\n", name="b.sta"
    )
    table = b"Date;Text;Amount\n01.02.2026;Paper;-12,50\n02.02.2026;Rent;900,00\n"
    bank_import.upload_statement(data=table, name="table.csv")
    _fill_requests()
    work_rows.fill("Shop")
    _fill_move()
    jobs.enqueue("mail.deliver", {"mail": str(ids.uuid7())}, title="A letter")
    by_code = {one.code: one.id for one in queries.accounts()}
    entry = [(by_code["1010"], 120_050), (by_code["4000"], -120_050)]
    sales = commands.post_entry(
        journal="GEN",
        date=clock.today(),
        description="Sales of the week",
        postings=[PostingInput(account, amount, "EUR") for account, amount in entry],
        key=str(ids.uuid7()),
    )
    other = next(one.id for one in queries.accounts() if one.code[0] == "4" and one.code != "4000")
    recode_commands.apply(chosen={sales.id: [2]}, change=recode.Change(account_id=other))
    _fill_month(by_code["4000"])
    today = clock.today()
    month = parse_period({"period": f"{today:%Y-%m}"}, today=today)
    for definition in registry.current().all(ReportDefinition):
        report: Any = definition.build(month.first, month.last, month.comparison)
        if not report.is_empty:
            report_commands.publish_report(report, line="accounting", note="All is well.")


def _fill_requests() -> None:
    """A paper, a question and a note at a bank line."""
    line = bank_queries.lines(bank_queries.LineFilter(state="all"), limit=1).rows[0].id
    made = documents.add(b"Lease of the shop", name="lease.txt", line="accounting", source="staff")
    documents.link(made, subject_type="bank_transaction", subject_id=line)
    _fill_papers()
    questions.ask(
        line="accounting",
        subject_type="bank_transaction",
        subject_ids=[line],
        text="What was this?",
        chips=["Rent", "Other"],
    )
    listed = request_lists.write(
        line="accounting",
        title="VAT for October",
        message="For the return of the month.",
        wanted=[
            Wanted("file", "Invoice of the van", "the one with the VAT on it"),
            Wanted("answer", "Who drives it?"),
            Wanted("confirmation", "Is it used for business only?"),
        ],
    )
    request_lists.send(listed, version=1)
    notes.write(
        line="accounting",
        subject_type="bank_transaction",
        subject_key=str(line),
        text="Split this, please",
        audience="sent_back",
    )


def _fill_papers() -> None:
    """A file in quarantine and an upload that stopped half-way."""
    intake.take(b"MZ program", name="tool.exe", line="accounting", source="staff")
    uploads.open_one(name="big.pdf", size=6_000_000, line="accounting", source="staff")


def _ask(house: House, admin: psycopg.Connection, firm: Firm) -> None:
    """A request of access and an approval wait for the owner."""
    admin.execute(
        "insert into app.approval_kind (kind, side) values ('test.thing', 'client')"
        " on conflict do nothing"
    )
    admin.execute(
        "insert into guard.role_permission (role, permission)"
        " values ('owner', 'approve.test.thing') on conflict do nothing"
    )
    maker = factories.staff(admin, firm.tenant)
    with house.app.app_context(), db.transaction(maker.scope(firm.tenant)):
        approvals.request(
            "test.thing",
            subject_type="thing",
            subject_id=ids.uuid7(),
            line="accounting",
            title="Pay the rent of March",
            content={"amount": "1,200.00"},
        )
    person = factories.make_person(admin, "provider", "Nils Arden")
    admin.execute(
        "insert into guard.access_request(tenant_id, user_id, role, lines, may_write, reason,"
        " requested_by) values (%s, %s, 'staff_accountant', '{accounting}', true, 'Cover', %s)",
        (firm.tenant, person, maker.person_id),
    )


def pages_of(app: Flask, values: dict[str, str]) -> list[str]:
    """Every page of the address map whose parameters are known."""
    found = []
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if not _is_page(rule):
            continue
        unknown = rule.arguments - values.keys()
        assert not unknown, f"{rule.rule}: say in tests/isolation/fields.py what {unknown} are"
        kept = {name: _converted(rule, name, values[name]) for name in rule.arguments}
        found.append(adapter.build(rule.endpoint, kept))
    return sorted(set(found))


def _converted(rule: Rule, name: str, value: str) -> Any:
    kind = type(rule._converters[name]).__name__  # werkzeug has no public way
    return int(value) if kind == "IntegerConverter" else value


def _is_page(rule: Rule) -> bool:
    return (
        "GET" in (rule.methods or ())
        and not rule.endpoint.endswith("static")
        and rule.endpoint not in MOVES
        and not rule.rule.startswith(NO_PAGES)
        and not rule.rule.endswith((*FILES, *FIGURES))
        and not any(piece in rule.rule for piece in PIECES)
    )


def faults_of(page: Any, address: str, noises: list[str]) -> list[str]:
    """Everything wrong with one page: drawn once, looked at in both widths and themes."""
    noises.clear()
    answer = page.goto(address)
    found = [f"status {answer.status}"] if answer.status != 200 else []
    page.add_script_tag(path=str(AXE))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"too wide at {width}: {one}" for one in page.evaluate(TOO_WIDE)]
        for theme, rules in THEMES.items():
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found += [f"{width} {theme} {one}" for one in page.evaluate(LOOK, rules)]
    return found + noises


def sweep(page: Any, addresses: list[str]) -> None:
    """Fails with a line for each fault of these pages."""
    noises: list[str] = []
    page.on("console", lambda said: noises.append(f"console: {said.text}"))
    page.on("pageerror", lambda error: noises.append(f"error: {error}"))
    found = [
        (address, fault) for address in addresses for fault in faults_of(page, address, noises)
    ]
    if found:
        pytest.fail("\n".join(f"{address}: {fault}" for address, fault in found), pytrace=False)


def _for(place: Place, house: House, start: tuple[str, ...]) -> list[str]:
    values = place.values
    found = [one for one in pages_of(house.app, values) if one.startswith(start)]
    return [one.replace(place.code, place.reset) if "/reset/" in one else one for one in found]


def test_staff_find_no_fault_on_any_page(house: House, place: Place, open_page: Open) -> None:
    page = open_page(session=place.staff, noisy=True, bypass_csp=True)
    start = ("/c/", "/desk", "/me", "/palette", "/keys", "/api/docs", "/login/again", "/dev")
    addresses = _for(place, house, start)
    assert len(addresses) > 40
    sweep(page, addresses)


def test_a_clients_owner_finds_no_fault_on_any_page(
    house: House, place: Place, open_page: Open
) -> None:
    page = open_page(session=place.firm.owner, noisy=True, bypass_csp=True)
    sweep(page, _for(place, house, ("/portal", "/me")))


def test_whoever_has_not_signed_in_finds_no_fault_on_any_page(
    house: House, place: Place, open_page: Open
) -> None:
    page = open_page(noisy=True, bypass_csp=True)
    addresses = _for(place, house, ("/login", "/invite", "/reset", "/dev"))
    sweep(page, [one for one in addresses if "again" not in one])
