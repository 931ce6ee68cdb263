"""Many tasks over the API: lists over all clients, changes of many, files of tasks, ways back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from werkzeug.datastructures import FileStorage

from app.api import Api, Page, PageRequest, several
from app.api.schema import In, Out
from app.kernel import undo
from app.kernel.errors import Invalid
from app.tasks.work import bulk, commands, csv_import, queries
from app.tasks.work.api import MadeOut, TaskOut, TaskQuery, listed, made, wanted
from app.tasks.work.bulk import Change, Done, Who
from app.tasks.work.models import State

api = Api("tasks-many")


class TaskOfClientOut(TaskOut):
    """A task with the client it is done for, as addresses name it."""

    client: str


class AlikeIn(In):
    """What the named tasks get; what is left out stays."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=bulk.MOST)]
    state: State | None = None
    assignee_id: UUID | None = None
    reviewer_id: UUID | None = None
    due_on: date | None = None

    def change(self) -> Change:
        """As the command takes it."""
        return Change(**self.model_dump(exclude={"ids"}))


class ChangeIn(AlikeIn):
    """The same in one client, with a day so many days later than each has."""

    later_days: Annotated[int, Field(ge=-365, le=365)] | None = None


class RefusedOut(Out):
    """A task that stayed as it was, and why."""

    title: str
    code: str


class ClientRefusedOut(Out):
    """A client that refused as a whole, and why."""

    client_id: UUID
    code: str


class DoneOut(Out):
    """How many tasks were changed, what refused, and the way back, once, within a day."""

    changed: int
    refused: list[RefusedOut]
    clients: list[ClientRefusedOut]
    undo: UUID | None


class TakenBackOut(Out):
    """The clients that refused; all others went back."""

    refused: list[ClientRefusedOut]


class FileQuery(In):
    """With `check` nothing is made: every fault is told, or how many tasks it would make."""

    check: bool = False


class FileOut(Out):
    """What a file of tasks holds, and what was made of it."""

    lines: int
    made: MadeOut | None


def _who() -> Who:
    home = several.home().tenant_id
    return Who(inside=several.inside, worklist=several.everywhere(), home=home)


def _told(done: Done) -> dict[str, Any]:
    refused = [{"title": title, "code": code} for title, code in done.refused]
    clients = _clients(done.clients)
    return {"changed": done.changed, "refused": refused, "clients": clients, "undo": done.token}


def _clients(refused: Sequence[tuple[UUID, str]]) -> list[dict[str, Any]]:
    return [{"client_id": client, "code": code} for client, code in refused]


@api.get(
    "/tasks",
    needs="task.read",
    query=TaskQuery,
    response=TaskOfClientOut,
    paged=True,
    summary="Tasks of all my clients, the next due first",
)
def list_my_tasks(query: TaskQuery, page: PageRequest) -> Page[Any]:
    """Over every client in which the caller reaches tasks, by view and filter as in one client."""
    slugs = queries.clients()
    found = listed(wanted(query, tuple(slugs)), page)
    items = [
        {name: getattr(one, name) for name in TaskOut.model_fields}
        | {"client": slugs.get(one.tenant_id, "")}
        for one in found.items
    ]
    return Page(items=items, next=found.next)


@api.post(
    "/tasks/bulk",
    where="several",
    needs="task.write",
    request=AlikeIn,
    response=DoneOut,
    summary="Change tasks of any clients",
)
def change_tasks(body: AlikeIn) -> object:
    """Each client in a transaction of its own: what may not be changed stays and is named."""
    return _told(bulk.change(body.ids, body.change(), _who()))


@api.post(
    "/tasks/undo/<uuid:token>",
    where="several",
    needs="task.write",
    response=TakenBackOut,
    summary="Take a change of tasks of any clients back",
)
def take_tasks_back(token: UUID) -> object:
    """Once, within a day; 404 `undo-not-possible` afterwards. What was changed since stays."""
    return {"refused": _clients(bulk.take_back(token, _who()))}


@api.post(
    "/clients/<client>/tasks/bulk",
    needs="task.write",
    request=ChangeIn,
    response=DoneOut,
    summary="Change many tasks",
)
def change_tasks_here(body: ChangeIn) -> object:
    """What may not be changed stays and is named."""
    return _told(bulk.change_here(body.ids, body.change()))


@api.post(
    "/clients/<client>/tasks/import",
    needs="task.write",
    upload="file",
    query=FileQuery,
    response=FileOut,
    max_bytes=2 * csv_import.MAX_BYTES,
    summary="Make tasks from a CSV file",
)
def import_tasks(upload: FileStorage, query: FileQuery) -> object:
    """Taken whole or not at all: 422 names every fault by line and column."""
    data = upload.stream.read(csv_import.MAX_BYTES + 1)
    if len(data) > csv_import.MAX_BYTES:
        raise Invalid.of("file", "file-too-large", most=csv_import.MAX_BYTES // 1024)
    tasks = csv_import.tasks(data)
    return {"lines": len(tasks), "made": None if query.check else made(commands.create(tasks))}


@api.post(
    "/clients/<client>/tasks/undo/<uuid:token>",
    needs="task.write",
    status=204,
    summary="Take an act on tasks of a client back",
)
def take_tasks_back_here(token: UUID) -> None:
    """Once, within a day; 404 `undo-not-possible` afterwards, 409 where it was changed since."""
    undo.take(token)
