"""Rolling forward: what comes round is made when its day has come, each period once.

Every hour each client's job makes the periods whose day has come, in one transaction and a few
statements, however many they are. A period is told by (repeat, first day, item) in a unique key, so
a job that dies, runs twice or runs beside another makes nothing twice; what was missed while
nothing ran is made up by the next run, once. The same job tells what falls due, and counts what
became late by the clock.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import clock, events, ids, scope
from app.kernel.db import session
from app.kernel.jobs_progress import Progress
from app.kernel.schedules import schedule
from app.tasks.repeat import queries, rules
from app.tasks.repeat.calendar import Calendar
from app.tasks.repeat.models import Repeat
from app.tasks.work.models import TaskAssigned, TaskDue

JOB = "work.forward"
MOST_AT_ONCE = 60
"""So many periods of one repeat a run makes; a longer past is made up by the next runs."""


@dataclass(slots=True)
class _Made:
    """What a run is about to write, column by column."""

    tasks: list[tuple[Any, ...]] = field(default_factory=list)
    checks: list[tuple[UUID, str, int, str]] = field(default_factory=list)
    people: dict[UUID, tuple[UUID | None, UUID | None]] = field(default_factory=dict)
    next: list[tuple[UUID, str, date, date]] = field(default_factory=list)


@schedule(JOB, every="1 hour", tenants="clients", queue="bulk")
def forward(_args: dict[str, Any], _progress: Progress) -> None:
    """Makes what has come round in one client, tells what falls due, counts what is late."""
    everything(clock.today())


def everything(today: date) -> int:
    """All of that in the open client, as of a day; returns how many tasks are new."""
    count = roll(today)
    tell_due()
    return count


def roll(today: date | None = None) -> int:
    """Makes the periods whose day has come in the open client; returns how many tasks are new."""
    day = today or clock.today()
    found = queries.due_to_make(day, by_job=scope.current().mode == "j")
    if not found:
        return 0
    calendar = queries.place().calendar
    made = _Made()
    for one in found:
        _periods(one, day, calendar, made)
    if scope.current().mode == "j":
        return _made_by_the_job(made)
    count = _write(made)
    session.execute(_NEXT, _rows(made.next, _POINTERS))
    return count


def make_on(content: Any, period: rules.Period, calendar: Calendar, ahead_days: int) -> date:
    """The day on which a period is made: so many days before the first of it is due."""
    first: date = content.first_due(period, calendar)
    return first - timedelta(days=ahead_days)


def _periods(one: Repeat, today: date, calendar: Calendar, made: _Made) -> None:
    coming = rules.periods(one.every, one.next_start, ends_on=one.ends_on)
    for period in islice(coming, MOST_AT_ONCE):
        day = make_on(one.content, period, calendar, one.ahead_days)
        if day > today:
            made.next.append((one.id, "active", period.starts, day))
            return
        _tasks(one, period, calendar, made)
    following = next(rules.periods(one.every, _after(one, made), ends_on=one.ends_on), None)
    if following is None:
        made.next.append((one.id, "ended", one.next_start, one.make_on))
        return
    day = make_on(one.content, following, calendar, one.ahead_days)
    made.next.append((one.id, "active", following.starts, day))


def _after(one: Repeat, made: _Made) -> date:
    """The first day behind the last period that was just made of a repeat."""
    starts = [row[_START] for row in made.tasks if row[_REPEAT] == one.id]
    if not starts:
        return one.next_start
    return rules.following(one.every, rules.period_from(one.every, max(starts))).starts


def _tasks(one: Repeat, period: rules.Period, calendar: Calendar, made: _Made) -> None:
    for no, _section, item in one.content.items():
        task = ids.uuid7()
        due = rules.due_on(item.due.rule(), period, calendar)
        made.tasks.append(
            (
                task,
                one.line,
                item.kind,
                item.title,
                item.description,
                one.document_class,
                due,
                one.due_zone,
                one.assignee_id,
                one.reviewer_id,
                one.id,
                period.starts,
                no,
            )
        )
        made.people[task] = (one.assignee_id, one.reviewer_id)
        made.checks += [(task, one.line, place, text) for place, text in enumerate(item.checklist)]


def _write(made: _Made) -> int:
    """Writes the tasks that are not there yet, with their checklists; returns how many."""
    if not made.tasks:
        return 0
    rows = session.execute(_ADD, _rows(made.tasks, _NAMES))
    fresh = {row.id for row in rows}
    checks = [row for row in made.checks if row[0] in fresh]
    if checks:
        session.execute(_ADD_CHECKS, _rows(checks, _POINTS))
    _tell(made, fresh)
    return len(fresh)


def _made_by_the_job(made: _Made) -> int:
    """The same through the job's own door, in one statement; returns how many tasks are new."""
    points: dict[UUID, list[str]] = {}
    for task, _line, _place, text in made.checks:
        points.setdefault(task, []).append(text)
    tasks = [
        (*(row[place] for place in _SAID), points.get(row[_SAID[0]], ())) for row in made.tasks
    ]
    names = [*(_NAMES[place] for place in _SAID), "checks"]
    values = {"tasks": _json(tasks, names), "next": _json(made.next, _POINTERS)}
    fresh = {row.task_id for row in session.execute(_MAKE, values)}
    _tell(made, fresh)
    return len(fresh)


