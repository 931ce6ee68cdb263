"""Tasks as lists and pages show them: with client, people, lateness and their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from markupsafe import Markup

from app.kernel import clock, people, words
from app.kernel.audit import AuditEvent
from app.kernel.words import _
from app.tasks.work.models import Task
from app.web.lists import Tag

STATES = {
    "todo": Tag(_("To do"), "info"),
    "doing": Tag(_("In progress"), "acc"),
    "waiting": Tag(_("Waiting on client"), "warn"),
    "review": Tag(_("In review"), "acc"),
    "done": Tag(_("Done"), "good"),
    "dropped": Tag(_("Dropped"), ""),
}
KINDS = {
    "task": _("Task"),
    "filing": _("Filing"),
    "review": _("Review"),
    "payment": _("Payment"),
    "call": _("Call"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A task with the names its line shows."""

    task: Task
    assignee: str
    reviewer: str
    late: bool
    client: str = ""
    slug: str = ""

    @property
    def id(self) -> UUID:
        """The task's id."""
        return self.task.id

    @property
    def title(self) -> str:
        """What is to be done."""
        return self.task.title

    @property
    def state(self) -> Tag:
        """The state in a word."""
        return STATES[self.task.state]

    @property
    def kind(self) -> Any:
        """The kind in a word."""
        return KINDS[self.task.kind]

    @property
    def due(self) -> Any:
        """The day, marked when it is over."""
        text = words.format_day_month(self.task.due_on)
        if not self.late:
            return Markup('<time datetime="{}">{}</time>').format(self.task.due_on, text)
        return Markup('<span class="tag bad"><time datetime="{}">{}</time></span>').format(
            self.task.due_on, text
        )

    @property
    def checks(self) -> str:
        """How much of the checklist is ticked."""
        one = self.task
        return f"{one.checked} / {one.checks}" if one.checks else ""


def rows(
    found: Sequence[Task],
    *,
    clients: Mapping[UUID, tuple[str, str]] | None = None,
    at: datetime | None = None,
) -> list[Row]:
    """Tasks with their people; `clients` are slug and name by tenant, for a list over many."""
    moment = at or clock.now()
    who = {one for task in found for one in (task.assignee_id, task.reviewer_id) if one}
    names = people.names(who)
    made = []
    for task in found:
        slug, name = (clients or {}).get(task.tenant_id, ("", ""))
        made.append(
            Row(
                task,
                names.get(task.assignee_id, "") if task.assignee_id else "",
                names.get(task.reviewer_id, "") if task.reviewer_id else "",
                task.late(moment),
                name,
                slug,
            )
        )
    return made


_MOVES: dict[str, tuple[tuple[str, Any], ...]] = {
    "todo": (("done", _("Done")), ("doing", _("Start")), ("waiting", _("Wait for client"))),
    "doing": (
        ("done", _("Done")),
        ("review", _("Hand in for review")),
        ("waiting", _("Wait for client")),
    ),
    "waiting": (("doing", _("Go on")), ("done", _("Done"))),
    "review": (("done", _("Done")), ("doing", _("Send back"))),
    "done": (("todo", _("Open again")),),
    "dropped": (("todo", _("Open again")),),
}
_DROP = ("dropped", _("Drop"))
_FIELDS = {
    "title": _("Title"),
    "description": _("Description"),
    "kind": _("Kind"),
    "class": _("Who may see it"),
    "due_on": _("Due"),
    "assignee_id": _("Whose"),
    "reviewer_id": _("Reviewed by"),
    "receipt_id": _("Receipt"),
}


def moves(state: str) -> tuple[tuple[str, Any], ...]:
    """The ways on from a state, each with its button's words."""
    found = _MOVES[state]
    return found if state in {"done", "dropped"} else (*found, _DROP)


def history(event: AuditEvent) -> str:
    """What an act changed in a task, in words."""
    if event.act.endswith(".added"):
        return words.gettext("Task made")
    if event.act == "task.point":
        return words.gettext("New point")
    after = event.after or {}
    told = [str(STATES[after["state"]].text)] if after.get("state") in STATES else []
    told += [str(text) for name, text in _FIELDS.items() if name in after]
    return ", ".join(told) or words.gettext("Changed")
