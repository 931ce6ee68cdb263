"""Repeats over the API, with the calendar and closed days that their due days stand on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api import Api, Page, PageRequest
from app.api.schema import In, Out
from app.kernel import paging, undo
from app.kernel.errors import Invalid
from app.tasks.repeat import commands, queries
from app.tasks.repeat.commands import RepeatIn
from app.tasks.repeat.content import ContentIn
from app.tasks.repeat.models import RepeatState
from app.tasks.repeat.rules import Every
from app.tasks.work.api import MadeOut, made
from app.tasks.work.models import TaskClass

api = Api("tasks-repeat")
Name = Annotated[str, Field(min_length=1, max_length=120)]


class TemplateOut(Out):
    """A template of the provider."""

    id: UUID
    service_line: str
    name: str
    content: ContentIn
    version: int


class RepeatOut(Out):
    """What comes round: `next_start` is the period made next, on `make_on`."""

    id: UUID
    line: str
    name: str
    every: str
    state: str
    content: ContentIn
    template_id: UUID | None
    template_version: int | None
    ahead_days: int
    ends_on: date | None
    assignee_id: UUID | None
    reviewer_id: UUID | None
    next_start: date
    make_on: date
    version: int


class DueTaskOut(Out):
    """A task of a coming period and the day it is due."""

    title: str
    due_on: date


class ComingOut(Out):
    """A period that comes."""

    starts: date
    ends: date
    tasks: list[DueTaskOut]


class WholeRepeatOut(RepeatOut):
    """What comes round with its next periods; a paused or ended one has none."""

    coming: list[ComingOut]


class ChangedRepeatOut(RepeatOut):
    """A repeat after an act; `undo` takes the act back, once, within a day."""

    undo: UUID


class UndoOut(Out):
    """The way back, once, within a day."""

    undo: UUID


class CalendarOut(Out):
    """Whose public holidays count; without a choice of one's own the client's country."""

    country: str
    subdivision: str


class CalendarIn(In):
    """A country, and a part of it where its holidays differ."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    subdivision: Annotated[str, Field(max_length=10)] = ""


class StartIn(In):
    """Either a template of the provider or a content of one's own; the period holds `start_on`."""

    name: Name
    every: Every
    start_on: date
    template_id: UUID | None = None
    content: ContentIn | None = None
    line: Annotated[str, Field(min_length=1, max_length=40)] = "accounting"
    document_class: TaskClass = "normal"
    ahead_days: Annotated[int, Field(ge=0, le=365)] = 30
    ends_on: date | None = None
    assignee_id: UUID | None = None
    reviewer_id: UUID | None = None


class RepeatStateIn(In):
    """Where a repeat goes."""

    state: RepeatState


class ClosureIn(In):
    """Closed days, both included; without an end it is one day."""

    from_on: date
    to_on: date | None = None
    title: Name


class ClosureOut(Out):
    """Closed days of the client."""

    id: UUID
    from_on: date
    to_on: date
    title: str


@api.get(
    "/clients/<client>/task-templates",
    needs="task.plan",
    response=TemplateOut,
    paged=True,
    summary="The provider's templates",
)
def list_templates(page: PageRequest) -> Page[Any]:
    """Templates as they may be used in this client, by name."""
    return paged(queries.templates_here(), page)


@api.get(
    "/clients/<client>/repeats",
    needs="task.read",
    response=RepeatOut,
    paged=True,
    summary="What comes round",
)
def list_repeats(page: PageRequest) -> Page[Any]:
    """The repeats of the client by id."""
    return paged(queries.repeats(), page)


def paged(found: list[Any], page: PageRequest) -> Page[Any]:
    """A page by id of a list that is bounded anyway."""
    after = paging.keys(page.after, UUID)
    rows = sorted(found, key=lambda one: one.id)
    behind = [one for one in rows if after is None or one.id > after[0]]
    cut = paging.page(behind[: page.limit + 1], limit=page.limit, key=lambda one: [one.id])
    return Page(items=list(cut.rows), next=cut.next)


@api.get(
    "/clients/<client>/repeats/<uuid:repeat_id>",
    needs="task.read",
    response=WholeRepeatOut,
    summary="A repeat",
)
def repeat(repeat_id: UUID) -> object:
    """One repeat with the due days of its next periods."""
    found = queries.one(repeat_id)
    coming = [
        {
            "starts": one.starts,
            "ends": one.ends,
            "tasks": [{"title": title, "due_on": day} for title, day in one.tasks],
        }
        for one in queries.coming(found)
    ]
    return _named(found, RepeatOut) | {"coming": coming}


