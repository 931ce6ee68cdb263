"""Tasks: made, edited against their version, moved from state to state; with the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from app.documents import commands as documents
from app.kernel import events, ids, scope, undo, usage
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from app.tasks.work import queries
from app.tasks.work.models import (
    CHECK_LENGTH,
    CLASSES,
    KINDS,
    MOST_CHECKS,
    STATES,
    TEXT_LENGTH,
    TITLE_LENGTH,
    State,
    Task,
    TaskAssigned,
    TaskIn,
)

METER = "task"
UNDO_CHANGE = "task.change"
UNDO_CREATE = "task.create"
RECEIPT_TYPE = "filing_receipt"
FIELDS = (
    "kind",
    "title",
    "description",
    "document_class",
    "due_on",
    "due_zone",
    "assignee_id",
    "reviewer_id",
)
WRITTEN = (*FIELDS, "state")
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


def create(wanted: Sequence[TaskIn]) -> list[UUID]:
    """Makes tasks with their checklists, all or none; returns their ids in order.

    Raises Invalid for what does not fit, naming the field; `assignee_id` and `reviewer_id` are
    people of the provider who reach the task's line here, and two different ones.
    """
    people: dict[str, dict[UUID, str]] = {}
    zone = queries.time_zone()
    for one in wanted:
        if one.line not in people:
            people[one.line] = queries.people_here(one.line)
        check(one, people[one.line])
    made = [ids.uuid7() for _one in wanted]
    columns = list(zip(*(_row(one, zone) for one in wanted), strict=True))
    session.execute(_ADD, {"ids": made, **dict(zip(_NAMES, map(list, columns), strict=True))})
    _add_checks(
        [
            (task, one.line, text)
            for task, one in zip(made, wanted, strict=True)
            for text in one.checklist
        ]
    )
    _tell_assigned(
        (task, one.assignee_id, one.reviewer_id) for task, one in zip(made, wanted, strict=True)
    )
    return made


def offer_uncreate(made: Sequence[UUID]) -> UUID:
    """The way back from making tasks: drops those that nobody has touched meanwhile."""
    return undo.offer(UNDO_CREATE, {"tasks": [str(one) for one in made]})


def check(one: TaskIn, people: Mapping[UUID, str]) -> None:
    """Raises Invalid where a new task does not fit."""
    if not one.title.strip():
        raise Invalid.of("title", "task-title-missing")
    if len(one.title) > TITLE_LENGTH:
        raise Invalid.of("title", "text-too-long", most=TITLE_LENGTH)
    if len(one.description) > TEXT_LENGTH:
        raise Invalid.of("description", "text-too-long", most=TEXT_LENGTH)
    if one.kind not in KINDS:
        raise Invalid.of("kind", "not-a-choice")
    if one.document_class not in CLASSES:
        raise Invalid.of("document_class", "not-a-choice")
    if not FIRST_DAY <= one.due_on <= LAST_DAY:
        raise Invalid.of("due_on", "task-due-range")
    check_zone(one.due_zone)
    check_people(one.assignee_id, one.reviewer_id, people)
    if len(one.checklist) > MOST_CHECKS:
        raise Invalid.of("checklist", "too-many-rows", most=MOST_CHECKS)
    if any(not text.strip() or len(text) > CHECK_LENGTH for text in one.checklist):
        raise Invalid.of("checklist", "task-check-length", most=CHECK_LENGTH)


def check_zone(zone: str, *, name: str = "due_zone") -> None:
    """Raises Invalid at `name` for a time zone nobody knows; empty is the client's own."""
    try:
        if zone:
            ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid.of(name, "time-zone-unknown") from None


def check_people(assignee: UUID | None, reviewer: UUID | None, people: Mapping[UUID, str]) -> None:
    """Raises Invalid for somebody who does not work here, and for a reviewer of their own work."""
    for name, person in (("assignee_id", assignee), ("reviewer_id", reviewer)):
        if person is not None and person not in people:
            raise Invalid.of(name, "task-person")
    if assignee is not None and assignee == reviewer:
        raise Invalid.of("reviewer_id", "task-same-reviewer")


def edit(task_id: UUID, *, version: int, **changes: Any) -> UUID:
    """Changes fields of a task as it was at `version`; returns the token of the way back.

    Raises NotFound, Conflict `task-changed` when somebody was first, Invalid for what does not fit.
    """
    before = queries.one(task_id)
    change(before, version=version, changes=changes)
    return offer_back([(before, version + 1)])


