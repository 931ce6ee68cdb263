"""What somebody was told, and the mails they got of it: for the tests of notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from flask import Flask

from app.cli import install
from app.kernel import clock, db, jobs_catalog, mail_sending
from app.kernel.mail_sending import Letter
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from app.tasks.notices import mailing, queries
from app.tasks.notices.queries import Shown, Wanted
from tests import factories
from tests.factories import Session


@dataclass(frozen=True, slots=True)
class Told:
    """The provider's side of notices: who was told what, and the job that mails."""

    app: Flask
    worker_app: Flask
    provider: UUID
    admin_url: str

    def of(self, session: Session, *, unread: bool = True) -> list[Shown]:
        """A person's notices over all their clients, the newest first."""
        with self.app.test_request_context(), db.transaction(worklist(session)):
            found = queries.page(Wanted(unread=unread), after=None, limit=100)
            return queries.shown(found.rows)

    def count(self, session: Session) -> int:
        """What the bell says."""
        with self.app.app_context(), db.transaction(worklist(session)):
            return queries.unread()

    def mail(self, at: datetime) -> int:
        """Runs the mailing job at an instant; how many mails it wrote."""
        with self.mailing(), clock.frozen(at):
            return mailing.send_due()

    @contextmanager
    def mailing(self) -> Iterator[None]:
        """A transaction of the platform's job in the provider's firm."""
        person = jobs_catalog.SYSTEM_USERS["platform"]
        scope = Scope.system_job(self.provider, person_id=person)
        with self.worker_app.app_context(), db.transaction(scope):
            yield

    def letters(self, session: Session) -> list[Letter]:
        """The mails of notices that somebody got, opened, the oldest first."""
        rows = self.rows(
            "select id, sealed from app.mail_message where to_person = %s"
            " and template = 'notice.digest' order by id",
            session.person_id,
        )
        with self.worker_app.app_context():
            return [mail_sending.open_letter(sealed, str(made)) for made, sealed in rows]

    def rows(self, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """What the administrator sees."""
        with psycopg.connect(self.admin_url) as admin:
            return list(admin.execute(statement, values).fetchall())

    def change(self, statement: LiteralString, *values: object) -> None:
        """What the administrator changes."""
        with psycopg.connect(self.admin_url) as admin:
            admin.execute(statement, values)

    def age(self, session: Session, at: datetime) -> None:
        """Lets what somebody was told be as old as this."""
        self.change("update app.notice set last_at = %s where owner_id = %s", at, session.person_id)

    def zone(self, session: Session, name: str) -> None:
        """Lets somebody live in a time zone."""
        self.change(
            "insert into guard.person_setting (person_id, time_zone) values (%s, %s)"
            " on conflict (person_id) do update set time_zone = excluded.time_zone",
            session.person_id,
            name,
        )


def worklist(session: Session) -> Scope:
    """A person over all their clients."""
    return Scope.worklist(person_id=session.person_id, principal_id=session.principal_id)


def monday(hour: int = 0, *, weeks: int = 1) -> datetime:
    """A Monday after now, in UTC."""
    now = datetime.now(UTC)
    day = (now + timedelta(days=7 * weeks - now.weekday())).date()
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def build(app: Flask, worker_app: Flask, settings: Settings) -> Told:
    """The provider's side, with an empty outbox of notices."""
    url = install.libpq_url(settings.database_admin_url or "")
    with psycopg.connect(url) as admin:
        provider = factories.make_provider(admin)
        admin.execute("update app.notice set to_mail = false")
    return Told(app, worker_app, provider, url)


def as_json(text: str) -> dict[str, object]:
    """An answer of the API."""
    found: dict[str, object] = json.loads(text)
    return found
