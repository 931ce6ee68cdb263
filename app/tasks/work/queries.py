"""What is known of tasks: one with all that hangs on it, and whole lists by view and filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel import clock
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.tasks.work.models import OPEN, Check, Comment, Link, Task

View = Literal["day", "mine", "review", "open", "late", "waiting", "all"]
COUNT_MOST = 1_000
HORIZONS = (2, 14, 60)
"""Days ahead that a page of open tasks looks first: most pages end within the next days."""
FAR_ZONE = timedelta(hours=16)
"""Further from UTC is no time zone: so near the end of a day in UTC it ends everywhere."""
BEFORE_ALL, AFTER_ALL = date(1899, 12, 31), date(2201, 1, 1)
"""Days next to the years that `app.task.due_on` is checked to: no task is due there or beyond."""

_COLUMNS = (
    "t.tenant_id, t.id, t.line, t.kind, t.title, t.description, t.class as document_class,"
    " t.state, t.state_at, t.due_on, t.due_zone, t.due_at, t.assignee_id, t.reviewer_id,"
    " coalesce(t.reviewer_by, t.made_by) as reviewer_by,"
    " t.receipt_id, t.repeat_id, t.period_start, t.done_at, t.done_by, t.made_by, t.made_at,"
    " t.version"
)
_HERE = "tenant_id = (select guard.tenant_id())"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks: a view, narrowed by filters; empty filters narrow nothing."""

    view: View = "open"
    me: UUID | None = None
    tenants: tuple[UUID, ...] = ()
    state: str = ""
    kind: str = ""
    line: str = ""
    assignee: UUID | None = None
    nobody: bool = False
    search: str = ""
    due_from: date | None = None
    due_to: date | None = None
    at: datetime | None = None
    day_end: datetime | None = None


def day_end(zone: str) -> datetime:
    """When today ends for a reader, a moment later than the end of a day in their own zone."""
    tomorrow = clock.today(zone) + timedelta(days=1)
    return datetime.combine(tomorrow, time(0), ZoneInfo(zone)) + timedelta(seconds=1)


def clients() -> dict[UUID, str]:
    """The clients of the open worklist, by the names their addresses take."""
    return {row.tenant_id: row.slug for row in session.execute(_CLIENTS)}


def one(task_id: UUID) -> Task:
    """One task of the client; raises NotFound."""
    statement = sa.text(f"select {_COLUMNS} from app.task t where t.{_HERE} and t.id = :id")
    found = _tasks(session.execute(statement, {"id": task_id}))
    if not found:
        raise NotFound
    return found[0]


def some(ids: Sequence[UUID]) -> list[Task]:
    """These tasks of the client, as far as the reader sees them, by due day."""
    statement = sa.text(
        f"select {_COLUMNS} from app.task t where t.{_HERE}"
        " and t.id = any(cast(:ids as uuid[])) order by t.due_at, t.id"
    )
    return _tasks(session.execute(statement, {"ids": list(ids)}))


