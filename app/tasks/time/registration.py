"""What time contributes: the running clock, navigation, permissions, the meter, words, pages."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import Api
from app.kernel import words
from app.kernel.registry import HeaderControl, Meter, NavItem, Permission, Registry
from app.kernel.words import _
from app.tasks.time import api as time_api
from app.tasks.time import api_weeks, desk_views, sheet, views, weeks

JOBS = ("app.tasks.time.weeks",)
GROUP = _("Work and time")
ERROR_TEXTS = {
    "rate-amount": _("An hour costs 0 to 1,000,000."),
    "rate-day": _("A rate from this day on is there already. Remove it first."),
    "time-backwards": _("It ends before it begins."),
    "time-changed": _("This entry was changed meanwhile. Look at it again."),
    "time-full": _("The day has no gap of this length. Say from when until when."),
    "time-future": _("This lies ahead. Write time down once it is past."),
    "time-handed-in": _("This time is handed in. Take the week back first."),
    "time-length": _("Write the length like 1:30 or 1.5."),
    "time-locked": _("This time is locked."),
    "time-old": _("This is more than a year ago."),
    "time-not-changed": _("Nothing was changed: nothing may be written for this client now."),
    "time-not-stopped": _("The clock did not stop. Stop it in My week."),
    "time-over-midnight": _("An entry stays within a day. Write the next day's part by itself."),
    "time-overlaps": _("A part of this time is in another entry of yours already."),
    "time-own": _("Somebody else approves your time."),
    "time-reason": _("Say why, in 1 to %(most)s characters."),
    "time-runs": _("A clock still runs in this week. Stop it first."),
    "time-split": _("Cut it at a time inside the entry."),
    "time-state": _("This time is not in a state that allows it."),
    "time-too-long": _("An entry is at most a day long."),
    "timer-elsewhere": _("Your clock runs in another client. Stop it there first."),
    "timer-none": _("No clock runs."),
    "week-empty": _("There is nothing to hand in."),
}


def register(registry: Registry) -> None:
    """Adds the clock, navigation, permissions, the meter and words."""
    registry.add(
        HeaderControl("timer", "tasks/time/_header.html", desk_views.header),
        NavItem("time", _("Time"), "clock", "time.week", "desk", order=60),
        NavItem("time", _("Time"), "clock", "time_client.index", "client", "time.write", order=44),
        NavItem(
            "time-approvals",
            _("Hours to approve"),
            "list-checks",
            "time.approvals",
            "desk",
            "time.approve",
            order=62,
        ),
        NavItem("rates", _("Cost rates"), "scale", "rates.index", "desk", "time.rates", order=82),
        Permission("time.write", _("Write down one's own time"), GROUP),
        Permission("time.approve", _("Approve and lock the time of others"), GROUP),
        Permission("time.rates", _("See and set what hours cost"), GROUP),
        Meter(weeks.METER, _("Hour worked"), "hour", "accounting"),
    )
    words.declare_errors(ERROR_TEXTS)
    words.declare_names(
        {
            "time_entry": _("Time"),
            "cost_rate": _("Cost rate"),
            "time.cut": _("Forgotten clocks are stopped"),
        }
    )


def blueprints() -> tuple[Blueprint, ...]:
    """The pages over all clients, of one, and of the rates."""
    return (desk_views.desk, desk_views.provider, views.pages)


def apis() -> tuple[Api, ...]:
    """The operations on time."""
    return (time_api.api, api_weeks.api)


def install(app: Flask) -> None:
    """Gives templates the words of the week."""
    app.jinja_env.globals["sheet_day"] = sheet.weekday
