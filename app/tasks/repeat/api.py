"""Repeats, templates and closed days over the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api import Api, Page, PageRequest
from app.api.schema import In, Out
from app.kernel import paging
from app.kernel.errors import Invalid
from app.tasks.repeat import commands, queries
from app.tasks.repeat.commands import RepeatIn
from app.tasks.repeat.content import ContentIn
from app.tasks.repeat.models import RepeatState
from app.tasks.repeat.rules import Every
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
    return _paged(queries.templates_here(), page)


@api.get(
    "/clients/<client>/repeats",
    needs="task.read",
    response=RepeatOut,
    paged=True,
    summary="What comes round",
)
def list_repeats(page: PageRequest) -> Page[Any]:
    """The repeats of the client by id."""
    return _paged(queries.repeats(), page)


def _paged(found: list[Any], page: PageRequest) -> Page[Any]:
    """A page by id of a list that is bounded anyway."""
    after = paging.keys(page.after, UUID)
    rows = sorted(found, key=lambda one: one.id)
    behind = [one for one in rows if after is None or one.id > after[0]]
    cut = paging.page(behind[: page.limit + 1], limit=page.limit, key=lambda one: [one.id])
    return Page(items=list(cut.rows), next=cut.next)


@api.get(
    "/clients/<client>/repeats/<uuid:repeat_id>",
    needs="task.read",
    response=RepeatOut,
    summary="A repeat",
)
def repeat(repeat_id: UUID) -> object:
    """One repeat."""
    return queries.one(repeat_id)


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
    if (body.template_id is None) == (body.content is None):
        raise Invalid.of("content", "repeat-content")
    template = queries.template_here(body.template_id) if body.template_id else None
    holds = template.content if template else body.content
    assert holds is not None
    wanted = RepeatIn(
        **body.model_dump(exclude={"content", "template_id"}),
        content=holds.model_dump(mode="json"),
        template_id=template.id if template else None,
        template_version=template.version if template else None,
    )
    return queries.one(commands.start(wanted))


@api.post(
    "/clients/<client>/repeats/<uuid:repeat_id>/state",
    needs="task.plan",
    request=RepeatStateIn,
    response=RepeatOut,
    summary="Pause, resume or end a repeat",
)
def move_repeat(repeat_id: UUID, body: RepeatStateIn) -> object:
    """What was missed while it was paused is not made up."""
    commands.set_state(repeat_id, body.state)
    return queries.one(repeat_id)


@api.get(
    "/clients/<client>/closures",
    needs="task.read",
    response=ClosureOut,
    paged=True,
    summary="Closed days of the client",
)
def list_closures(page: PageRequest) -> Page[Any]:
    """The client's own closed days by id."""
    return _paged(queries.closures(), page)


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
