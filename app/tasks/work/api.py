"""Tasks over the API: list, read, make, change, move; points, comments, links, receipts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api import Api, Page, PageRequest
from app.api.schema import In, Out
from app.kernel import paging, reads, scope
from app.tasks.request_schemas import SubjectKey, SubjectType
from app.tasks.work import commands, parts, queries
from app.tasks.work.models import (
    CHECK_LENGTH,
    COMMENT_LENGTH,
    MOST_CHECKS,
    TEXT_LENGTH,
    TITLE_LENGTH,
    Kind,
    State,
    Task,
    TaskClass,
    TaskIn,
)
from app.tasks.work.queries import View, Wanted

api = Api("tasks-work")
Title = Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH)]
Text = Annotated[str, Field(max_length=TEXT_LENGTH)]
Point = Annotated[str, Field(min_length=1, max_length=CHECK_LENGTH)]


class TaskOut(Out):
    """A task; `due_at` is the instant at which its day ends in `due_zone`."""

    id: UUID
    line: str
    kind: str
    title: str
    description: str
    document_class: str
    state: str
    due_on: date
    due_zone: str
    due_at: datetime
    assignee_id: UUID | None
    reviewer_id: UUID | None
    receipt_id: UUID | None
    repeat_id: UUID | None
    period_start: date | None
    done_at: datetime | None
    made_at: datetime
    version: int
    checks: int
    checked: int


class CheckOut(Out):
    """A point of a checklist."""

    id: UUID
    text: str
    done_at: datetime | None


class CommentOut(Out):
    """A comment; `mentions` are the people it names."""

    id: UUID
    text: str
    mentions: list[UUID]
    written_by: UUID
    written_at: datetime


class LinkOut(Out):
    """A record the task belongs to."""

    id: UUID
    subject_type: str
    subject_key: str


class WholeTaskOut(TaskOut):
    """A task with all that hangs on it."""

    checklist: list[CheckOut]
    comments: list[CommentOut]
    links: list[LinkOut]


class ChangedTaskOut(WholeTaskOut):
    """A task after an act; `undo` takes the act back, once, within a day."""

    undo: UUID


class TaskQuery(In):
    """Which tasks; the views mine, day and review are the caller's own.

    `day` is what is mine and due by the end of today in `time_zone`; `nobody` what is nobody's.
    """

    view: View = "open"
    state: State | None = None
    kind: Kind | None = None
    assignee_id: UUID | None = None
    nobody: bool = False
    time_zone: Annotated[str, Field(max_length=60)] = "UTC"
    search: Annotated[str, Field(max_length=200)] = ""
    due_from: date | None = None
    due_to: date | None = None


class NewTaskIn(In):
    """A task with its checklist; without a zone its day ends in the client's own."""

    title: Title
    due_on: date
    line: Annotated[str, Field(min_length=1, max_length=40)] = "accounting"
    kind: Kind = "task"
    description: Text = ""
    document_class: TaskClass = "normal"
    due_zone: Annotated[str, Field(max_length=60)] = ""
    assignee_id: UUID | None = None
    reviewer_id: UUID | None = None
    checklist: Annotated[tuple[Point, ...], Field(max_length=MOST_CHECKS)] = ()


class ManyTasksIn(In):
    """Tasks made together, all or none."""

    tasks: Annotated[list[NewTaskIn], Field(min_length=1, max_length=500)]


class MadeOut(Out):
    """The tasks made, in order; `undo` drops those that nobody touched since."""

    ids: list[UUID]
    undo: UUID


class EditIn(In):
    """Fields that change; what is left out stays. `version` is the one that was read."""

    version: int
    title: Title | None = None
    due_on: date | None = None
    kind: Kind | None = None
    description: Text | None = None
    document_class: TaskClass | None = None
    due_zone: Annotated[str, Field(max_length=60)] | None = None
    assignee_id: UUID | None = None
    reviewer_id: UUID | None = None


class MoveIn(In):
    """Where the task goes, from the version that was read."""

    state: State
    version: int | None = None


class PointIn(In):
    """A new point of the checklist."""

    text: Point


class TickIn(In):
    """A point done or not."""

    done: bool


class CommentIn(In):
    """A comment; people are named with @ and their name."""

    text: Annotated[str, Field(min_length=1, max_length=COMMENT_LENGTH)]


class LinkIn(In):
    """A record to link."""

    subject_type: SubjectType
    subject_key: SubjectKey


class ReceiptIn(In):
    """A paper of the client that proves the filing."""

    document_id: UUID


def _whole(task: Task) -> dict[str, Any]:
    return {
        **{name: getattr(task, name) for name in TaskOut.model_fields},
        "checklist": queries.checklist(task.id),
        "comments": [
            {name: getattr(one, name) for name in CommentOut.model_fields}
            | {"mentions": list(one.mentions)}
            for one in queries.comments(task.id)
        ],
        "links": queries.links(task.id),
    }


@api.get(
    "/clients/<client>/tasks",
    needs="task.read",
    query=TaskQuery,
    response=TaskOut,
    paged=True,
    summary="Tasks, the next due first",
)
def list_tasks(query: TaskQuery, page: PageRequest) -> Page[Any]:
    """Tasks of the client by view and filter."""
    return listed(wanted(query), page)


