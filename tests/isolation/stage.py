"""The stage of the replay: two clients, one full of rows, and every kind of stranger to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
from flask import Flask

from app.accounting import commands as entries
from app.accounting import queries as books
from app.accounting.bank import commands as bank_commands
from app.accounting.bank import intake as bank_import
from app.accounting.bank import queries as bank_queries
from app.accounting.ledger import PostingInput
from app.cli.operator_scope import as_operator
from app.documents import commands as documents
from app.documents import intake, mail_in, shares, uploads
from app.documents.keeping import commands as keeping
from app.kernel import approval_rules, approvals, clock, db, ids, registry
from app.kernel.approval_rules import PolicyIn
from app.kernel.registry import ReportDefinition
from app.reports import commands as report_commands
from app.reports import pack_commands, proposals, stored
from app.reports.document import Report
from app.reports.period import parse_period
from app.tasks import notes, questions
from app.tasks.client_requests import commands as request_lists
from app.tasks.client_requests.models import Wanted
from tenants import commands
from tenants.schemas import NewFirm
from tests import factories
from tests.isolation import fields
from tests.tasks import work_rows

# Stands in the foreign client's name, and so in no answer to whoever reaches nothing of it.
MARK = "Zaunkoenig"
# Stands in every text of its books, and so in no answer to whoever serves another line either.
CONTENT = "Nachtigall"
IBAN = "DE89370400440532013000"


@dataclass(frozen=True, slots=True)
class Actor:
    """A stranger: a browser's cookie or a token; `partly` may know that the client exists."""

    name: str
    cookie: str = ""
    token: str = ""
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """Who plays: the client of the actors, the foreign one, and what is harvested of the latter."""

    ours: str
    theirs: str
    foreign: dict[str, str]
    actors: tuple[Actor, ...]


def build(admin: psycopg.Connection, worker_app: Flask, app: Flask) -> Stage:
    """Makes both clients through the product, fills the foreign one, and signs everybody in."""
    factories.make_provider(admin)
    ours, theirs = _client(worker_app, "Ourfirm"), _client(worker_app, MARK)
    insider = factories.staff(admin, theirs, role="operations_manager")
    owner = factories.owner(admin, theirs)
    factories.token(admin, theirs, insider.person_id)
    with app.app_context(), db.transaction(insider.scope(theirs)):
        _fill()
    _replied(admin, theirs, owner.person_id)
    return Stage(
        ours=factories.slug_of(admin, ours),
        theirs=factories.slug_of(admin, theirs),
        foreign=fields.harvest(admin, theirs),
        actors=_actors(admin, ours, theirs),
    )


def _client(worker_app: Flask, name: str) -> UUID:
    firm = NewFirm(
        slug=factories.unique(name.lower()),
        name=name,
        country="DE",
        lines=("accounting", "tickets"),
        books_from_year=clock.today().year - 1,
    )
    with worker_app.app_context(), as_operator():
        return commands.create_client(firm=firm)


def _fill() -> None:
    """A row of each kind that has routes: entry, bank file and lines, published report, job."""
    today = clock.today()
    first, second, *_rest = [one for one in books.accounts() if not one.control]
    entries.post_entry(
        journal="GEN",
        date=today.replace(day=1) - timedelta(days=1),
        description=f"{CONTENT} entry",
        postings=[PostingInput(first.id, 1200, "EUR"), PostingInput(second.id, -1200, "EUR")],
        key="isolation",
    )
    bank_commands.create_bank_account(number=IBAN, name=f"{CONTENT} account", currency="EUR")
    bank_import.upload_statement(data=_statement(today), name=f"{CONTENT}.sta")
    _fill_requests()
    work_rows.fill(CONTENT)
    report_commands.publish_report(_report(today), line="accounting")
    _publish_pack(_report(today))
    proposals.keep({"line": "accounting", **stored.as_row(_report(today), f"{CONTENT} note")})