def _named(found: Any, shape: type[Out]) -> dict[str, Any]:
    return {name: getattr(found, name) for name in shape.model_fields}


@api.post(
    "/clients/<client>/repeats",
    needs="task.plan",
    request=StartIn,
    response=RepeatOut,
    status=201,
    summary="Let something come round",
)
def start_repeat(body: StartIn) -> object:
    """Makes at once what has come already."""
    return queries.one(commands.start(_wanted(body)))


def _wanted(body: StartIn) -> RepeatIn:
    if (body.template_id is None) == (body.content is None):
        raise Invalid.of("content", "repeat-content")
    template = queries.template_here(body.template_id) if body.template_id else None
    holds = template.content if template else body.content
    assert holds is not None
    return RepeatIn(
        **body.model_dump(exclude={"content", "template_id"}),
        content=holds.model_dump(mode="json"),
        template_id=template.id if template else None,
        template_version=template.version if template else None,
    )


@api.post(
    "/clients/<client>/repeats/once",
    needs="task.plan",
    request=StartIn,
    response=MadeOut,
    status=201,
    summary="Make the tasks of one period",
)
def make_once(body: StartIn) -> object:
    """Of the period that holds `start_on`, without anything that comes round."""
    return made(commands.once(_wanted(body)))


@api.post(
    "/clients/<client>/repeats/<uuid:repeat_id>/state",
    needs="task.plan",
    request=RepeatStateIn,
    response=ChangedRepeatOut,
    summary="Pause, resume or end a repeat",
)
def move_repeat(repeat_id: UUID, body: RepeatStateIn) -> object:
    """What was missed while it was paused is not made up."""
    token = commands.set_state(repeat_id, body.state)
    return _named(queries.one(repeat_id), RepeatOut) | {"undo": token}


@api.post(
    "/clients/<client>/repeats/<uuid:repeat_id>/renew",
    needs="task.plan",
    response=RepeatOut,
    summary="Follow the template as it is now",
)
def renew_repeat(repeat_id: UUID) -> object:
    """For the periods to come; 409 for one that was not made from a template."""
    commands.renew(repeat_id)
    return queries.one(repeat_id)


@api.post(
    "/clients/<client>/repeats/undo/<uuid:token>",
    needs="task.plan",
    status=204,
    summary="Take an act on repeats or closed days back",
)
def take_repeats_back(token: UUID) -> None:
    """Once, within a day; 404 `undo-not-possible` afterwards, 409 where it was changed since."""
    undo.take(token)


@api.get(
    "/clients/<client>/work-calendar",
    needs="task.read",
    response=CalendarOut,
    summary="Whose public holidays count",
)
def work_calendar() -> object:
    """Country and part of it; closed days of the client's own are listed beside it."""
    return queries.place()


@api.put(
    "/clients/<client>/work-calendar",
    needs="task.plan",
    request=CalendarIn,
    response=CalendarOut,
    summary="Say whose public holidays count",
)
def set_work_calendar(body: CalendarIn) -> object:
    """Due days made from now on follow it."""
    commands.set_calendar(country=body.country, subdivision=body.subdivision)
    return queries.place()


@api.get(
    "/clients/<client>/closures",
    needs="task.read",
    response=ClosureOut,
    paged=True,
    summary="Closed days of the client",
)
def list_closures(page: PageRequest) -> Page[Any]:
    """The client's own closed days by id."""
    return paged(queries.closures(), page)


@api.post(
    "/clients/<client>/closures",
    needs="task.plan",
    request=ClosureIn,
    response=ClosureOut,
    status=201,
    summary="Close days",
)
def close_days(body: ClosureIn) -> object:
    """They count as no working days from now on."""
    made = commands.close_days(**body.model_dump())
    return {"id": made, **body.model_dump(), "to_on": body.to_on or body.from_on}


@api.delete(
    "/clients/<client>/closures/<uuid:closure_id>",
    needs="task.plan",
    response=UndoOut,
    summary="Take closed days away",
)
def open_days(closure_id: UUID) -> object:
    """They count as working days again, from now on."""
    return {"undo": commands.open_days(closure_id)}