def change(before: Task, *, version: int, changes: Mapping[str, Any]) -> None:
    """Writes changed fields of a task as it stands at `version`, and tells who got it."""
    wanted = {name: getattr(before, name) for name in FIELDS} | dict(changes)
    was = (before.assignee_id, before.reviewer_id)
    people = queries.people_here(before.line) | {one: "" for one in was if one}
    check(TaskIn(line=before.line, **wanted), people)
    wanted["due_zone"] = wanted["due_zone"] or queries.time_zone()
    _write(before, version, wanted)
    _tell_assigned(
        [
            (
                before.id,
                wanted["assignee_id"] if wanted["assignee_id"] != was[0] else None,
                wanted["reviewer_id"] if wanted["reviewer_id"] != was[1] else None,
            )
        ]
    )


def _write(before: Task, version: int, wanted: Mapping[str, Any]) -> None:
    values = {**wanted, "id": before.id, "version": version}
    if session.execute(_EDIT, values).scalar() is None:
        raise Conflict("task-changed")


def move(task_id: UUID, state: State, *, version: int | None = None) -> UUID:
    """Moves a task to a state; returns the token of the way back.

    Done is refused by the database for a filing without its receipt (`filing-needs-receipt`) and
    for a reviewed task by anybody but its reviewer (`task-needs-review`). Raises NotFound, Conflict
    `task-changed` when it was changed since `version`.
    """
    if state not in STATES:
        raise Invalid.of("state", "not-a-choice")
    before = queries.one(task_id)
    if version is None:
        version = before.version
    set_state(before, state, version=version)
    return offer_back([(before, version + 1)])


def set_state(before: Task, state: str, *, version: int) -> None:
    """Writes a task's new state, and meters what was done."""
    values = {"id": before.id, "state": state, "version": version}
    if session.execute(_MOVE, values).scalar() is None:
        raise Conflict("task-changed")
    if state == "done" and before.state != "done":
        count_done([before])
    elif state != "done" and before.state == "done":
        usage.void(f"task:{before.id}")


def write(changed: Sequence[tuple[Task, Mapping[str, Any]]]) -> None:
    """Writes several tasks at once, each as it was with its new fields, where none was changed
    meanwhile; meters what was done by it and tells who got something. Raises Conflict."""
    columns: dict[str, list[Any]] = {"id": [], "version": []} | {name: [] for name in WRITTEN}
    for before, after in changed:
        columns["id"].append(before.id)
        columns["version"].append(before.version)
        for name in WRITTEN:
            columns[name].append(after[name])
    if len(session.execute(_PUT, columns).all()) < len(changed):
        raise Conflict("task-changed")
    count_done([before for before, _after in changed if before.state != "done"])
    again = [before.id for before, after in changed if after["state"] != "done"]
    session.execute(_VOID, {"ids": again})
    _tell_assigned(
        (
            before.id,
            *(
                after[name] if after[name] != getattr(before, name) else None
                for name in ("assignee_id", "reviewer_id")
            ),
        )
        for before, after in changed
    )


def count_done(tasks: Sequence[Task]) -> None:
    """Meters those of the tasks that are done now, one use each."""
    if tasks:
        session.execute(_COUNT, {"ids": [one.id for one in tasks], "meter": METER})


def receipt(task_id: UUID, *, name: str, data: bytes) -> UUID:
    """Stores the receipt of a filing and links it; returns the paper's id.

    Raises NotFound, Conflict `task-no-filing`, and what storing a paper refuses.
    """
    found = queries.one(task_id)
    if found.kind != "filing":
        raise Conflict("task-no-filing")
    paper = documents.add(
        data,
        name=name,
        line=found.line,
        source="task",
        document_class=found.document_class,
    )
    link_receipt(task_id, paper)
    return paper


def link_receipt(task_id: UUID, document_id: UUID) -> None:
    """Says which paper proves a filing: it is linked, and of the type filing receipt from now on
    where nothing else was said of it. Raises NotFound."""
    documents.link(document_id, subject_type="task", subject_id=task_id)
    session.execute(_TYPE, {"id": document_id, "type": RECEIPT_TYPE})
    if session.execute(_RECEIPT, {"id": task_id, "paper": document_id}).scalar() is None:
        raise NotFound


def offer_back(changed: Sequence[tuple[Task, int]]) -> UUID:
    """The way back from a change of several tasks: (as it was, the version it got) each."""
    return undo.offer(
        UNDO_CHANGE,
        {
            "tasks": [
                {
                    **{name: _plain(getattr(before, name)) for name in (*WRITTEN, "id")},
                    "version": version,
                }
                for before, version in changed
            ]
        },
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID | date) else value


@undo.handler(UNDO_CHANGE)
def _back(args: dict[str, Any]) -> None:
    """Puts tasks back to what they were; what was changed since then stays as it is. Raises
    Conflict where that is all of it."""
    rows = args["tasks"]
    columns = {name: [row[name] for row in rows] for name in (*WRITTEN, "id", "version")}
    back = session.execute(_PUT, columns).all()
    if not back:
        raise Conflict("task-changed")
    session.execute(_COUNT, {"ids": [row.id for row in back], "meter": METER})
    session.execute(_VOID, {"ids": [row.id for row in back if row.state != "done"]})


