"""Whoever reads papers hears of each accepted content once, as the person who brought it."""

from __future__ import annotations

from uuid import UUID

import psycopg
from flask import Flask

from app.documents import commands, queries
from app.documents.happened import DocumentAdded
from app.kernel import db, events, jobs
from app.kernel import scope as scopes
from app.kernel.db import session
from tests import factories
from tests.documents.test_checks import png

heard: list[tuple[DocumentAdded, UUID | None]] = []


@events.on(DocumentAdded)
def hears(event: DocumentAdded) -> None:
    """A package that reads papers."""
    heard.append((event, scopes.current().person_id))


def test_an_added_paper_is_told_once_and_the_same_content_again_is_not(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    staff = factories.staff(admin, tenant, role="staff_accountant")
    with app.app_context(), db.transaction(staff.scope(tenant)):
        made = commands.add(png(7, 9), name="a.png", line="accounting", source="staff")
        commands.add(png(7, 9), name="b.png", line="accounting", source="staff")
        version = queries.versions(made)[0]
    jobs.run_due(worker_app)
    mine = [(event, who) for event, who in heard if event.document_id == made]
    assert [who for _event, who in mine] == [staff.person_id]
    event = mine[0][0]
    assert (event.tenant, event.version_id, event.media_type) == (tenant, version.id, "image/png")


def test_a_paper_that_was_rolled_back_is_not_told(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    staff = factories.staff(admin, tenant, role="staff_accountant")
    before = len(heard)
    with app.app_context(), db.transaction(staff.scope(tenant)):
        commands.add(png(8, 9), name="a.png", line="accounting", source="staff")
        session.rollback()
    jobs.run_due(worker_app)
    assert len(heard) == before
