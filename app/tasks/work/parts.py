"""What hangs on a task: points of its checklist, comments that name people, linked records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa

from app.documents import subjects
from app.kernel import audit, events, ids, scope
from app.kernel.db import session
from app.kernel.errors import Invalid, NotFound
from app.tasks.work import queries
from app.tasks.work.models import (
    CHECK_LENGTH,
    COMMENT_LENGTH,
    MOST_CHECKS,
    TaskMentioned,
)

_SIGN = re.compile(r"(?<!\w)@")
MOST_MENTIONS = 20


def add_check(task_id: UUID, text: str) -> UUID:
    """Adds a point at the end of the checklist; raises NotFound, Invalid."""
    task, plain = queries.one(task_id), text.strip()
    if not plain or len(plain) > CHECK_LENGTH:
        raise Invalid.of("text", "task-check-length", most=CHECK_LENGTH)
    if task.checks >= MOST_CHECKS:
        raise Invalid.of("text", "too-many-rows", most=MOST_CHECKS)
    made = ids.uuid7()
    values = {"id": made, "task": task_id, "line": task.line, "text": plain, "at": task.checks}
    session.execute(_ADD_CHECK, values)
    audit.note("task.point", subject_type="task", subject_id=task_id, line=task.line)
    return made


def tick(task_id: UUID, check_id: UUID, *, done: bool) -> None:
    """Ticks a point, or takes the tick away; raises NotFound."""
    values = {"id": check_id, "task": task_id, "done": done}
    if session.execute(_TICK, values).scalar() is None:
        raise NotFound


def remove_check(task_id: UUID, check_id: UUID) -> None:
    """Takes a point out; raises NotFound."""
    if session.execute(_UNCHECK, {"id": check_id, "task": task_id}).scalar() is None:
        raise NotFound


def comment(task_id: UUID, text: str) -> UUID:
    """Writes a comment; people named as `@Priya Nair` are told. Raises NotFound, Invalid."""
    task, plain = queries.one(task_id), text.strip()
    if not plain:
        raise Invalid.of("text", "task-comment-missing")
    if len(plain) > COMMENT_LENGTH:
        raise Invalid.of("text", "text-too-long", most=COMMENT_LENGTH)
    named = mentioned(plain, queries.people_here(task.line))
    made = ids.uuid7()
    values = {"id": made, "task": task_id, "line": task.line, "text": plain}
    session.execute(_COMMENT, {**values, "mentions": list(named)})
    by = scope.current().person_id
    events.emit_many(TaskMentioned(task_id, made, one, by) for one in named if one != by)
    return made


def mentioned(text: str, people: Mapping[UUID, str]) -> tuple[UUID, ...]:
    """Who is named after an @, the longest name that fits; nobody twice."""
    longest = sorted(people.items(), key=lambda one: -len(one[1]))
    found: dict[UUID, None] = {}
    for sign in _SIGN.finditer(text):
        rest = text[sign.end() :].casefold()
        for person, name in longest:
            if rest.startswith(name.casefold()) and not rest[len(name) : len(name) + 1].isalnum():
                found[person] = None
                break
    return tuple(found)[:MOST_MENTIONS]


def link(task_id: UUID, subject_type: str, key: str) -> None:
    """Links a record the actor sees; the same once more changes nothing. Raises NotFound."""
    task = queries.one(task_id)
    subjects.demand(subject_type, [key])
    values = {"id": ids.uuid7(), "task": task_id, "line": task.line}
    session.execute(_LINK, {**values, "type": subject_type, "key": key})


def unlink(task_id: UUID, link_id: UUID) -> None:
    """Takes a link away; raises NotFound."""
    if session.execute(_UNLINK, {"id": link_id, "task": task_id}).scalar() is None:
        raise NotFound


_HERE = "tenant_id = (select guard.tenant_id())"
_ADD_CHECK = sa.text(
    "insert into app.task_item (tenant_id, id, task_id, line, position, text)"
    " values ((select guard.tenant_id()), :id, :task, :line, :at, :text)"
)
_TICK = sa.text(
    "update app.task_item set done_at = case when :done then now() end,"
    " done_by = case when :done then (select guard.user_id()) end"
    f" where {_HERE} and id = :id and task_id = :task returning id"
)
_UNCHECK = sa.text(
    f"delete from app.task_item where {_HERE} and id = :id and task_id = :task returning id"
)
_COMMENT = sa.text(
    "insert into app.task_comment (tenant_id, id, task_id, line, text, mentions)"
    " values ((select guard.tenant_id()), :id, :task, :line, :text, cast(:mentions as uuid[]))"
)
_LINK = sa.text(
    "insert into app.task_link (tenant_id, id, task_id, line, subject_type, subject_key)"
    " values ((select guard.tenant_id()), :id, :task, :line, :type, :key)"
    " on conflict (tenant_id, task_id, subject_type, subject_key) do nothing"
)
_UNLINK = sa.text(
    f"delete from app.task_link where {_HERE} and id = :id and task_id = :task returning id"
)
