"""A client in Germany with old papers, its accountant, a second person and its owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from uuid import UUID

import psycopg
from flask import Flask

from app.documents import commands
from app.documents.keeping import commands as keeping
from app.kernel import approvals, clock, jobs, jobs_catalog
from app.kernel.jobs_control import Control
from tests import factories
from tests.factories import Session
from tests.tasks import request_stage
from tests.tasks.request_stage import Place

OLD = date(2001, 5, 4)
_DAYS = count(1)


@dataclass(frozen=True, slots=True)
class Keep:
    """The place and the second person, who approves."""

    place: Place
    second: Session
    admin: psycopg.Connection

    def add(self, data: bytes, *, name: str = "old.txt", kind: str = "normal") -> UUID:
        """A paper that came in 2001."""
        with self.place.acting(self.place.owner):
            made = commands.add(
                data, name=name, line="accounting", document_class=kind, source="portal"
            )
        self.age(made, OLD)
        return made

    def age(self, document: UUID, day: date) -> None:
        """Lets a paper have come on a day."""
        self.admin.execute(
            "update app.document set added_at = %s where id = %s",
            (f"{day.isoformat()} 12:00+00", document),
        )
        self.admin.commit()

    def propose(self, *papers: UUID) -> UUID:
        """The accountant lists papers."""
        with self.place.acting(self.place.staff):
            return keeping.propose_disposal(papers)

    def approve(self, subject: UUID, *, who: Session | None = None) -> None:
        """The second person approves what was asked about a disposal or a hold."""
        decider = who or self.second
        self.admin.execute(
            "update guard.principal set stepped_up_at = now() where id = %s",
            (decider.principal_id,),
        )
        self.admin.commit()
        with self.place.acting(decider):
            found = next(one for one in approvals.recent() if one.subject_id == subject)
            approvals.decide(found.id, "approve", content_sha=found.content_sha)

    def work(self) -> None:
        """Lets due jobs run."""
        jobs.run_due(self.place.worker_app)

    def fire(self, kind: str) -> None:
        """Lets a schedule of the clients be due and run, each time at a due time of its own."""
        control = Control(self.place.worker_app.config["SQLALCHEMY_DATABASE_URI"])
        control.fire(
            kind,
            clock.now() - timedelta(days=next(_DAYS)),
            clients=True,
            queue="bulk",
            line="member",
            retries=1,
            lease=30,
            actor=jobs_catalog.system_user("platform"),
        )
        control.close()
        self.work()

    def gone(self, document: UUID) -> bool:
        """Whether a paper was emptied."""
        row = self.admin.execute(
            "select disposed_at is not null from app.document where id = %s", (document,)
        ).fetchone()
        self.admin.commit()
        assert row is not None
        return bool(row[0])


def build(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Keep:
    """Makes it."""
    place = request_stage.build(app, worker_app, admin, "Keeper")
    admin.execute("update app.client set country = 'DE' where tenant_id = %s", (place.tenant,))
    second = factories.make_person(admin, "provider", "Second Person")
    factories.grant(
        admin,
        place.tenant,
        second,
        role="operations_manager",
        lines=("accounting", "tickets"),
        classes=("payroll",),
    )
    admin.commit()
    return Keep(place, factories.sign_in(admin, second), admin)