def _tell(made: _Made, fresh: set[UUID]) -> None:
    """Tells whom the new tasks were given to."""
    events.emit_many(
        TaskAssigned(task, person, None, reviews)
        for task in fresh
        for person, reviews in zip(made.people[task], (False, True), strict=True)
        if person is not None
    )


def _rows(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> dict[str, str]:
    """Rows as one JSON text: written in a quarter of the time that arrays of columns take."""
    return {"rows": _json(rows, names)}


def _json(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> str:
    return json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str)


def tell_due() -> int:
    """Tells of open tasks that fall due within a day, once each, and counts what became late by
    the clock alone; returns how many were told of. For the client's hourly job only."""
    rows = session.execute(_DUE, {"until": clock.now() + timedelta(days=1)}).all()
    events.emit_many(TaskDue(row.task_id, row.person_id, row.day) for row in rows)
    return len(rows)


_HERE = "tenant_id = (select guard.tenant_id())"
_NAMES = (
    "id",
    "line",
    "kind",
    "title",
    "text",
    "class",
    "day",
    "zone",
    "assignee",
    "reviewer",
    "repeat",
    "start",
    "number",
)
_SAID = [
    _NAMES.index(name)
    for name in ("id", "repeat", "start", "number", "kind", "title", "text", "day")
]
"""What the job says of a task; the rest is its repeat's own."""
_POINTS = ("task", "line", "place", "text")
_POINTERS = ("id", "state", "start", "day")
_REPEAT, _START = _NAMES.index("repeat"), _NAMES.index("start")
_ADD = sa.text(
    "insert into app.task (tenant_id, id, line, kind, title, description, class, due_on, due_zone,"
    " assignee_id, reviewer_id, repeat_id, period_start, item_no)"
    " select (select guard.tenant_id()), n.* from json_to_recordset(cast(:rows as json))"
    " n(id uuid, line text, kind text, title text, text text, class text, day date, zone text,"
    " assignee uuid, reviewer uuid, repeat uuid, start date, number int)"
    " on conflict (tenant_id, repeat_id, period_start, item_no) do nothing returning id"
)
_ADD_CHECKS = sa.text(
    "insert into app.task_item (tenant_id, task_id, line, position, text)"
    " select (select guard.tenant_id()), n.* from json_to_recordset(cast(:rows as json))"
    " n(task uuid, line text, place int, text text)"
)
_NEXT = sa.text(
    "update app.repeat r set state = n.state, next_start = n.start, make_on = n.day,"
    " version = r.version + 1 from json_to_recordset(cast(:rows as json))"
    " n(id uuid, state text, start date, day date)"
    f" where r.{_HERE} and r.id = n.id"
)
_MAKE = sa.text("select task_id from app.make_work(cast(:tasks as json), cast(:next as json))")
_DUE = sa.text("select task_id, person_id, day from app.tell_work(:until)")
