"""What a template holds: sections of tasks with their checklist and the rule of their due day."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from app.api.schema import In
from app.kernel.errors import Invalid
from app.tasks.repeat import rules
from app.tasks.repeat.calendar import Calendar
from app.tasks.repeat.rules import Due, Period
from app.tasks.work.models import Kind

MOST_ITEMS = 60
MOST_CHECKS = 40
Title = Annotated[str, Field(min_length=1, max_length=200)]
Check = Annotated[str, Field(min_length=1, max_length=300)]


class DueIn(In):
    """When the work is due: the n-th day or working day of a month, moved, counted back."""

    months_after: Annotated[int, Field(ge=0, le=24)] = 1
    kind: Literal["day", "working_day"] = "day"
    n: Annotated[int, Field(ge=-23, le=31)] = 10
    shift: Literal["none", "next", "previous", "same_month"] = "next"
    before: Annotated[int, Field(ge=0, le=365)] = 0
    unit: Literal["days", "working_days"] = "days"

    @model_validator(mode="after")
    def _fits(self) -> DueIn:
        if self.n == 0 or (self.kind == "day" and self.n < 1):
            raise PydanticCustomError("due-day", "Days of a month count from 1.")
        if self.kind == "working_day" and self.n > 23:
            raise PydanticCustomError("due-day", "No month has more than 23 working days.")
        return self

    def rule(self) -> Due:
        """As the arithmetic takes it."""
        return Due(self.months_after, self.kind, self.n, self.shift, self.before, unit=self.unit)


class ItemIn(In):
    """A task of a template."""

    title: Title
    kind: Kind = "task"
    description: Annotated[str, Field(max_length=10_000)] = ""
    due: DueIn = DueIn()
    checklist: Annotated[tuple[Check, ...], Field(max_length=MOST_CHECKS)] = ()


class SectionIn(In):
    """Tasks that belong together."""

    title: Annotated[str, Field(max_length=120)] = ""
    items: Annotated[tuple[ItemIn, ...], Field(min_length=1, max_length=MOST_ITEMS)]


class ContentIn(In):
    """A whole template: at least one section, at most 60 tasks."""

    sections: Annotated[tuple[SectionIn, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _bounded(self) -> ContentIn:
        if sum(len(one.items) for one in self.sections) > MOST_ITEMS:
            raise PydanticCustomError("too-many-rows", "A template has at most 60 tasks.")
        return self

    def items(self) -> Iterator[tuple[int, str, ItemIn]]:
        """Each task with its number from 1 and its section's title."""
        no = 0
        for section in self.sections:
            for item in section.items:
                no += 1
                yield no, section.title, item

    def first_due(self, period: Period, calendar: Calendar) -> date:
        """The earliest day on which something of a period is due."""
        return min(
            rules.due_on(item.due.rule(), period, calendar) for _no, _title, item in self.items()
        )


@lru_cache(maxsize=4096)
def read_text(text: str) -> ContentIn:
    """The same of a stored text; the copies of one template are read once."""
    found: dict[str, Any] = json.loads(text)
    return read(found)


def read(content: Mapping[str, Any]) -> ContentIn:
    """A stored or sent template; raises Invalid at `content` for one that does not fit."""
    try:
        return ContentIn.model_validate(content)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid.of("content", "template-content", where=where) from None
