"""The demo's data: a provider, its people, three client firms, fourteen months of books."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import pyotp
import sqlalchemy as sa
from flask import Flask

from app.accounting.bank.desk import Who
from app.cli import provider
from app.cli.demo_books import (
    approving,
    books,
    closing,
    filed_papers,
    intake,
    keeping,
    mailed_replies,
    notices,
    open_items,
    papers,
    people,
    reconciling,
    requests,
    takings,
    working,
)
from app.cli.demo_books.firms import FIRMS, MAYA, PROVIDER, PROVIDER_SLUG, STAFF, Firm
from app.cli.operator_scope import NOWHERE, as_operator
from app.factory import create_app
from app.kernel import clock, db, jobs
from app.kernel.scope import Scope
from app.kernel.settings import Settings, load_settings
from app.reports.period import months_before
from tenants import commands
from tenants.schemas import NewFirm

CLOSER = "operations_manager"
BOOKKEEPER = "staff_accountant"


@dataclass(frozen=True, slots=True)
class Login:
    """A way into the demo; `code` is the authenticator's at this moment."""

    name: str
    role: str
    email: str
    password: str
    authenticator: str = ""
    code: str = ""


def load(app: Flask) -> None:
    """Fills an empty, migrated database; one that has a provider is left as it is.

    `app` is the worker's. Everything goes through the product's own commands and doors.
    """
    settings: Settings = app.extensions["settings"]
    if _is_loaded(app):
        return
    with app.app_context():
        provider.initialise(
            settings,
            firm=NewFirm(slug=PROVIDER_SLUG, name=PROVIDER, country="GB"),
            admins=(MAYA.email,),
        )
    today = clock.today()
    _make_clients(app)
    people.bring_in(app)
    web = create_app(settings)
    with web.app_context():
        sessions = {one.email: people.enrol(settings, one) for one in people.everybody()}
        owen = next(one for one in STAFF if one.role == CLOSER)
        priya = next(one for one in STAFF if one.role == BOOKKEEPER)
        home = _at(sessions[owen.email], PROVIDER_SLUG)
        tom = next(one for one in STAFF if one.role == "finance_assistant")
        template = working.template(home)
        keeping.at_all_clients(home)
        large = [_person(sessions[one.email]) for one in (owen, priya, tom)]
        approving.rule(_in_client(sessions[owen.email], FIRMS[0]), large)
        keeping.destroyed(
            _in_client(sessions[priya.email], FIRMS[1]),
            _in_client(sessions[owen.email], FIRMS[1]),
            today=today,
        )
        for firm in FIRMS:
            staff = _in_client(sessions[owen.email], firm)
            keeper = _in_client(sessions[priya.email], firm)
            owner = _in_client(sessions[firm.owner.email], firm)
            _fill(firm, staff, keeper, owner, today=today)
            if firm is FIRMS[0]:
                working.week_by_week(keeper, staff, today=today)
                approving.waiting(firm, keeper, _in_client(sessions[tom.email], firm), today=today)
            for one in firm.others:
                if one.role == "approver":
                    approving.delegation(owner, _person(sessions[one.email]))
            working.fill(firm, staff, keeper, template_id=template, today=today)
        working.cost(
            home, today=today, people=[_person(sessions[one.email]) for one in (priya, owen)]
        )
        _take_in(sessions, today)
        replying = _in_client(sessions[FIRMS[0].owner.email], FIRMS[0])
        teaching = [_in_client(sessions[priya.email], firm) for firm in FIRMS]
        db.db.engine.dispose()
    _reply(app, web, replying)
    jobs.run_due(app)
    with web.app_context():
        for scope in teaching:
            papers.teach(scope)
        db.db.engine.dispose()
    jobs.run_due(app)
    _catch_up(web, sessions)


def _catch_up(web: Flask, sessions: dict[str, Scope]) -> None:
    with web.app_context():
        for one in STAFF:
            notices.catch_up(sessions[one.email], _at(sessions[one.email], PROVIDER_SLUG))
        db.db.engine.dispose()


def _fill(firm: Firm, staff: Scope, keeper: Scope, owner: Scope, *, today: date) -> None:
    """A firm's books, bank, months, lists and documents."""
    books.fill(firm, staff, bookkeeper=keeper, today=today)
    open_items.fill(staff, today=today)
    reconciling.fill(firm, staff, today=today)
    takings.fill(firm, staff)
    closing.fill(firm, staff, keeper, today=today)
    requests.fill(staff, owner, today=today)
    papers.fill(staff, owner, buyer=firm.name)
    keeping.fill(staff, owner)
    filed_papers.fill(staff, owner, today=today)


def _reply(app: Flask, web: Flask, replying: Scope) -> None:
    """Somebody answers a mail of the demo by mail."""
    with app.app_context():
        mailed = mailed_replies.ask(replying)
    if mailed is not None:
        with web.app_context():
            mailed_replies.answer(*mailed)
            db.db.engine.dispose()


def logins() -> list[Login]:
    """Who may sign in to the demo; nobody anywhere else."""
    settings = load_settings()
    if settings.environment != "demo":
        return []
    found = []
    for person in people.everybody():
        staff = person is MAYA or person in STAFF
        seed = people.seed_of(settings, person) if staff else ""
        found.append(
            Login(
                name=person.name,
                role=f"{person.role.replace('_', ' ')} ({person.note})",
                email=person.email,
                password=people.password_of(settings, person),
                authenticator=seed,
                code=pyotp.TOTP(seed).now() if seed else "",
            )
        )
    return found


def _is_loaded(app: Flask) -> bool:
    scope = Scope.system_job(NOWHERE, person_id=jobs.system_user("operator"))
    with app.app_context(), db.transaction(scope):
        return db.session.execute(sa.text("select guard.provider()")).scalar_one() is not None


def _make_clients(app: Flask) -> None:
    """The firms, with books that reach back to the first month shown."""
    first = months_before(clock.today(), books.MONTHS - 1)
    for firm in FIRMS:
        month = firm.fiscal_year_start_month
        with app.app_context(), as_operator():
            commands.create_client(
                firm=NewFirm(
                    slug=firm.slug,
                    name=firm.name,
                    legal_name=firm.legal_name,
                    country=firm.country,
                    chart=firm.chart,
                    fiscal_year_start_month=month,
                    books_from_year=first.year - (1 if first.month < month else 0),
                    lines=("accounting", "tickets"),
                )
            )


def _take_in(sessions: dict[str, Scope], today: date) -> None:
    """Statements that still need somebody: a gap, columns to confirm, a file in the tray."""
    owen = next(one for one in STAFF if one.role == CLOSER)
    desk = sessions[owen.email]
    kestrel, voss = FIRMS[1], FIRMS[2]
    intake.card(_in_client(desk, kestrel), today=today)
    intake.table(_in_client(sessions[voss.owner.email], voss), today=today)
    home = _at(desk, PROVIDER_SLUG)
    who = Who(lambda tenant: replace(desk, mode="t", tenant_id=tenant), desk, home.tenant_id)
    intake.tray(who, today=today)


def _person(scope: Scope) -> UUID:
    assert scope.person_id is not None
    return scope.person_id


def _in_client(scope: Scope, firm: Firm) -> Scope:
    return _at(scope, firm.slug)


def _at(scope: Scope, slug: str) -> Scope:
    with db.transaction(scope, read_only=True):
        found = db.session.execute(
            sa.text("select tenant_id from app.my_clients(:slug)"), {"slug": slug}
        ).scalar_one()
    return replace(scope, mode="t", tenant_id=found)
