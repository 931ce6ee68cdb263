"""Templates of the provider, repeats of a client and its calendar: made, changed, stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import clock, ids, undo
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from app.tasks.repeat import calendar, content, queries, roll, rules
from app.tasks.repeat.models import MOST_BACK_MONTHS, Repeat, RepeatState
from app.tasks.repeat.rules import Every
from app.tasks.work import commands as tasks
from app.tasks.work import queries as task_queries
from app.tasks.work.models import CLASSES, TaskClass, TaskIn

NAME_LENGTH = 120
UNDO_STATE = "repeat.state"
UNDO_ARCHIVE = "template.archive"
UNDO_OPEN_DAYS = "closure.remove"


@dataclass(frozen=True, slots=True)
class RepeatIn:
    """What is to come round: a template's content from the period that holds `start_on`."""

    name: str
    content: Mapping[str, Any]
    every: Every
    start_on: date
    line: str = "accounting"
    document_class: TaskClass = "normal"
    ahead_days: int = 30
    ends_on: date | None = None
    assignee_id: UUID | None = None
    reviewer_id: UUID | None = None
    template_id: UUID | None = None
    template_version: int | None = None


def create_template(*, name: str, service_line: str, holds: Mapping[str, Any]) -> UUID:
    """Makes a template in the provider's own firm; raises Invalid, Conflict `template-name`."""
    values = _template_values(name, service_line, holds)
    made = ids.uuid7()
    if session.execute(_ADD_TEMPLATE, {"id": made, **values}).scalar() is None:
        raise Conflict("template-name")
    return made


def save_template(
    template_id: UUID, *, version: int, name: str, service_line: str, holds: Mapping[str, Any]
) -> None:
    """Changes a template as it was at `version`; repeats keep their copy until it is pushed."""
    queries.template(template_id)
    values = _template_values(name, service_line, holds)
    taken = session.execute(_TAKEN, {"id": template_id, "name": values["name"]}).scalar()
    if taken:
        raise Conflict("template-name")
    values |= {"id": template_id, "version": version}
    if session.execute(_SAVE_TEMPLATE, values).scalar() is None:
        raise Conflict("template-changed")


def archive_template(template_id: UUID) -> UUID:
    """Takes a template out of the choice; what repeats from it goes on. Returns the token of the
    way back; raises NotFound."""
    version = session.execute(_ARCHIVE, {"id": template_id}).scalar()
    if version is None:
        raise NotFound
    return undo.offer(UNDO_ARCHIVE, {"template": str(template_id), "version": version})


@undo.handler(UNDO_ARCHIVE)
def _unarchive(args: dict[str, Any]) -> None:
    values = {"id": UUID(args["template"]), "version": args["version"]}
    if session.execute(_TAKEN_AGAIN, values).scalar():
        raise Conflict("template-name")
    if session.execute(_UNARCHIVE, values).scalar() is None:
        raise Conflict("template-changed")


def _template_values(name: str, service_line: str, holds: Mapping[str, Any]) -> dict[str, Any]:
    plain = _name(name)
    checked = content.read(holds)
    return {"name": plain, "line": service_line, "content": checked.model_dump(mode="json")}


def _name(name: str) -> str:
    plain = name.strip()
    if not plain or len(plain) > NAME_LENGTH:
        raise Invalid.of("name", "name-length", most=NAME_LENGTH)
    return plain


def start(wanted: RepeatIn) -> UUID:
    """Lets something come round, and makes at once what has come already; returns its id.

    Raises Invalid for what does not fit: a start more than 24 months back, an end before it.
    """
    found, place, period = _checked(wanted)
    made = ids.uuid7()
    session.execute(
        _ADD,
        {
            "id": made,
            "line": wanted.line,
            "name": _name(wanted.name),
            "class": wanted.document_class,
            "template": wanted.template_id,
            "template_version": wanted.template_version,
            "content": found.model_dump(mode="json"),
            "every": wanted.every,
            "first_month": place.first_month,
            "ahead": wanted.ahead_days,
            "ends_on": wanted.ends_on,
            "zone": place.zone,
            "assignee": wanted.assignee_id,
            "reviewer": wanted.reviewer_id,
            "start": period.starts,
            "make_on": roll.make_on(found, period, place.calendar, wanted.ahead_days),
        },
    )
    roll.roll(clock.today(place.zone))
    return made


