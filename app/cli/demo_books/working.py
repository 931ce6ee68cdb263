"""Work of the demo: a template whose filing comes round by itself, tasks, and a week of hours."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.cli.demo_books.firms import Firm
from app.kernel import db
from app.kernel.scope import Scope
from app.reports.period import months_before
from app.tasks.repeat import commands as repeats
from app.tasks.repeat import queries
from app.tasks.repeat.commands import RepeatIn
from app.tasks.time import commands as hours
from app.tasks.time import rates, weeks
from app.tasks.time.commands import About
from app.tasks.work import commands, parts
from app.tasks.work.models import TaskIn

TEMPLATE = "Month's bookkeeping and filing"
CONTENT: dict[str, Any] = {
    "sections": [
        {
            "title": "Bookkeeping",
            "items": [
                {
                    "title": "Reconcile the bank accounts",
                    "due": {"kind": "working_day", "n": 5},
                    "checklist": ["Statements are complete", "Nothing is left to do"],
                },
                {
                    "title": "Ask for missing receipts",
                    "kind": "call",
                    "due": {"kind": "working_day", "n": 3},
                },
            ],
        },
        {
            "title": "Filing",
            "items": [
                {
                    "title": "Send the month's tax return",
                    "kind": "filing",
                    "description": "The receipt of the authority belongs to the task.",
                    "due": {"n": 10, "shift": "next"},
                    "checklist": ["Agree the tax accounts", "Second look", "Send", "Keep receipt"],
                }
            ],
        },
    ]
}
COUNTRY_PARTS = {"DE": "BY", "GB": "ENG", "US": "CA"}


def template(home: Scope) -> UUID:
    """The provider's template, made once."""
    with db.transaction(home):
        return repeats.create_template(name=TEMPLATE, service_line="accounting", holds=CONTENT)


def fill(firm: Firm, lead: Scope, keeper: Scope, *, template_id: UUID, today: date) -> None:
    """A repeat since last month, tasks of every state, comments, and the keeper's hours."""
    me, other = keeper.person_id, lead.person_id
    with db.transaction(lead):
        part = COUNTRY_PARTS.get(firm.country, "")
        repeats.set_calendar(country=firm.country, subdivision=part)
        repeats.close_days(
            from_on=date(today.year, 12, 27), to_on=date(today.year, 12, 31), title="Year's end"
        )
        offered = queries.template_here(template_id)
        repeats.start(
            RepeatIn(
                name=TEMPLATE,
                content=offered.content.model_dump(mode="json"),
                every="month",
                start_on=months_before(today, 1),
                assignee_id=me,
                reviewer_id=None,
                template_id=offered.id,
                template_version=offered.version,
            )
        )
    with db.transaction(keeper):
        made = commands.create(_tasks(today, me, other))
        commands.move(made[0], "doing")
        commands.move(made[1], "waiting")
        commands.move(made[3], "done")
        parts.comment(made[0], "@Owen Hale the supplier sent two invoices with the same number.")
        _hours(made, today)


def _tasks(today: date, me: UUID | None, other: UUID | None) -> list[TaskIn]:
    return [
        TaskIn(
            title="Clear the supplier's doubled invoice",
            due_on=today,
            assignee_id=me,
            reviewer_id=other,
            checklist=("Ask the supplier", "Void one of the two"),
        ),
        TaskIn(
            title="Lease contract for the accruals",
            due_on=today - timedelta(days=4),
            kind="call",
            assignee_id=me,
        ),
        TaskIn(title="Budget for next year", due_on=today + timedelta(days=12), assignee_id=other),
        TaskIn(title="Set up the new cost centre", due_on=today - timedelta(days=2)),
    ]


def _hours(made: list[UUID], today: date) -> None:
    """Some hours of the last days, each on a task, laid one after the other."""
    zone = ZoneInfo("Europe/London")
    for back, task in zip((1, 2, 3), made, strict=False):
        about = About("accounting", "task", str(task), "")
        day = today - timedelta(days=back)
        hours.write_length(about, day, timedelta(minutes=35 + 25 * back), zone=zone)


def week_by_week(keeper: Scope, lead: Scope, *, today: date) -> None:
    """The keeper's last weeks in one client: handed in, approved before that, locked at first."""
    last = today - timedelta(days=today.weekday() + 7)
    mondays = [last - timedelta(days=7 * back) for back in range(3)]
    assert keeper.person_id is not None
    with db.transaction(keeper):
        for monday in mondays:
            _review(monday)
            weeks.hand_in_here(monday, keeper.person_id)
    with db.transaction(lead):
        for monday in mondays[1:]:
            weeks.approve_here(monday, keeper.person_id)
        weeks.lock(weeks.sunday(mondays[-1]))


def _review(day: date) -> None:
    zone = ZoneInfo("Europe/London")
    length = timedelta(hours=2, minutes=15)
    hours.write_length(About(note="Monthly review"), day, length, zone=zone)


def cost(home: Scope, *, today: date, people: list[UUID]) -> None:
    """What an hour of each costs: since last year began, and more since this year did."""
    with db.transaction(home):
        for place, person in enumerate(people):
            for years in (1, 0):
                rates.put(
                    person_id=person,
                    valid_from=date(today.year - years, 1, 1),
                    currency="GBP",
                    minor=(38 + 9 * place - 2 * years) * 100,
                )
