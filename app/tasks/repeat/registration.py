"""What repeats contribute: navigation, the permission to plan, words, pages, operations."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import Api
from app.kernel import words
from app.kernel.registry import NavItem, Permission, Registry
from app.kernel.words import _
from app.tasks.repeat import api as repeat_api
from app.tasks.repeat import template_api, views
from app.tasks.repeat import words as told

JOBS = ("app.tasks.repeat.roll",)
ERROR_TEXTS = {
    "calendar-country": _("The public holidays of this country are not known here."),
    "calendar-subdivision": _("This country has no part of that name."),
    "closure-span": _("Closed days end after they begin, at most 92 days later."),
    "due-day": _("A month has no such day."),
    "name-length": _("Give it a name of 1 to %(most)s characters."),
    "repeat-ahead": _("Make it 0 to 365 days ahead."),
    "repeat-changed": _("This was changed or made something meanwhile. Look at it again."),
    "repeat-content": _("Name a template, or say what is to be done: one of the two."),
    "repeat-end": _("It would end before it begins."),
    "repeat-no-template": _("This was not made from a template."),
    "repeat-start": _("Begin at most %(most)s months ago and at most ten years ahead."),
    "template-changed": _("Somebody changed this template meanwhile. Look at it again."),
    "template-content": _("Something in the template does not fit: %(where)s."),
    "template-name": _("Another template has this name already."),
}


def register(registry: Registry) -> None:
    """Adds navigation, the permission and words."""
    plan = "task.plan"
    registry.add(
        NavItem(
            "repeats", _("Repeats"), "refresh-cw", "repeat.index", "client", "task.read", order=43
        ),
        NavItem("templates", _("Templates"), "layers", "templates.index", "desk", plan, order=80),
        Permission(plan, _("Plan work: templates, repeats, calendars"), _("Work and time")),
    )
    words.declare_errors(ERROR_TEXTS)
    words.declare_names(
        {
            "repeat": _("Repeat"),
            "work_template": _("Template"),
            "work_calendar": _("Calendar"),
            "closure": _("Closed days"),
            "work.forward": _("Work comes round"),
        }
    )


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of a client and of the provider's templates."""
    return (views.pages, views.provider)


def apis() -> tuple[Api, ...]:
    """The operations on repeats."""
    return (repeat_api.api, template_api.api)


def install(app: Flask) -> None:
    """Gives templates the words of rules and states."""
    app.jinja_env.globals.update(
        repeat_every=told.EVERY,
        repeat_states=told.STATES,
        repeat_due=told.due,
        repeat_choices={
            "every": told.options(told.EVERY),
            "shift": told.options(told.SHIFTS),
            "due_kind": told.options(told.DUE_KINDS),
            "unit": told.options(told.UNITS),
        },
    )
