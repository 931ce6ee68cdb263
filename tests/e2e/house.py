"""A provider in its own house: the served application, its worker, firms, people and browsers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from limits.storage import MemoryStorage

from app.cli import install
from app.cli.operator_scope import as_operator
from app.identity.throttle import Throttle
from app.kernel import clock, jobs
from tenants import commands
from tenants.schemas import NewFirm
from tests import factories

SHARED = (
    Path(__file__).parents[3]
    / "shared/data/statements/camt/OCA__bank-statement-import"
    / "account_statement_import_camt__test_files__test-camt053"
)
# A browser that leaves a page drops what it was fetching: the test server's file stays open.
MARKS = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
IBAN = "NL77ABNA0574908765"
FIRST_YEAR = 2014


@dataclass(frozen=True, slots=True)
class Firm:
    """A client firm with its owner signed in."""

    tenant: UUID
    slug: str
    name: str
    owner: factories.Session


@dataclass(frozen=True, slots=True)
class House:
    """Everything a run needs; `address` is what the browser opens."""

    app: Flask
    worker: Flask
    address: str
    admin_url: str

    def admin(self) -> psycopg.Connection:
        """The superuser, to arrange and to look at the truth; a context manager."""
        return psycopg.connect(install.libpq_url(self.admin_url), autocommit=True)

    def work(self) -> None:
        """Runs every job that is due, as the worker would."""
        jobs.run_due(self.worker, kinds=["mail.codes"])

    def forget_tries(self) -> None:
        """A fresh count of tries at signing in."""
        self.app.extensions["sign-in-throttle"] = Throttle(MemoryStorage())

    def firm(self, name: str, *, since: int = FIRST_YEAR) -> Firm:
        """A client made as the product makes it, with books since that year."""
        slug = factories.unique(name.lower().replace(" ", "-"))
        wanted = NewFirm(
            slug=slug,
            name=name,
            country="GB",
            currency="EUR",
            chart="general",
            books_from_year=since,
            lines=("accounting", "tickets"),
        )
        with self.admin() as admin:
            factories.make_provider(admin)
        with self.worker.app_context(), as_operator():
            tenant = commands.create_client(firm=wanted)
        with self.admin() as admin:
            return Firm(tenant, slug, name, factories.owner(admin, tenant))

    def administrator(self) -> factories.Session:
        """An administrator of the provider who has proved who they are just now."""
        with self.admin() as admin:
            provider = factories.make_provider(admin)
            person = factories.make_person(admin, "provider", "Ines Falk")
            factories.grant(
                admin, provider, person, role="administrator", lines=("member", "security")
            )
            return factories.sign_in(admin, person)

    def accountant(
        self, firm: Firm, *, role: str = "operations_manager", name: str = "Tilda Moor"
    ) -> factories.Session:
        """Staff with a grant of accounting in the firm, at home in the provider's tenant."""
        with self.admin() as admin:
            provider = factories.make_provider(admin)
            person = factories.make_person(admin, "provider", name)
            factories.grant(admin, provider, person, role=role, lines=("member",))
            factories.grant(admin, firm.tenant, person, role=role, lines=("accounting",))
            return factories.sign_in(admin, person)

    def token(self, tenant: UUID, person: UUID) -> str:
        """An API token of the person in the client."""
        with self.admin() as admin:
            return factories.token(admin, tenant, person)

    def count(self, table: str, tenant: UUID) -> int:
        """How many rows a client has in a table."""
        with self.admin() as admin:
            row = admin.execute(
                f"select count(*) from {table} where tenant_id = %s",  # our tables
                (tenant,),
            ).fetchone()
        assert row is not None
        return int(row[0])


def statement() -> tuple[str, bytes, str, str]:
    """A bank file to upload: its name, bytes, the month of its lines, and the text of one."""
    if SHARED.is_file():
        return "january.xml", SHARED.read_bytes(), "2014-01", "3rd party Media"
    return "january.sta", mt940([("140105", "1405,31", "3rd party Media")]), "2014-01", "3rd party"


def mt940(rows: list[tuple[str, str, str]], *, number: str = IBAN) -> bytes:
    """A statement of (day YYMMDD, signed amount with comma, text)."""
    head = f":20:S\n:25:{number}\n:28C:1\n:60F:C{rows[0][0]}EUR0,00\n"
    lines = [
        f":61:{day}{'D' if amount.startswith('-') else 'C'}{amount.lstrip('-')}NTRFNONREF\n"
        f":86:{text}\n"
        for day, amount, text in rows
    ]
    return (head + "".join(lines) + "-\n").encode()


def this_month(*rows: tuple[str, str]) -> bytes:
    """A statement of (signed amount, text) booked today."""
    today: date = clock.today()
    return mt940([(f"{today:%y%m%d}", amount, text) for amount, text in rows])


Open = Callable[..., Any]
"""Makes a page: `open(width=1440, theme="light", session=None, script=True)`."""


def invitation_of(page: Any, house: House, email: str) -> str:
    """The link of the invitation as the demo's mailbox shows it."""
    house.work()
    page.goto(f"{house.address}/dev/mail")
    letter = page.get_by_role("region").filter(has_text=email).first
    return str(letter.get_by_role("link").first.get_attribute("href"))
