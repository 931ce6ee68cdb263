"""What the operator's command line does about people, as a system user of the worker's role."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.identity import commands, roles
from app.identity.views.people import days_end
from app.kernel import jobs, jobs_catalog
from app.kernel.db import session, transaction
from app.kernel.errors import DomainError, Invalid, NotFound
from app.kernel.scope import Scope

COLUMNS = ("client", "email", "role", "lines", "write", "until")
MAX_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file of grants: rows read, faults in words, grants made."""

    rows: int
    faults: tuple[str, ...]
    made: int


@contextmanager
def _as_operator() -> Iterator[None]:
    """One transaction in the provider's tenant; the caller holds a worker's application."""
    with transaction(_scope()):
        yield


def _scope() -> Scope:
    with transaction(Scope.login_by_hash("mail", "operator"), read_only=True):
        provider = session.execute(sa.text("select guard.provider()")).scalar_one_or_none()
    if provider is None:
        raise NotFound("no-provider")
    return Scope.system_job(provider, person_id=jobs_catalog.system_user("operator"))


def _call(statement: str, **values: Any) -> Any:
    return session.execute(sa.text(f"select {statement}"), values).scalar_one()


def _person(email: str) -> UUID:
    row = session.execute(
        sa.text("select * from guard.operator_person(:email)"), {"email": email}
    ).one_or_none()
    if row is None or row.left_at is not None:
        raise NotFound("person-unknown", email=email)
    found: UUID = row.id
    return found


def invite(
    email: str, *, name: str, side: str, role: str | None, slug: str | None, lines: tuple[str, ...]
) -> UUID:
    """Adds a person, with a role at once if one is named, and asks for the mail."""
    with _as_operator():
        person_id: UUID = _call(
            "guard.operator_add_person(:side, :email, :name)", side=side, email=email, name=name
        )
        if role is not None:
            template = roles.template(role)
            wanted = lines or (template.lines if template else ("member",))
            _give([_row(person_id, _tenant(slug), role, wanted, write=True, until=None)])
    jobs.wake("mail.codes")
    return person_id


def _tenant(slug: str | None) -> UUID:
    if slug is None:
        found: UUID | None = _call("guard.provider()")
    else:
        found = _call("guard.operator_tenant(:slug)", slug=slug)
    if found is None:
        raise NotFound("client-unknown", slug=slug)
    return found


def _row(
    person_id: UUID,
    tenant: UUID,
    role: str,
    lines: tuple[str, ...],
    *,
    write: bool,
    until: date | None,
) -> dict[str, Any]:
    return commands.Access(
        person_id=person_id,
        tenant_id=tenant,
        role=role,
        lines=lines,
        may_write=write,
        valid_to=days_end(until),
    ).for_guard()


def _give(rows: list[dict[str, Any]]) -> int:
    made = _call("guard.operator_give(cast(:rows as jsonb))", rows=json.dumps(rows))
    return len(made)


def leave(email: str, *, successor: str | None) -> int:
    """The leaver command; returns how many grants ended."""
    with _as_operator():
        person_id = _person(email)
        commands.hand_over(person_id, successor=_person(successor) if successor else None)
        ended: int = _call("guard.operator_leave(:person)", person=person_id)
    return ended


class _DryRun(Exception):
    """Undoes a checked import."""


def read_rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV of grants. Raises Invalid for other columns or too many rows."""
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise Invalid("columns", wanted=",".join(COLUMNS))
    rows = [{name: (row[name] or "").strip() for name in COLUMNS} for row in reader]
    if len(rows) > MAX_ROWS:
        raise Invalid("too-many-rows", most=MAX_ROWS)
    return rows


def import_grants(text: str, *, dry_run: bool) -> Imported:
    """Gives every grant of the file or none; a dry run checks all and changes nothing."""
    rows = read_rows(text)
    faults: list[str] = []
    made = 0
    try:
        with _as_operator():
            made = _import(rows, faults)
            if dry_run or faults:
                raise _DryRun
    except _DryRun:
        made = 0
    return Imported(len(rows), tuple(faults), made)


def _import(rows: list[dict[str, str]], faults: list[str]) -> int:
    made, seen = 0, set()
    for number, row in enumerate(rows, start=2):
        key = (row["client"], row["email"].lower(), row["role"], row["lines"])
        try:
            if key in seen:
                raise Invalid("double")
            seen.add(key)
            with session.begin_nested():
                made += _give([_checked(row)])
        except (DomainError, ValueError, sa.exc.DBAPIError) as fault:
            cause = getattr(getattr(fault, "orig", None), "diag", None)
            faults.append(f"line {number}: {cause.message_primary if cause else fault}")
    return made


def _checked(row: dict[str, str]) -> dict[str, Any]:
    return _row(
        _person(row["email"]),
        _tenant(row["client"] or None),
        row["role"],
        tuple(row["lines"].replace(";", " ").split()),
        write=row["write"].lower() in {"yes", "true", "1"},
        until=date.fromisoformat(row["until"]) if row["until"] else None,
    )
