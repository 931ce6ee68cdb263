"""A client with read papers, for the tests of readings."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents import commands
from app.kernel import jobs
from app.kernel.db import session
from tests.tasks.request_stage import Place


def add(place: Place, data: bytes, name: str, *, kind: str = "normal") -> UUID:
    """A paper of the owner's, read already."""
    with place.acting(place.owner):
        made = commands.add(
            data, name=name, line="accounting", document_class=kind, source="portal"
        )
    work(place)
    return made


def work(place: Place) -> None:
    """Runs what is to be done."""
    with place.worker_app.app_context():
        jobs.run_due(place.worker_app)


def reading(place: Place, document: UUID) -> dict[str, Any]:
    """The reading that counts, as staff see it; empty where they see none."""
    with place.acting(place.staff):
        statement = sa.text(
            "select * from app.document_reading where document_id = :id and is_current"
        )
        row = session.execute(statement, {"id": document}).mappings().one_or_none()
    return dict(row) if row else {}


def fields(place: Place, document: UUID) -> dict[str, dict[str, Any]]:
    """The newest row of each field."""
    with place.acting(place.staff):
        statement = sa.text(
            "select f.* from app.document_field f join app.document_reading r"
            " on r.id = f.reading_id and r.is_current where f.document_id = :id order by f.no"
        )
        rows = session.execute(statement, {"id": document}).mappings()
        return {row["field"]: dict(row) for row in rows}


def shown(page: str) -> dict[str, str]:
    """The values of the form's inputs."""
    found = re.findall(r'<input class="inp"[^>]*? name="(\w+)"[^>]*?value="([^"]*)"', page)
    version = re.findall(r'name="version" value="(\d+)"', page)
    return {**dict(found), "version": version[0], "kind": "380"}


def address(place: Place, document: UUID) -> str:
    """Where a paper stands beside what was read off it."""
    return f"/c/{place.slug}/documents/{document}/reading"
