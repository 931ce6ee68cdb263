"""Many tasks changed at once, over several clients: one transaction a client, one way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import db, scope, undo
from app.kernel.db import session
from app.kernel.errors import DomainError, Forbidden, Invalid, NotFound
from app.kernel.scope import Scope
from app.tasks.work import commands, queries
from app.tasks.work.models import STATES, Task, TaskIn

UNDO = "tasks.bulk"
MOST = 200


@dataclass(frozen=True, slots=True)
class Who:
    """The acting person: their scope in a client and over all clients, and their home."""

    inside: Callable[[UUID], Scope]
    worklist: Scope
    home: UUID | None


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed in every ticked task; None leaves a field as it is."""

    state: str | None = None
    assignee_id: UUID | None = None
    reviewer_id: UUID | None = None
    due_on: date | None = None
    later_days: int | None = None

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return all(getattr(self, name) is None for name in Change.__slots__)


@dataclass(frozen=True, slots=True)
class Done:
    """How many tasks were changed, why others were not, and the token of the way back.

    `refused` are tasks by title, `clients` those that refused as a whole; each with a code.
    """

    changed: int
    refused: tuple[tuple[str, str], ...]
    token: UUID | None
    clients: tuple[tuple[UUID, str], ...] = ()


def change(ids: Sequence[UUID], wanted: Change, who: Who) -> Done:
    """Changes each task as far as it allows it; a client's refusal stops no other client.

    What stands as wanted already is left alone. Raises Invalid for an empty change.
    """
    if wanted.empty:
        raise Invalid("task-nothing-to-change")
    if wanted.state is not None and wanted.state not in STATES:
        raise Invalid.of("state", "not-a-choice")
    with db.transaction(who.worklist):
        places = queries.where_are(list(ids)[:MOST])
    tokens: list[tuple[UUID, UUID]] = []
    refused: list[tuple[str, str]] = []
    clients: list[tuple[UUID, str]] = []
    count = 0
    for tenant in dict.fromkeys(tenant for tenant, _id in places):
        wanted_here = [task for place, task in places if place == tenant]
        try:
            with _writing(who.inside(tenant)):
                done, token, not_done = _changed(wanted_here, wanted)
        except DomainError as refusal:
            clients.append((tenant, refusal.code))
            continue
        count += done
        refused += not_done
        if token is not None:
            tokens.append((tenant, token))
    return Done(count, tuple(refused), _one_token(tokens, who), tuple(clients))


@contextmanager
def _writing(place: Scope) -> Iterator[None]:
    """A transaction in a client; raises Forbidden where nothing may be written now, as in a
    suspended one, and NotFound where nothing is reached any more."""
    with db.transaction(place):
        rights = scope.current().rights
        if not rights.reached:
            raise NotFound
        if not rights.may_write:
            raise Forbidden("read-only")
        yield


def change_here(ids: Sequence[UUID], wanted: Change) -> Done:
    """The same for tasks of the open client, in its transaction."""
    if wanted.empty:
        raise Invalid("task-nothing-to-change")
    done, token, refused = _changed(list(ids)[:MOST], wanted)
    return Done(done, tuple(refused), token)


def _changed(ids: Sequence[UUID], wanted: Change) -> tuple[int, UUID | None, list[tuple[str, str]]]:
    """Changes in one statement what can be changed; the rest is named with its reason."""
    session.execute(_LOCK, {"ids": list(ids)})
    found = queries.some(ids)
    people = {line: queries.people_here(line) for line in {one.line for one in found}}
    me = scope.current().person_id
    free = queries.may_change_reviewers()
    refused: list[tuple[str, str]] = []
    taken: list[tuple[Task, dict[str, Any]]] = []
    for before in found:
        after = _after(before, wanted)
        if all(after[name] == getattr(before, name) for name in commands.WRITTEN):
            continue  # it stands so already
        code = _refusal(before, after, people[before.line], me)
        if not code and not free and after["reviewer_id"] != before.reviewer_id:
            code = "task-reviewer-stays" if before.keeps_reviewer(me) else ""
        if code:
            refused.append((before.title, code))
        else:
            taken.append((before, after))
    if not taken:
        return 0, None, refused
    commands.write(taken)
    return len(taken), commands.offer_back([(b, b.version + 1) for b, _a in taken]), refused


def _after(before: Task, wanted: Change) -> dict[str, Any]:
    """The fields a change leaves a task with."""
    after = {name: getattr(before, name) for name in commands.WRITTEN}
    for name in ("assignee_id", "reviewer_id", "due_on", "state"):
        if getattr(wanted, name) is not None:
            after[name] = getattr(wanted, name)
    if wanted.later_days is not None:
        after["due_on"] = before.due_on + timedelta(days=wanted.later_days)
    return after


def _refusal(
    before: Task, after: Mapping[str, Any], people: Mapping[UUID, str], me: UUID | None
) -> str:
    """The code of what stands against it, as the database would say; empty for nothing."""
    try:
        given = {name: after[name] for name in commands.FIELDS}
        was = {one: "" for one in (before.assignee_id, before.reviewer_id) if one}
        commands.check(TaskIn(line=before.line, **given), dict(people) | was)
    except Invalid as refusal:
        return next(iter(refusal.fields.values()))[0].code
    if after["state"] != "done" or before.state == "done":
        return ""
    if after["kind"] == "filing" and before.receipt_id is None:
        return "filing-needs-receipt"
    reviewers = {before.reviewer_id, after["reviewer_id"]} - {None}
    return "task-needs-review" if reviewers - {me} else ""


def _one_token(tokens: Sequence[tuple[UUID, UUID]], who: Who) -> UUID | None:
    """One way back for all: it lies in the person's home and names each client's own."""
    if not tokens or who.home is None:
        return None
    with db.transaction(who.inside(who.home)):
        pairs = [[str(tenant), str(token)] for tenant, token in tokens]
        return undo.offer(UNDO, {"tokens": pairs})


@undo.handler(UNDO)
def _taken(_args: dict[str, Any]) -> None:
    """The steps of this way back are taken one by one, each in its own client."""


def take_back(token: UUID, who: Who) -> list[tuple[UUID, str]]:
    """Goes back in every client the change touched; one client's refusal stops no other.

    Returns (client, code) of those that refused: out of reach, taken back there already, or not to
    be put back. Raises NotFound for a used token.
    """
    if who.home is None:
        raise NotFound("undo-not-possible")
    with db.transaction(who.inside(who.home)):
        pairs = undo.arguments(token, UNDO)["tokens"]
        undo.take(token)
    refused: list[tuple[UUID, str]] = []
    for tenant, one in pairs:
        try:
            with _writing(who.inside(UUID(tenant))):
                undo.take(UUID(one))
        except DomainError as refusal:
            refused.append((UUID(tenant), refusal.code))
    return refused


_LOCK = sa.text(
    "select id from app.task where tenant_id = (select guard.tenant_id())"
    " and id = any(cast(:ids as uuid[])) order by id for update"
)