def wanted(query: TaskQuery, tenants: Sequence[UUID] = ()) -> Wanted:
    """What a caller asks for, in one client or over those named; raises Invalid for no zone."""
    commands.check_zone(query.time_zone, name="time_zone")
    asked = query.model_dump(exclude={"time_zone", "assignee_id"}, exclude_none=True)
    return Wanted(
        **asked,
        me=scope.current().person_id,
        tenants=tuple(tenants),
        assignee=query.assignee_id,
        day_end=queries.day_end(query.time_zone or "UTC"),
    )


def listed(asked: Wanted, page: PageRequest) -> Page[Task]:
    """A page of tasks, the next due first."""
    after = paging.keys(page.after, paging.moment, UUID)
    found = queries.tasks(asked, after=after, limit=page.limit + 1)
    cut = paging.page(found, limit=page.limit, key=lambda one: [one.due_at.isoformat(), one.id])
    return Page(items=cut.rows, next=cut.next)


@api.get(
    "/clients/<client>/tasks/<uuid:task_id>",
    needs="task.read",
    response=WholeTaskOut,
    summary="A task",
)
def task(task_id: UUID) -> object:
    """One task with its checklist, comments and links."""
    found = queries.one(task_id)
    reads.leave(reads.Look("task", found.line, task_id))
    return _whole(found)


@api.post(
    "/clients/<client>/tasks",
    needs="task.write",
    request=ManyTasksIn,
    response=MadeOut,
    status=201,
    summary="Make tasks",
)
def make_tasks(body: ManyTasksIn) -> object:
    """Makes tasks, all or none."""
    return made(commands.create([TaskIn(**one.model_dump()) for one in body.tasks]))


def made(ids: Sequence[UUID]) -> dict[str, object]:
    """New tasks with their way back."""
    return {"ids": list(ids), "undo": commands.offer_uncreate(ids)}


@api.patch(
    "/clients/<client>/tasks/<uuid:task_id>",
    needs="task.write",
    request=EditIn,
    response=ChangedTaskOut,
    summary="Change a task",
)
def edit_task(task_id: UUID, body: EditIn) -> object:
    """Changes the fields that are sent; 409 when it was changed since `version`."""
    changes = body.model_dump(exclude_unset=True, exclude={"version"})
    kept = {name: value for name, value in changes.items() if value is not None or "_id" in name}
    token = commands.edit(task_id, version=body.version, **kept)
    return _whole(queries.one(task_id)) | {"undo": token}


@api.post(
    "/clients/<client>/tasks/<uuid:task_id>/state",
    needs="task.write",
    request=MoveIn,
    response=ChangedTaskOut,
    summary="Move a task on",
)
def move_task(task_id: UUID, body: MoveIn) -> object:
    """409 for a filing without its receipt, and for a reviewed task but by its reviewer."""
    token = commands.move(task_id, body.state, version=body.version)
    return _whole(queries.one(task_id)) | {"undo": token}


@api.post(
    "/clients/<client>/tasks/<uuid:task_id>/receipt",
    needs="task.write",
    request=ReceiptIn,
    response=WholeTaskOut,
    summary="Say which paper is a filing's receipt",
)
def keep_receipt(task_id: UUID, body: ReceiptIn) -> object:
    """The paper is linked to the task."""
    commands.link_receipt(task_id, body.document_id)
    return _whole(queries.one(task_id))


@api.post(
    "/clients/<client>/tasks/<uuid:task_id>/checks",
    needs="task.write",
    request=PointIn,
    response=WholeTaskOut,
    status=201,
    summary="Add a point to the checklist",
)
def add_point(task_id: UUID, body: PointIn) -> object:
    """Adds it at the end."""
    parts.add_check(task_id, body.text)
    return _whole(queries.one(task_id))


@api.post(
    "/clients/<client>/tasks/<uuid:task_id>/checks/<uuid:check_id>",
    needs="task.write",
    request=TickIn,
    response=WholeTaskOut,
    summary="Tick a point",
)
def tick_point(task_id: UUID, check_id: UUID, body: TickIn) -> object:
    """Ticks it, or takes the tick away."""
    parts.tick(task_id, check_id, done=body.done)
    return _whole(queries.one(task_id))


@api.post(
    "/clients/<client>/tasks/<uuid:task_id>/comments",
    needs="task.write",
    request=CommentIn,
    response=WholeTaskOut,
    status=201,
    summary="Comment on a task",
)
def comment_on(task_id: UUID, body: CommentIn) -> object:
    """People named with @ are told."""
    parts.comment(task_id, body.text)
    return _whole(queries.one(task_id))


@api.post(
    "/clients/<client>/tasks/<uuid:task_id>/links",
    needs="task.write",
    request=LinkIn,
    response=WholeTaskOut,
    status=201,
    summary="Link a record to a task",
)
def link_record(task_id: UUID, body: LinkIn) -> object:
    """Links a record the caller sees."""
    parts.link(task_id, body.subject_type, body.subject_key)
    return _whole(queries.one(task_id))
