"""A client with two accountants, its owner and some tasks: for the tests of work and time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from app.cli import install
from app.kernel import clock
from app.kernel.db import session
from app.kernel.settings import Settings
from app.tasks.work import commands
from app.tasks.work.models import TaskIn
from tests import factories
from tests.factories import Session
from tests.http import Browser
from tests.tasks import request_stage
from tests.tasks.request_stage import PDF, Place

__all__ = ["PDF", "Firm", "another", "build", "call", "figure", "firm", "undo_of"]


@dataclass(frozen=True, slots=True)
class Firm:
    """One client with its accountant (of `place`), a second one and a manager."""

    place: Place
    second: Session
    manager: Session

    @property
    def slug(self) -> str:
        """The client's name in addresses."""
        return self.place.slug

    def make(self, title: str = "Send the return", **fields: Any) -> UUID:
        """A task of the accountant, due in a week."""
        due = fields.pop("due_on", clock.today() + timedelta(days=7))
        with self.place.acting(self.place.staff):
            return commands.create([TaskIn(title=title, due_on=due, **fields)])[0]

    def due(self, days: int) -> date:
        """A day so many days from now."""
        return clock.today() + timedelta(days=days)


def build(app: Flask, worker_app: Flask, admin: psycopg.Connection, name: str = "Quern") -> Firm:
    """The client with its people; staff have a home at the provider, as in life."""
    place = request_stage.build(app, worker_app, admin, name)
    provider = factories.make_provider(admin)
    second = factories.staff(admin, place.tenant)
    manager = factories.staff(admin, place.tenant, role="operations_manager")
    for one, role in (
        (place.staff, "staff_accountant"),
        (second, "staff_accountant"),
        (manager, "operations_manager"),
    ):
        factories.grant(admin, provider, one.person_id, role=role, lines=("member",))
    admin.commit()
    return Firm(replace(place), second, manager)


def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """The client with its people, made by the database's administrator."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return build(app, worker_app, admin)


def undo_of(text: str) -> str:
    """The address of the first way back that a page offers."""
    found = re.findall(r'action="([^"]+/undo/[^"]+)"', text)
    assert found
    return str(found[0])


def figure(firm: Firm, name: str) -> int | None:
    """What the desk says of the client's bookkeeping under this name."""
    with firm.place.acting(firm.place.staff):
        return session.execute(
            sa.text(
                "select n from app.client_figure where name = :name and line = 'accounting'"
                " and tenant_id = (select guard.tenant_id())"
            ),
            {"name": name},
        ).scalar()


def another(app: Flask, worker_app: Flask, settings: Settings, known: Firm) -> Firm:
    """Another client of the same accountant, with people of its own."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        made = build(app, worker_app, admin, "Other")
        person, lines = known.place.staff.person_id, ("accounting",)
        factories.grant(admin, made.place.tenant, person, role="staff_accountant", lines=lines)
    return made


def call(browser: Browser, address: str, *, method: str = "POST", **options: Any) -> TestResponse:
    """A call of the API from somebody's browser, with `json` or a form's `data`."""
    headers = {"X-CSRF-Token": browser.token, "Sec-Fetch-Site": "same-origin"}
    return browser.client.open(f"/api/v1{address}", method=method, headers=headers, **options)
