"""Notices: what packages tell people, by kind; app.tasks.notices shows and mails them.

A notice holds no words. A package declares its kinds in the registry and tells of what happened in
the transaction of the act itself, for many things in one statement; the database writes a notice
for each person who may read the thing then, never for whoever did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import db, jobs, jobs_catalog, registry
from app.kernel import scope as scopes
from app.kernel.registry import Text

Wish = Literal["off", "digest", "at_once"]
Side = Literal["provider", "client"]
JOB = "notices.mail"

_TELL = sa.text("select app.tell_notices(:told)").bindparams(sa.bindparam("told", type_=JSONB))


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of notice, such as `task.assigned`.

    `title` names it among the settings of `group`; `told` puts so many of it into words. `address`
    and `portal` lead to the thing from its client's slug and key, for staff and for the client's
    people. `describe` names things by their keys where no SubjectSource does, in one statement.
    With `adds` more of the same at one thing count up. `mail` is what a person gets who chose
    nothing; what `stops` not cannot be switched off. `sides` say whom it may ever reach.
    """

    name: str
    title: Text
    group: Text
    told: Callable[[int], str]
    address: Callable[[str, str], str] | None = None
    portal: Callable[[str, str], str] | None = None
    describe: Callable[[Sequence[str]], Mapping[str, str]] | None = None
    mail: Wish = "digest"
    adds: bool = False
    stops: bool = True
    sides: tuple[Side, ...] = ("provider",)
    order: int = 100


@dataclass(frozen=True, slots=True)
class Told:
    """What happened, and whom it concerns: a person, or whoever holds `permission` on the line.

    `document_class` is that of the thing: who may not see the class is not told. `own` tells it to
    the person in whose name it happened too, which only a job of the system may.
    """

    kind: str
    subject_type: str
    subject_key: str
    line: str
    person_id: UUID | None = None
    permission: str | None = None
    side: Side | None = None
    document_class: str = "normal"
    own: bool = False


def kinds() -> dict[str, NoticeKind]:
    """Every declared kind by its name, in the order of the settings."""
    return {one.name: one for one in registry.current().all(NoticeKind)}


def tell(told: Iterable[Told]) -> None:
    """Writes the notices of what happened, in the caller's transaction and in one statement.

    Does nothing outside a client, such as in a step of signing in. Raises KeyError for a kind that
    nobody declared, Forbidden on a line that the caller does not reach.
    """
    scope, known = scopes.current(), kinds()
    rows = [_row(one, known[one.kind]) for one in told if one.person_id or one.permission]
    if not rows or scope.mode not in ("t", "j") or scope.person_id is None:
        return
    if db.session.execute(_TELL, {"told": rows}).scalar() and jobs_catalog.find(JOB) is not None:
        jobs.wake(JOB)


def _row(one: Told, kind: NoticeKind) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "subject_type": one.subject_type,
        "subject_key": one.subject_key,
        "line": one.line,
        "class": one.document_class,
        "person": str(one.person_id) if one.person_id else None,
        "permission": one.permission,
        "side": one.side,
        "adds": kind.adds,
        "own": one.own,
        "mail": kind.mail,
    }