def where_are(ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """The client of each task the reader sees, as (client, task), in the open scope."""
    rows = session.execute(_WHERE_ARE, {"ids": list(ids)})
    return [(row.tenant_id, row.id) for row in rows]


def tasks(
    wanted: Wanted, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
) -> list[Task]:
    """Tasks by due day, in one client or over the clients named; `after` the last one before.

    Open tasks of many clients are looked for near their due day first: an index range of a few
    days in each client; where it did not fill the page the next range goes on behind it, so that
    no row is looked at twice.
    """
    if len(wanted.tenants) > 1:
        session.execute(_ALONE)  # helpers cost more than such a list
    rows: list[sa.RowMapping] = []
    for behind, until in _ranges(wanted, after):
        rows += _page(wanted, after, limit - len(rows), behind, until)
        if len(rows) >= limit:
            break
    return _with_checks(rows)


def _ranges(
    wanted: Wanted, after: tuple[datetime, UUID] | None
) -> Iterator[tuple[datetime | None, datetime | None]]:
    """Ranges of due days (behind, until) that follow each other and cover all that is asked for;
    the whole at once where an index finds it anyway: in one client, one's own, what is late."""
    behind: datetime | None = None
    if wanted.view in ("open", "waiting") and len(wanted.tenants) > 1:
        now = wanted.at or clock.now()
        # behind the last of all days lies nothing, however far a made-up cursor says
        start = min(max(after[0], now), _day_end(AFTER_ALL)) if after else now
        # somebody's are found by an index, and few lie in two days
        horizons = HORIZONS[1:] if wanted.assignee else HORIZONS
        # a common word fills the page at once; a rare one is looked for in all the rest at once
        for days in horizons[:1] if wanted.search else horizons:
            until = start + timedelta(days=days)
            yield behind, until
            behind = until
    yield behind, None


def _page(
    wanted: Wanted,
    after: tuple[datetime, UUID] | None,
    limit: int,
    behind: datetime | None,
    until: datetime | None,
) -> list[sa.RowMapping]:
    said, values = _conditions(wanted)
    if behind is not None:
        said.append("t.due_at > :behind")
        values["behind"] = behind
    if until is not None:
        said.append("t.due_at <= :until")
        values["until"] = until
    if after is not None:
        said.append("(t.due_at, t.id) > (:after_at, :after_id)")
        values |= {"after_at": after[0], "after_id": after[1]}
    statement = sa.text(
        f"select {_COLUMNS} from app.task t where {' and '.join(said)}"
        " order by t.due_at, t.id limit :limit"
    )
    return list(session.execute(_bound(statement, values), values | {"limit": limit}).mappings())


def count(wanted: Wanted) -> int:
    """How many there are; counting stops after a thousand."""
    said, values = _conditions(wanted)
    statement = sa.text(
        f"select count(*) from (select from app.task t where {' and '.join(said)}"
        " limit :limit) found"
    )
    bound = _bound(statement, values)
    return int(session.execute(bound, values | {"limit": COUNT_MOST + 1}).scalar_one())


def mine(tenants: Sequence[UUID], me: UUID | None, *, day_end: datetime) -> dict[str, int]:
    """How much is mine in these clients: due by the end of the day, at all, and to review."""
    statement = _MINE.bindparams(sa.bindparam("tenants", type_=ARRAY(sa.Uuid())))
    values = {"tenants": list(tenants), "me": me, "day_end": day_end}
    return dict(session.execute(statement, values).mappings().one())


def _bound(statement: sa.TextClause, values: dict[str, Any]) -> sa.TextClause:
    if "tenants" not in values:
        return statement
    return statement.bindparams(sa.bindparam("tenants", type_=ARRAY(sa.Uuid())))


def _conditions(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    values: dict[str, Any] = {"at": wanted.at or clock.now()}
    said = [f"t.{_HERE}"]
    if wanted.tenants:
        said = ["t.tenant_id = any(:tenants)"]
        values["tenants"] = list(wanted.tenants)
    said += _view(wanted, values)
    if wanted.state:
        said.append("t.state = :state")
        values["state"] = wanted.state
    for name in ("kind", "line"):
        if getattr(wanted, name):
            said.append(f"t.{name} = :{name}")
            values[name] = getattr(wanted, name)
    if wanted.nobody:
        said.append("t.assignee_id is null")
    elif wanted.assignee is not None:
        said.append("t.assignee_id = :assignee")
        values["assignee"] = wanted.assignee
    if wanted.search:
        said.append("strpos(lower(t.title), :search) > 0")
        values["search"] = wanted.search.lower()
    for name, sign, far in (("due_from", ">=", -FAR_ZONE), ("due_to", "<=", FAR_ZONE)):
        asked = getattr(wanted, name)
        if asked is not None:
            day = min(max(asked, BEFORE_ALL), AFTER_ALL)
            said.append(f"t.due_on {sign} :{name} and t.due_at {sign} :{name}_at")
            values |= {name: day, f"{name}_at": _day_end(day) + far}
    return said, values


def _day_end(day: date) -> datetime:
    """When a day ends in UTC."""
    return datetime.combine(day, time(0), UTC) + timedelta(days=1)


_OPEN = "t.state in ('todo', 'doing', 'waiting', 'review')"


def _view(wanted: Wanted, values: dict[str, Any]) -> list[str]:
    if wanted.view in ("mine", "day"):
        values |= {"me": wanted.me, "day_end": wanted.day_end}
        said = [_OPEN, "t.assignee_id = :me"]
        return [*said, "t.due_at <= :day_end"] if wanted.view == "day" else said
    if wanted.view == "review":
        values["me"] = wanted.me
        return ["t.state = 'review'", "t.reviewer_id = :me"]
    if wanted.view == "late":
        return [_OPEN, "t.due_at <= :at"]
    if wanted.view == "waiting":
        return ["t.state = 'waiting'"]
    return [_OPEN] if wanted.view == "open" else []


def checklist(task_id: UUID) -> list[Check]:
    """The points of a task in order."""
    rows = session.execute(_CHECKLIST, {"id": task_id}).mappings()
    return [Check(**row) for row in rows]


def comments(task_id: UUID) -> list[Comment]:
    """What was written at a task, the oldest first."""
    rows = session.execute(_COMMENTS, {"id": task_id}).mappings()
    return [Comment(**(dict(row) | {"mentions": tuple(row["mentions"])})) for row in rows]


def links(task_id: UUID) -> list[Link]:
    """The records a task belongs to."""
    return [Link(**row) for row in session.execute(_LINKS, {"id": task_id}).mappings()]


def linked(subject_type: str, key: str) -> list[Task]:
    """The tasks of one record, the next due first."""
    return _tasks(session.execute(_LINKED, {"type": subject_type, "key": key}))


def people_here(line: str) -> dict[UUID, str]:
    """The provider's people who reach a line of this client, by name."""
    return {row.person_id: row.name for row in session.execute(_STAFF, {"line": line})}


def may_change_reviewers() -> bool:
    """Whether the acting person may take out or exchange a reviewer that somebody else named."""
    return bool(session.execute(_MAY_CHANGE_REVIEWERS).scalar_one())


def time_zone() -> str:
    """The client's time zone."""
    return str(session.execute(_ZONE).scalar() or "UTC")


def _tasks(found: sa.Result[Any]) -> list[Task]:
    return _with_checks(list(found.mappings()))


def _with_checks(rows: Sequence[sa.RowMapping]) -> list[Task]:
    """Tasks with how much of their checklists is ticked, in one statement more."""
    if not rows:
        return []
    tenants = list({row["tenant_id"] for row in rows})
    values = {"tenants": tenants, "ids": [row["id"] for row in rows]}
    counted = {row.task_id: (row.checks, row.checked) for row in session.execute(_CHECKS, values)}
    made = []
    for row in rows:
        checks, checked = counted.get(row["id"], (0, 0))
        made.append(Task(**row, checks=checks, checked=checked))
    return made


_ALONE = sa.text("select set_config('max_parallel_workers_per_gather', '0', true)")
_CHECKS = sa.text(
    "select task_id, count(*) as checks, count(done_at) as checked from app.task_item"
    " where tenant_id = any(:tenants) and task_id = any(:ids) group by task_id"
).bindparams(
    sa.bindparam("tenants", type_=ARRAY(sa.Uuid())), sa.bindparam("ids", type_=ARRAY(sa.Uuid()))
)
_MINE = sa.text(
    "select count(*) filter (where assignee_id = :me and due_at <= :day_end) as day,"
    " count(*) filter (where assignee_id = :me) as mine,"
    " count(*) filter (where reviewer_id = :me and state = 'review') as review from app.task"
    " where tenant_id = any(:tenants) and state in ('todo', 'doing', 'waiting', 'review')"
    " and (assignee_id = :me or state = 'review' and reviewer_id = :me)"
)
_WHERE_ARE = sa.text("select tenant_id, id from app.task where id = any(:ids) order by tenant_id")
_CLIENTS = sa.text("select tenant_id, slug from app.client order by tenant_id")
_CHECKLIST = sa.text(
    "select id, text, done_at, done_by from app.task_item"
    f" where {_HERE} and task_id = :id order by position, id"
)
_COMMENTS = sa.text(
    "select id, text, mentions, written_by, written_at from app.task_comment"
    f" where {_HERE} and task_id = :id order by id limit 500"
)
_LINKS = sa.text(
    f"select id, subject_type, subject_key from app.task_link where {_HERE} and task_id = :id"
    " order by id"
)
_LINKED = sa.text(
    f"select {_COLUMNS} from app.task_link l"
    " join app.task t on t.tenant_id = l.tenant_id and t.id = l.task_id"
    f" where l.{_HERE} and l.subject_type = :type and l.subject_key = :key"
    " order by t.due_at, t.id limit 100"
)
_STAFF = sa.text("select person_id, name from guard.staff_here(:line)")
_MAY_CHANGE_REVIEWERS = sa.text("select guard.entitled('task.reviewer')")
_ZONE = sa.text(f"select time_zone from app.client where {_HERE}")
assert OPEN == ("todo", "doing", "waiting", "review")  # what the partial indexes are made of
