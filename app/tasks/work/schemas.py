"""What the forms of tasks send."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.tasks.work.bulk import Change
from app.tasks.work.models import (
    COMMENT_LENGTH,
    TEXT_LENGTH,
    TITLE_LENGTH,
    Kind,
    State,
    TaskClass,
    TaskIn,
)
from app.web import forms

MOST_BACK = 1_000
LongText = Annotated[str, Field(max_length=TEXT_LENGTH)]


class TaskForm(forms.Schema):
    """A task; the checklist has one point a line."""

    title: Annotated[str, Field(max_length=TITLE_LENGTH)]
    due_on: date
    kind: Kind = "task"
    line: Annotated[str, Field(max_length=40)] = "accounting"
    description: LongText = ""
    document_class: TaskClass = "normal"
    due_zone: Annotated[str, Field(max_length=60)] = ""
    assignee_id: UUID | None = None
    reviewer_id: UUID | None = None
    checklist: LongText = ""
    subject_type: Annotated[str, Field(pattern="^[a-z][a-z_]{0,59}$")] | None = None
    subject_key: Annotated[str, Field(max_length=200)] | None = None
    version: int | None = None

    def wanted(self) -> TaskIn:
        """As the command takes it."""
        points = (one.strip() for one in self.checklist.splitlines())
        return TaskIn(
            **self.model_dump(exclude={"version", "checklist", "subject_type", "subject_key"}),
            checklist=tuple(one for one in points if one),
        )


class StateForm(forms.Schema):
    """Where a task goes."""

    state: State
    version: int | None = None


class TextForm(forms.Schema):
    """A comment or a point of a checklist."""

    text: Annotated[str, Field(max_length=COMMENT_LENGTH)] = ""


class TickForm(forms.Schema):
    """A point ticked or not."""

    done: bool = False


class ChangeForm(forms.Schema):
    """What the ticked tasks get; what is left blank stays."""

    ids: list[UUID] = Field(min_length=1, max_length=200)
    state: State | None = None
    assignee_id: UUID | None = None
    reviewer_id: UUID | None = None
    due_on: date | None = None
    later_days: Annotated[int, Field(ge=-365, le=365)] | None = None
    back: Annotated[str, Field(max_length=MOST_BACK)] = ""

    def change(self) -> Change:
        """As the command takes it."""
        return Change(**self.model_dump(exclude={"ids", "back"}))
