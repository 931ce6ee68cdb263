"""The provider's templates over the API: listed, made, changed, archived and brought back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.api import Api, Page, PageRequest
from app.api.schema import In
from app.kernel import undo
from app.tasks.repeat import commands, queries
from app.tasks.repeat.api import Name, TemplateOut, UndoOut, paged
from app.tasks.repeat.content import ContentIn

api = Api("task-templates")
PLAN = "task.plan"


class NewTemplateIn(In):
    """A template: its name and its sections of tasks."""

    name: Name
    content: ContentIn


class TemplateIn(NewTemplateIn):
    """The same as it is to be; `version` is the one that was read."""

    version: int


@api.get(
    "/task-templates",
    where="provider",
    needs=PLAN,
    response=TemplateOut,
    paged=True,
    summary="The provider's templates",
)
def list_own_templates(page: PageRequest) -> Page[Any]:
    """Those that are not archived, by id."""
    return paged(queries.templates(), page)


@api.get(
    "/task-templates/<uuid:template_id>",
    where="provider",
    needs=PLAN,
    response=TemplateOut,
    summary="A template",
)
def template(template_id: UUID) -> object:
    """One template."""
    return queries.template(template_id)


@api.post(
    "/task-templates",
    needs=PLAN,
    request=NewTemplateIn,
    response=TemplateOut,
    status=201,
    summary="Make a template",
)
def create_template(body: NewTemplateIn) -> object:
    """409 where another has its name."""
    made = commands.create_template(
        name=body.name, service_line="accounting", holds=body.content.model_dump(mode="json")
    )
    return queries.template(made)


@api.put(
    "/task-templates/<uuid:template_id>",
    needs=PLAN,
    request=TemplateIn,
    response=TemplateOut,
    summary="Change a template",
)
def save_template(template_id: UUID, body: TemplateIn) -> object:
    """What repeats from it keeps its copy until it is renewed; 409 when it was changed since."""
    commands.save_template(
        template_id,
        version=body.version,
        name=body.name,
        service_line=queries.template(template_id).service_line,
        holds=body.content.model_dump(mode="json"),
    )
    return queries.template(template_id)


@api.post(
    "/task-templates/<uuid:template_id>/archive",
    needs=PLAN,
    response=UndoOut,
    summary="Archive a template",
)
def archive_template(template_id: UUID) -> object:
    """What repeats from it goes on."""
    return {"undo": commands.archive_template(template_id)}


@api.post(
    "/task-templates/undo/<uuid:token>",
    needs=PLAN,
    status=204,
    summary="Bring a template back",
)
def take_template_back(token: UUID) -> None:
    """Once, within a day; 409 where another has its name now."""
    undo.take(token)