@undo.handler(UNDO_CREATE)
def _uncreate(args: dict[str, Any]) -> None:
    """Drops the tasks nobody touched; raises Conflict where none is left of them."""
    if not session.execute(_DROP_FRESH, {"ids": [UUID(one) for one in args["tasks"]]}).all():
        raise Conflict("task-changed")


def _row(one: TaskIn, zone: str) -> tuple[Any, ...]:
    return (
        one.line,
        one.kind,
        one.title.strip(),
        one.description.strip(),
        one.document_class,
        one.due_on,
        one.due_zone or zone,
        one.assignee_id,
        one.reviewer_id,
    )


def _add_checks(rows: Sequence[tuple[UUID, str, str]]) -> None:
    if not rows:
        return
    tasks, lines, texts = (list(column) for column in zip(*rows, strict=True))
    session.execute(_ADD_CHECKS, {"tasks": tasks, "lines": lines, "texts": texts})


def _tell_assigned(given: Any) -> None:
    by = scope.current().person_id
    events.emit_many(
        TaskAssigned(task, person, by, reviews)
        for task, assignee, reviewer in given
        for person, reviews in ((assignee, False), (reviewer, True))
        if person is not None and person != by
    )


_HERE = "tenant_id = (select guard.tenant_id())"
_NAMES = ("lines", "kinds", "titles", "texts", "classes", "days", "zones", "assignees", "reviewers")
_ADD = sa.text(
    "insert into app.task (tenant_id, id, line, kind, title, description, class, due_on, due_zone,"
    " assignee_id, reviewer_id) select (select guard.tenant_id()), n.* from unnest("
    "cast(:ids as uuid[]), cast(:lines as text[]), cast(:kinds as text[]), cast(:titles as text[]),"
    " cast(:texts as text[]), cast(:classes as text[]), cast(:days as date[]),"
    " cast(:zones as text[]), cast(:assignees as uuid[]), cast(:reviewers as uuid[])) n"
)
_ADD_CHECKS = sa.text(
    "insert into app.task_item (tenant_id, task_id, line, position, text)"
    " select (select guard.tenant_id()), n.task, n.line, n.place, n.text from unnest("
    "cast(:tasks as uuid[]), cast(:lines as text[]), cast(:texts as text[]))"
    " with ordinality n(task, line, text, place)"
)
_EDIT = sa.text(
    "update app.task set kind = :kind, title = :title, description = :description,"
    " class = :document_class, due_on = :due_on, due_zone = :due_zone,"
    " assignee_id = cast(:assignee_id as uuid), reviewer_id = cast(:reviewer_id as uuid),"
    f" version = version + 1 where {_HERE} and id = :id and version = :version returning id"
)
_MOVE = sa.text(
    "update app.task set state = :state, version = version + 1"
    f" where {_HERE} and id = :id and version = :version returning id"
)
_RECEIPT = sa.text(
    "update app.task set receipt_id = :paper, version = version + 1"
    f" where {_HERE} and id = :id returning id"
)
_TYPE = sa.text(f"update app.document set type = :type where {_HERE} and id = :id and type = ''")
_PUT = sa.text(
    "update app.task t set kind = b.kind, title = b.title, description = b.description,"
    " class = b.class, due_on = b.due_on, due_zone = b.due_zone, assignee_id = b.assignee_id,"
    " reviewer_id = b.reviewer_id, state = b.state, version = t.version + 1 from unnest("
    "cast(:id as uuid[]), cast(:version as int[]), cast(:kind as text[]), cast(:title as text[]),"
    " cast(:description as text[]), cast(:document_class as text[]), cast(:due_on as date[]),"
    " cast(:due_zone as text[]), cast(:assignee_id as uuid[]), cast(:reviewer_id as uuid[]),"
    " cast(:state as text[])) b(id, version, kind, title, description, class, due_on, due_zone,"
    " assignee_id, reviewer_id, state)"
    f" where t.{_HERE} and t.id = b.id and t.version = b.version returning t.id, t.state"
)
_VOID = sa.text(
    "select app.void_usage(array(select 'task:' || x.id from unnest(cast(:ids as uuid[])) x(id)),"
    " 'undone')"
)
_COUNT = sa.text(
    "select app.record_usage(:meter, 1, 'task', 'task:' || t.id, 'task', t.id, '', t.line, null)"
    f" from app.task t where t.{_HERE} and t.id = any(cast(:ids as uuid[])) and t.state = 'done'"
)
_DROP_FRESH = sa.text(
    "update app.task set state = 'dropped', version = version + 1"
    f" where {_HERE} and id = any(cast(:ids as uuid[])) and version = 1 returning id"
)
