"""A client with bank lines, its accountant and its owner in browsers: for questions and papers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg
from flask import Flask

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import intake as bank_import
from app.accounting.bank import queries as bank_queries
from app.cli.operator_scope import as_operator
from app.kernel import clock, db, jobs_catalog
from app.kernel.scope import Scope
from app.tasks import questions
from tenants import commands
from tenants.schemas import NewFirm
from tests import factories
from tests.factories import Session
from tests.http import Browser

IBAN = "DE89370400440532013000"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass(frozen=True, slots=True)
class Place:
    """One client firm and who acts there."""

    app: Flask
    worker_app: Flask
    tenant: UUID
    slug: str
    staff: Session
    owner: Session
    lines: tuple[UUID, ...]

    @contextmanager
    def acting(self, session: Session) -> Iterator[None]:
        """A transaction of a person in this client."""
        with self.app.app_context(), db.transaction(session.scope(self.tenant)):
            yield

    @contextmanager
    def job(self) -> Iterator[None]:
        """A transaction of the platform's own job."""
        person = jobs_catalog.SYSTEM_USERS["platform"]
        scope = Scope.system_job(self.tenant, person_id=person)
        with self.worker_app.app_context(), db.transaction(scope):
            yield

    def browser(self, session: Session) -> Browser:
        """Somebody's browser."""
        return Browser(self.app, session)


def statement(amounts: Sequence[int]) -> bytes:
    """An MT940 file of today with a line for each amount in cents."""
    day = f"{clock.today():%y%m%d}"
    total = f"{sum(amounts) / 100:.2f}".replace(".", ",")
    lines = "".join(
        f":61:{day}C{amount // 100},{amount % 100:02}NTRFNONREF\n:86:Deposit {place}\n"
        for place, amount in enumerate(amounts)
    )
    return (
        f":20:S\n:25:{IBAN}\n:28C:1\n:60F:C{day}EUR0,00\n{lines}:62F:C{day}EUR{total}\n-\n"
    ).encode()


def build(app: Flask, worker_app: Flask, admin: psycopg.Connection, name: str = "Quern") -> Place:
    """Makes the client through the product, with three bank lines."""
    factories.make_provider(admin)
    firm = NewFirm(
        slug=factories.unique(name.lower()),
        name=name,
        country="GB",
        lines=("accounting", "tickets"),
        books_from_year=clock.today().year - 1,
    )
    with worker_app.app_context(), as_operator():
        tenant = commands.create_client(firm=firm)
    staff = factories.staff(admin, tenant)
    owner = factories.owner(admin, tenant)
    with app.app_context(), db.transaction(staff.scope(tenant)):
        bank_commands.create_bank_account(number=IBAN, name="Main", currency="EUR")
        bank_import.upload_statement(data=statement([64000, 1250, 990]), name="a.sta")
        found = bank_queries.lines(bank_queries.LineFilter(state="all"), limit=10)
        lines = tuple(sorted(one.id for one in found.rows))
    return Place(app, worker_app, tenant, factories.slug_of(admin, tenant), staff, owner, lines)


def ask(place: Place, *, lines: Sequence[UUID] = (), text: str = "What was this?") -> UUID:
    """A question of the accountant with two answers to choose from."""
    with place.acting(place.staff):
        return questions.ask(
            line="accounting",
            subject_type="bank_transaction",
            subject_ids=lines or place.lines[:1],
            text=text,
            chips=["Supplies", "Wages"],
            together=True,
        )[0]