def _checked(wanted: RepeatIn) -> tuple[content.ContentIn, Any, rules.Period]:
    found = content.read(wanted.content)
    if wanted.every not in rules.MONTHS:
        raise Invalid.of("every", "not-a-choice")
    if wanted.document_class not in CLASSES:
        raise Invalid.of("document_class", "not-a-choice")
    if not 0 <= wanted.ahead_days <= 365:
        raise Invalid.of("ahead_days", "repeat-ahead")
    place = queries.place()
    today = clock.today(place.zone)
    earliest = rules.add_months(today, -MOST_BACK_MONTHS)
    if not earliest <= wanted.start_on <= today + timedelta(days=3660):
        raise Invalid.of("start_on", "repeat-start", most=MOST_BACK_MONTHS)
    period = rules.period_at(wanted.every, wanted.start_on, first_month=place.first_month)
    if wanted.ends_on is not None and wanted.ends_on < period.starts:
        raise Invalid.of("ends_on", "repeat-end")
    people = task_queries.people_here(wanted.line)
    tasks.check_people(wanted.assignee_id, wanted.reviewer_id, people)
    return found, place, period


def once(wanted: RepeatIn) -> list[UUID]:
    """Makes a template's tasks for one period, without anything that comes round."""
    found, place, period = _checked(wanted)
    return tasks.create(
        [
            TaskIn(
                title=item.title,
                due_on=rules.due_on(item.due.rule(), period, place.calendar),
                line=wanted.line,
                kind=item.kind,
                description=item.description,
                document_class=wanted.document_class,
                due_zone=place.zone,
                assignee_id=wanted.assignee_id,
                reviewer_id=wanted.reviewer_id,
                checklist=item.checklist,
            )
            for _no, _section, item in found.items()
        ]
    )


def set_state(repeat_id: UUID, state: RepeatState) -> UUID:
    """Pauses, resumes or ends a repeat; returns the token of the way back. What was missed while it
    was paused is not made up: it goes on with the period of today. Raises NotFound, Conflict
    `repeat-changed` where the job or somebody else was first."""
    before = queries.one(repeat_id)
    _put_state(before, state)
    return undo.offer(
        UNDO_STATE,
        {
            "repeat": str(repeat_id),
            "version": before.version + 1,
            "state": before.state,
            "next_start": before.next_start.isoformat(),
            "make_on": before.make_on.isoformat(),
        },
    )


def _put_state(before: Repeat, state: RepeatState) -> None:
    next_start, make_on = before.next_start, before.make_on
    if state == "active" and before.state != "active":
        place = queries.place()
        here = rules.period_at(
            before.every, clock.today(place.zone), first_month=before.first_month
        )
        if here.starts > next_start:
            next_start = here.starts
            make_on = roll.make_on(before.content, here, place.calendar, before.ahead_days)
    _write_state(before.id, before.version, state, next_start, make_on)


def _write_state(
    repeat_id: UUID, version: int, state: str, next_start: date, make_on: date
) -> None:
    values = {"id": repeat_id, "version": version, "state": state}
    values |= {"start": next_start, "make_on": make_on}
    if session.execute(_STATE, values).scalar() is None:
        raise Conflict("repeat-changed")


@undo.handler(UNDO_STATE)
def _back(args: dict[str, Any]) -> None:
    """Puts a repeat back as it was, unless it was changed or made something since."""
    _write_state(
        UUID(args["repeat"]),
        args["version"],
        args["state"],
        date.fromisoformat(args["next_start"]),
        date.fromisoformat(args["make_on"]),
    )


def renew(repeat_id: UUID) -> None:
    """Takes the template's newest content over, for the periods to come: the next of them is made
    as early as its first due day asks. Raises NotFound, Conflict `repeat-changed`."""
    before = queries.one(repeat_id)
    if before.template_id is None:
        raise Conflict("repeat-no-template")
    newest = queries.template_here(before.template_id)
    period = rules.period_from(before.every, before.next_start)
    days = queries.place().calendar
    values = {"content": newest.content.model_dump(mode="json"), "newest": newest.version}
    values["make_on"] = roll.make_on(newest.content, period, days, before.ahead_days)
    values |= {"id": repeat_id, "version": before.version}
    if session.execute(_RENEW, values).scalar() is None:
        raise Conflict("repeat-changed")


def set_calendar(*, country: str, subdivision: str) -> None:
    """Says whose public holidays count; raises Invalid for a country or part nobody knows."""
    if not calendar.knows(country):
        raise Invalid.of("country", "calendar-country")
    if subdivision and subdivision not in calendar.subdivisions(country):
        raise Invalid.of("subdivision", "calendar-subdivision")
    session.execute(_CALENDAR, {"country": country, "subdivision": subdivision})


