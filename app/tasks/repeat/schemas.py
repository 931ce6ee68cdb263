"""What the forms of templates, repeats and calendars send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.tasks.repeat.models import Template
from app.tasks.repeat.rules import Every
from app.tasks.work.models import Kind, TaskClass
from app.web import forms

Text = Annotated[str, Field(max_length=10_000)]
BLANK_ROWS = 3


class ItemRow(forms.Schema):
    """A task of a template; a row without a title is left out."""

    section: Annotated[str, Field(max_length=120)] = ""
    title: Annotated[str, Field(max_length=200)] = ""
    kind: Kind = "task"
    checklist: Text = ""
    months_after: Annotated[int, Field(ge=0, le=24)] = 1
    due_kind: Literal["day", "working_day"] = "day"
    n: Annotated[int, Field(ge=-23, le=31)] = 10
    shift: Literal["none", "next", "previous", "same_month"] = "next"
    before: Annotated[int, Field(ge=0, le=365)] = 0
    unit: Literal["days", "working_days"] = "days"

    def item(self) -> dict[str, Any]:
        """As a template holds it."""
        points = (one.strip() for one in self.checklist.splitlines())
        return {
            "title": self.title,
            "kind": self.kind,
            "checklist": [one for one in points if one],
            "due": {
                "months_after": self.months_after,
                "kind": self.due_kind,
                "n": self.n,
                "shift": self.shift,
                "before": self.before,
                "unit": self.unit,
            },
        }


def content_of(rows: list[ItemRow]) -> dict[str, Any]:
    """Rows as the content of a template: neighbours of one section belong together."""
    sections: list[dict[str, Any]] = []
    for row in rows:
        if not row.title:
            continue
        if not sections or sections[-1]["title"] != row.section:
            sections.append({"title": row.section, "items": []})
        sections[-1]["items"].append(row.item())
    return {"sections": sections}


def rows_of(template: Template | None) -> list[Mapping[str, Any]]:
    """A template as the rows of its form, with blank ones behind."""
    rows: list[Mapping[str, Any]] = []
    for _no, section, item in template.content.items() if template else ():
        due = item.due
        rows.append(
            {
                "section": section,
                "title": item.title,
                "kind": item.kind,
                "checklist": "\n".join(item.checklist),
                "months_after": due.months_after,
                "due_kind": due.kind,
                "n": due.n,
                "shift": due.shift,
                "before": due.before,
                "unit": due.unit,
            }
        )
    return [*rows, *({} for _no in range(BLANK_ROWS))]


class TemplateForm(forms.Schema):
    """A template: its name and its tasks."""

    name: Annotated[str, Field(max_length=120)]
    items: list[ItemRow] = Field(default_factory=list, max_length=60)
    version: int = 0


class RepeatForm(ItemRow):
    """What is to come round: a template, or the one task that stands in the form."""

    template_id: UUID | None = None
    name: Annotated[str, Field(max_length=120)] = ""
    every: Every = "month"
    start_on: date
    ends_on: date | None = None
    ahead_days: Annotated[int, Field(ge=0, le=365)] = 30
    document_class: TaskClass = "normal"
    assignee_id: UUID | None = None
    reviewer_id: UUID | None = None
    once: bool = False


class StateForm(forms.Schema):
    """Where a repeat goes."""

    state: Literal["active", "paused", "ended"]


class CalendarForm(forms.Schema):
    """Whose public holidays count."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    subdivision: Annotated[str, Field(max_length=10)] = ""


class ClosureForm(forms.Schema):
    """Days on which the client is closed."""

    from_on: date
    to_on: date | None = None
    title: Annotated[str, Field(max_length=120)]