def _fill_requests() -> None:
    """A paper, a question about a bank line, and a note at it."""
    data = f"{CONTENT} paper".encode()
    paper = documents.add(data, name=f"{CONTENT}.txt", line="accounting", source="staff")
    shares.share(paper, days=3, label=f"{CONTENT} reader")
    mail_in.renew(line="accounting")
    intake.take(b"MZ", name=f"{CONTENT}.exe", line="accounting", source="staff")
    uploads.open_one(name=f"{CONTENT}.pdf", size=6, line="accounting", source="staff")
    # rules and holds are of the whole client: whoever serves it on any line reads why papers stay
    keeping.place_hold(title="Audit", reason="They said so", covers="papers", papers=[paper])
    wanted = PolicyIn(kind="client.key.destroy", title=f"{CONTENT} rule", provider_needed=2)
    approval_rules.keep(ids.uuid7(), wanted)
    approvals.request(
        "entry.post",
        subject_type="entry_draft",
        line="accounting",
        title=f"{CONTENT} approval",
        content={"description": CONTENT},
    )
    keeping.add_rule(kind=None, years=40, runs_from="paper", reason="Longer")
    found = bank_queries.lines(bank_queries.LineFilter(state="all"), limit=1)
    line = found.rows[0].id
    questions.ask(
        line="accounting",
        subject_type="bank_transaction",
        subject_ids=[line],
        text=f"{CONTENT} question",
    )
    request_lists.write(
        line="accounting",
        title=f"{CONTENT} list",
        wanted=[Wanted("file", f"{CONTENT} thing")],
    )
    notes.write(
        line="accounting",
        subject_type="bank_transaction",
        subject_key=str(line),
        text=f"{CONTENT} note",
        audience="client",
    )


def _replied(admin: psycopg.Connection, tenant: UUID, person: UUID) -> None:
    """A reply by mail that waits to be placed."""
    admin.execute(
        "with m as (insert into app.mail_message (tenant_id, id, line, to_person, template,"
        " message_id) values (%s, %s, 'accounting', %s, 'question.day', 'isolation')"
        " returning tenant_id, id, to_person),"
        " a as (insert into app.mail_reply_address (tenant_id, id, line, principal_id, person_id)"
        " select tenant_id, id, 'accounting', id, to_person from m returning *)"
        " insert into app.mail_reply (tenant_id, line, address_id, upload_id, message_sha,"
        " person_id, text, state) select tenant_id, line, id, id, repeat('0', 64), person_id, %s,"
        " 'to_place' from a",
        (tenant, ids.uuid7(), person, f"{CONTENT} reply"),
    )
    admin.commit()


def _publish_pack(report: Report) -> None:
    """A pack of one report, published."""
    draft = pack_commands.Draft(
        f"{CONTENT} pack", report.first, report.last, (pack_commands.Part(report.key),)
    )
    made = pack_commands.create_pack(draft, line="accounting")
    pack_commands.publish_pack(made, [(report, "")], line="accounting", version=1)


def _report(today: date) -> Report:
    definition = next(
        one for one in registry.current().all(ReportDefinition) if one.key == "trial-balance"
    )
    month = parse_period({}, today=today)
    built: Report = definition.build(month.first, month.last, month.comparison)
    return built


def _statement(today: date) -> bytes:
    day = f"{today:%y%m%d}"
    return (
        f":20:S\n:25:{IBAN}\n:28C:1\n:60F:C{day}EUR0,00\n:61:{day}C12,00NTRFNONREF\n"
        f":86:{CONTENT} line\n:62F:C{day}EUR12,00\n-\n"
    ).encode()


def _actors(admin: psycopg.Connection, ours: UUID, theirs: UUID) -> tuple[Actor, ...]:
    viewer = factories.make_person(admin, "client")
    factories.grant(admin, ours, viewer, role="viewer", lines=("accounting",), may_write=False)
    outsider = factories.staff(admin, ours)
    ended = factories.staff(admin, ours)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    factories.grant(
        admin,
        theirs,
        ended.person_id,
        role="staff_accountant",
        lines=("accounting",),
        valid_from=yesterday - timedelta(days=9),
        valid_to=yesterday,
    )
    other = factories.staff(admin, ours)
    factories.grant(admin, theirs, other.person_id, role="it_support_agent", lines=("tickets",))
    owner = factories.owner(admin, ours)
    return (
        Actor("client viewer", cookie=factories.sign_in(admin, viewer).cookie),
        Actor("client owner", cookie=owner.cookie),
        Actor("staff without grant", cookie=outsider.cookie),
        Actor("staff with an ended grant", cookie=ended.cookie),
        Actor("staff with another line", cookie=other.cookie, partly=True),
        Actor("token of another client", token=factories.token(admin, ours, outsider.person_id)),
    )
