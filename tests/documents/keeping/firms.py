"""Clients that many histories share: their people and papers of the last thirty years."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg

from tests import factories
from tests.documents.keeping.expected import LAW
from tests.factories import Session


@dataclass(slots=True)
class Paper:
    """A paper of the model."""

    id: UUID
    day: date
    payroll: bool
    gone: bool = False


@dataclass(slots=True)
class Firm:
    """A client that many histories share."""

    tenant: UUID
    country: str
    first_month: int
    papers: tuple[Paper, ...]
    staff: Session
    second: Session


def firms(admin: psycopg.Connection, count: int, rng: random.Random) -> list[Firm]:
    """Makes clients with papers of the last thirty years, two people in each."""
    provider = factories.make_provider(admin)
    people = []
    for name in ("First", "Second"):
        person = factories.make_person(admin, "provider", name)
        factories.grant(admin, provider, person, role="data_analyst")
        people.append(person)
    sessions = [factories.sign_in(admin, one) for one in people]
    return [_firm(admin, rng, people, sessions) for _place in range(count)]


def _firm(
    admin: psycopg.Connection, rng: random.Random, people: list[UUID], sessions: list[Session]
) -> Firm:
    tenant = factories.make_client(admin, "History")
    country, month = rng.choice(list(LAW)), rng.choice((1, 4, 7))
    admin.execute(
        "update app.client set country = %s, fiscal_year_start_month = %s where tenant_id = %s",
        (country, month, tenant),
    )
    for person in people:
        factories.grant(
            admin,
            tenant,
            person,
            role="operations_manager",
            lines=("accounting", "tickets"),
            classes=("payroll",),
        )
    papers = tuple(_paper(admin, tenant, people[0], rng) for _place in range(rng.randint(2, 5)))
    admin.commit()
    return Firm(tenant, country, month, papers, sessions[0], sessions[1])


def _paper(admin: psycopg.Connection, tenant: UUID, person: UUID, rng: random.Random) -> Paper:
    day = datetime.now(UTC).date() - timedelta(days=rng.randint(0, 30 * 365))
    payroll = rng.random() < 0.3
    sha = hashlib.sha256(rng.randbytes(8)).hexdigest()
    row = admin.execute(
        "with d as (insert into app.document (tenant_id, line, class, name, source, added_by,"
        " added_at) values (%(t)s, 'accounting', %(c)s, 'a', 'staff', %(p)s, %(day)s) returning"
        " id),"
        " o as (insert into app.stored_object (tenant_id, line, kind, name, media_type, size,"
        " sha256, made_by) values (%(t)s, 'accounting', %(k)s, 'a', 'text/plain', 1, %(sha)s,"
        " %(p)s) returning id), v as (insert into app.document_version (tenant_id, document_id,"
        " line, no, stored_object_id, sha256, size, media_type, added_by) select %(t)s, d.id,"
        " 'accounting', 1, o.id, %(sha)s, 1, 'text/plain', %(p)s from d, o) select id from d",
        {
            "t": tenant,
            "c": "payroll" if payroll else "normal",
            "k": "document.payroll" if payroll else "document",
            "p": person,
            "day": f"{day.isoformat()} 12:00+00",
            "sha": sha,
        },
    ).fetchone()
    assert row is not None
    return Paper(row[0], day, payroll)