def close_days(*, from_on: date, to_on: date | None, title: str) -> UUID:
    """Adds closed days of the client; raises Invalid for a span that is none or over 92 days."""
    last = to_on or from_on
    if not title.strip() or len(title) > NAME_LENGTH:
        raise Invalid.of("title", "name-length", most=NAME_LENGTH)
    if not from_on <= last <= from_on + timedelta(days=92):
        raise Invalid.of("to_on", "closure-span")
    if not 1900 <= from_on.year <= 2199:
        raise Invalid.of("from_on", "task-due-range")
    made = ids.uuid7()
    values = {"id": made, "from_on": from_on, "to_on": last, "title": title.strip()}
    session.execute(_CLOSE_DAYS, values)
    return made


def open_days(closure_id: UUID) -> UUID:
    """Takes closed days back; returns the token of the way back. Raises NotFound."""
    row = session.execute(_OPEN_DAYS, {"id": closure_id}).first()
    if row is None:
        raise NotFound
    days = {"from_on": row.from_on.isoformat(), "to_on": row.to_on.isoformat()}
    return undo.offer(UNDO_OPEN_DAYS, {"id": str(closure_id), "title": row.title, **days})


@undo.handler(UNDO_OPEN_DAYS)
def _close_again(args: dict[str, Any]) -> None:
    days = {name: date.fromisoformat(args[name]) for name in ("from_on", "to_on")}
    session.execute(_CLOSE_DAYS, {"id": UUID(args["id"]), "title": args["title"], **days})


_HERE = "tenant_id = (select guard.tenant_id())"


def _with_content(text: str) -> sa.TextClause:
    return sa.text(text).bindparams(sa.bindparam("content", type_=JSONB))


_ADD_TEMPLATE = _with_content(
    "insert into app.work_template (tenant_id, id, service_line, name, content)"
    " values ((select guard.tenant_id()), :id, :line, :name, :content)"
    " on conflict (tenant_id, lower(name)) where archived_at is null do nothing returning id"
)
_TAKEN = sa.text(
    f"select exists (select from app.work_template where {_HERE} and lower(name) = lower(:name)"
    " and id <> :id and archived_at is null)"
)
_SAVE_TEMPLATE = _with_content(
    "update app.work_template set service_line = :line, name = :name, content = :content,"
    f" version = version + 1 where {_HERE} and id = :id and version = :version returning id"
)
_ARCHIVE = sa.text(
    "update app.work_template set archived_at = now(), archived_by = (select guard.user_id()),"
    f" version = version + 1 where {_HERE} and id = :id and archived_at is null returning version"
)
_UNARCHIVE = sa.text(
    "update app.work_template set archived_at = null, archived_by = null, version = version + 1"
    f" where {_HERE} and id = :id and version = :version and archived_at is not null returning id"
)
_TAKEN_AGAIN = sa.text(
    "select exists (select from app.work_template t join app.work_template o"
    " on o.tenant_id = t.tenant_id and lower(o.name) = lower(t.name) and o.id <> t.id"
    f" where t.{_HERE} and t.id = :id and o.archived_at is null)"
)
_ADD = _with_content(
    "insert into app.repeat (tenant_id, id, line, name, class, template_id, template_version,"
    " content, every, first_month, ahead_days, ends_on, due_zone, assignee_id, reviewer_id,"
    " next_start, make_on)"
    " values ((select guard.tenant_id()), :id, :line, :name, :class, :template,"
    " :template_version, :content, :every, :first_month, :ahead, :ends_on, :zone, :assignee,"
    " :reviewer, :start, :make_on)"
)
_STATE = sa.text(
    "update app.repeat set state = :state, next_start = :start, make_on = :make_on,"
    f" version = version + 1 where {_HERE} and id = :id and version = :version returning id"
)
_RENEW = _with_content(
    "update app.repeat set content = :content, template_version = :newest, make_on = :make_on,"
    f" version = version + 1 where {_HERE} and id = :id and version = :version returning id"
)
_CALENDAR = sa.text(
    "insert into app.work_calendar (tenant_id, country, subdivision)"
    " values ((select guard.tenant_id()), :country, :subdivision)"
    " on conflict (tenant_id) do update set country = excluded.country,"
    " subdivision = excluded.subdivision"
)
_CLOSE_DAYS = sa.text(
    "insert into app.closure (tenant_id, id, from_on, to_on, title)"
    " values ((select guard.tenant_id()), :id, :from_on, :to_on, :title)"
)
_OPEN_DAYS = sa.text(
    f"delete from app.closure where {_HERE} and id = :id returning from_on, to_on, title"
)
