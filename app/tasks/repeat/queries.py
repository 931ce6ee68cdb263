"""What is known of repeats, templates and the client's calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import islice
from uuid import UUID

import sqlalchemy as sa

from app.kernel.db import session
from app.kernel.errors import NotFound
from app.tasks.repeat import content, rules
from app.tasks.repeat.calendar import Calendar, closed_days
from app.tasks.repeat.models import Closure, Coming, Place, Repeat, Template

PREVIEW = 4
_HERE = "tenant_id = (select guard.tenant_id())"
_COLUMNS = (
    "r.tenant_id, r.id, r.line, r.name, r.class as document_class, r.template_id,"
    " r.template_version, r.content::text as content, r.every, r.first_month, r.ahead_days,"
    " r.ends_on, r.due_zone, r.assignee_id, r.reviewer_id, r.state,"
    " r.next_start, r.make_on, r.version"
)


def repeats() -> list[Repeat]:
    """What comes round in the client, the next first; what ended comes last."""
    return [_repeat(row) for row in session.execute(_ALL).mappings()]


def one(repeat_id: UUID) -> Repeat:
    """One repeat; raises NotFound."""
    row = session.execute(_ONE, {"id": repeat_id}).mappings().first()
    if row is None:
        raise NotFound
    return _repeat(row)


def coming(found: Repeat) -> list[Coming]:
    """The next periods of a repeat that runs, each with its tasks and their due days."""
    if found.state != "active":
        return []
    days = place().calendar
    periods = rules.periods(found.every, found.next_start, ends_on=found.ends_on)
    return [
        Coming(
            one.starts,
            one.ends,
            tuple(
                (item.title, rules.due_on(item.due.rule(), one, days))
                for _no, _section, item in found.content.items()
            ),
        )
        for one in islice(periods, PREVIEW)
    ]


def due_to_make(today: date, *, by_job: bool = False) -> list[Repeat]:
    """The repeats whose next period is to be made by a day, their rows locked; a system user's job
    asks through its own door."""
    statement = _TO_MAKE_BY_JOB if by_job else _TO_MAKE
    return [_repeat(row) for row in session.execute(statement, {"today": today}).mappings()]


def place() -> Place:
    """The calendar of the client: its public holidays and its own closed days, in one statement."""
    row = session.execute(_PLACE).mappings().one()
    country = row["country"] or row["home"] or ""
    subdivision = row["subdivision"] or ""
    spans = closed_days(tuple(zip(row["from_days"], row["to_days"], strict=True)))
    return Place(
        Calendar(country, subdivision, spans),
        row["time_zone"] or "UTC",
        row["first_month"] or 1,
        country,
        subdivision,
    )


def closures() -> list[Closure]:
    """The client's own closed days, the next first."""
    return [Closure(**row) for row in session.execute(_CLOSURES).mappings()]


def templates_here() -> list[Template]:
    """The provider's templates, as they are offered inside a client."""
    return [_template(row) for row in session.execute(_OFFERED).mappings()]


def template_here(template_id: UUID) -> Template:
    """One of them; raises NotFound."""
    found = [one for one in templates_here() if one.id == template_id]
    if not found:
        raise NotFound
    return found[0]


def templates() -> list[Template]:
    """The provider's templates, in its own firm."""
    return [_template(row) for row in session.execute(_TEMPLATES).mappings()]


def template(template_id: UUID) -> Template:
    """One template in the provider's own firm; raises NotFound."""
    row = session.execute(_TEMPLATE, {"id": template_id}).mappings().first()
    if row is None:
        raise NotFound
    return _template(row)


def _repeat(row: sa.RowMapping) -> Repeat:
    values = {name: row[name] for name in Repeat.__slots__}
    return Repeat(**(values | {"content": content.read_text(row["content"])}))


def _template(row: sa.RowMapping) -> Template:
    return Template(
        **(
            {name: row[name] for name in Template.__slots__}
            | {"content": content.read(row["content"])}
        )
    )


def names_of(ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of repeats by id."""
    rows = session.execute(_NAMES, {"ids": list(ids)})
    return {row.id: row.name for row in rows}


_ALL = sa.text(
    f"select {_COLUMNS} from app.repeat r where r.{_HERE}"
    " order by r.state = 'ended', r.make_on, r.id limit 500"
)
_ONE = sa.text(f"select {_COLUMNS} from app.repeat r where r.{_HERE} and r.id = :id")
_TO_MAKE = sa.text(
    f"select {_COLUMNS} from app.repeat r where r.{_HERE} and r.state = 'active'"
    " and r.make_on <= :today order by r.id for update"
)
_TO_MAKE_BY_JOB = sa.text(f"select {_COLUMNS} from app.repeats_to_make(:today) r")
_NAMES = sa.text(f"select id, name from app.repeat where {_HERE} and id = any(:ids)")
_PLACE = sa.text(
    "select k.country, k.subdivision, c.country as home, c.time_zone,"
    " c.fiscal_year_start_month as first_month,"
    " coalesce(x.from_days, '{}') as from_days, coalesce(x.to_days, '{}') as to_days"
    f" from (select 1) one left join app.client c on c.{_HERE}"
    f" left join app.work_calendar k on k.{_HERE}"
    " left join lateral (select array_agg(from_on order by from_on, id) as from_days,"
    " array_agg(to_on order by from_on, id) as to_days from app.closure"
    f" where {_HERE} and to_on > current_date - 800) x on true"
)
_CLOSURES = sa.text(
    f"select id, from_on, to_on, title from app.closure where {_HERE}"
    " order by from_on desc, id limit 300"
)
_OFFERED = sa.text("select id, service_line, name, content, version from app.work_templates()")
_TEMPLATES = sa.text(
    f"select id, service_line, name, content, version from app.work_template where {_HERE}"
    " and archived_at is null order by lower(name), id limit 500"
)
_TEMPLATE = sa.text(
    f"select id, service_line, name, content, version from app.work_template where {_HERE}"
    " and id = :id and archived_at is null"
)
