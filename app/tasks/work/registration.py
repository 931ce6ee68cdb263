"""What tasks contribute: navigation, the desk's figures, permissions, words, pages, operations."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import Api
from app.documents.listing import class_choices
from app.documents.titles import CLASS_READERS
from app.kernel import words
from app.kernel.registry import (
    DeskColumn,
    Meter,
    NavItem,
    PaletteCommand,
    Permalink,
    Permission,
    Registry,
)
from app.kernel.words import _
from app.tasks.work import api as work_api
from app.tasks.work import commands, desk_views, many_api, rows, subjects, views

GROUP = _("Work and time")
LATE = "tasks_late"
ERROR_TEXTS = {
    "task-changed": _("Somebody changed this task meanwhile. Look at it again, then change it."),
    "task-check-length": _("Say the point in 1 to %(most)s characters."),
    "task-comment-missing": _("Write the comment."),
    "task-due-range": _("The day lies outside the years 1900 to 2199."),
    "task-file-cells": _("This line has more cells than the heading."),
    "task-file-column": _("There is no column %(column)s. The columns are: %(columns)s."),
    "task-file-day": _("Write the day like 2026-11-30."),
    "task-file-faults": _("%(count)s faults stand in the file. Nothing was taken."),
    "task-file-heading": _("The first line names the columns: %(columns)s. Each stands once."),
    "task-file-letters": _("The file is not written in UTF-8. Save it as CSV UTF-8."),
    "task-file-line": _("You have no access to a service line of this name here."),
    "task-file-nothing": _("The file has a heading and no line below it."),
    "task-file-table": _("Line %(no)s is not closed: a quotation mark is missing."),
    "task-needs-review": _("Its reviewer says that this task is done."),
    "task-no-filing": _("Only a filing has a receipt."),
    "task-nothing-to-change": _("Say what is to be changed."),
    "task-person": _("This person does not work for this client."),
    "task-reviewer-stays": _("Its reviewer, or whoever named them, says who reviews it."),
    "task-same-reviewer": _("Somebody else reviews the work."),
    "task-title-missing": _("Say what is to be done."),
    "filing-needs-receipt": _("Add the receipt first: a filing is done once it is here."),
    "time-zone-unknown": _("There is no such time zone. Write it like Europe/Berlin."),
    "file-missing": _("Choose a file."),
}


def register(registry: Registry) -> None:
    """Adds navigation, figures, permissions, the meter and words."""
    read = "task.read"
    title, icon = _("Tasks"), "list-checks"
    registry.add(
        NavItem("tasks", title, icon, "work_desk.of_my_clients", "desk", order=15, figure=LATE),
        NavItem("tasks", title, icon, "work.index", "client", read, 42, figure=LATE, shortcut="T"),
        DeskColumn("accounting", LATE, _("Late tasks"), "work.index", order=30),
        DeskColumn("accounting", "tasks_next", _("Next due"), "work.index", 32, shows="date"),
        Permission(read, _("See tasks"), GROUP),
        Permission("task.write", _("Make and change tasks"), GROUP),
        Permission("task.reviewer", _("Change who reviews what others gave to review"), GROUP),
        Meter(commands.METER, _("Task done"), "task", "accounting"),
        Permalink("task", views.permalink),
        PaletteCommand(
            "task", _("New task"), "plus", "work.new", "task.write", words=_("to do"), order=15
        ),
        subjects.SOURCE,
    )
    words.declare_errors(ERROR_TEXTS)
    words.declare_names(
        {
            "task": _("Task"),
            "tasks": _("Tasks"),
            "task.point": _("Point of a checklist changed"),
            "task_item": _("Point of a checklist"),
            "task_comment": _("Comment"),
            "task_link": _("Link of a task"),
        }
    )


def blueprints() -> tuple[Blueprint, ...]:
    """The pages over all clients and of one."""
    return (desk_views.desk, views.pages)


def apis() -> tuple[Api, ...]:
    """The operations on tasks."""
    return (work_api.api, many_api.api)


def install(app: Flask) -> None:
    """Gives templates the words of kinds, states and classes."""
    app.jinja_env.globals.update(
        task_kinds=rows.KINDS,
        task_classes=CLASS_READERS,
        task_class_choices=class_choices,
        task_state_words=[(name, tag.text) for name, tag in rows.STATES.items()],
        task_moves=rows.moves,
        task_history=rows.history,
    )
