"""What is known of questions: heads by record, the open ones, one with its answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents import queries as documents
from app.kernel.day_mail import DayMailItem
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.tasks.models import Answer, Question, QuestionHead

_HERE = "tenant_id = (select guard.tenant_id())"
_COLUMNS = (
    "q.id, q.line, q.direction, q.text, q.chips, q.wants_file, q.to_person, q.state, q.asked_by,"
    " q.asked_at, q.answered_at, q.answered_by, q.closed_at, q.closed_by, q.version,"
    " array(select s.subject_type || ' ' || s.subject_key from app.question_subject s"
    " where s.tenant_id = q.tenant_id and s.question_id = q.id order by s.position) as subjects"
)
_OF = sa.text(
    "select s.subject_key, q.id, q.state, q.text, q.asked_at, q.asked_by, q.answered_at,"
    " concat_ws(' – ', a.chip, nullif(a.text, '')) as answer, a.answered_by"
    " from app.question_subject s"
    " join app.question q on q.tenant_id = s.tenant_id and q.id = s.question_id"
    " left join lateral (select chip, text, answered_by from app.answer"
    " where tenant_id = q.tenant_id and question_id = q.id order by id desc limit 1) a on true"
    " where s.tenant_id = (select guard.tenant_id()) and s.subject_type = :type"
    " and s.subject_key = any(:keys) and q.state <> 'withdrawn' order by q.id"
)


def of(subject_type: str, ids: Sequence[UUID | str]) -> dict[Any, QuestionHead]:
    """The newest question of each record that has one, by the ids as given; withdrawn ones not."""
    if not ids:
        return {}
    by_key = {str(one): one for one in ids}
    rows = session.execute(_OF, {"type": subject_type, "keys": list(by_key)}).mappings()
    return {by_key[row["subject_key"]]: _question_head(row) for row in rows}


def every_of(subject_type: str, key: UUID | str) -> list[QuestionHead]:
    """All questions of one record, the oldest first; withdrawn ones not."""
    rows = session.execute(_OF, {"type": subject_type, "keys": [str(key)]}).mappings()
    return [_question_head(row) for row in rows]


def one(question_id: UUID) -> Question:
    """One question; raises NotFound."""
    statement = sa.text(f"select {_COLUMNS} from app.question q where q.{_HERE} and q.id = :id")
    row = session.execute(statement, {"id": question_id}).mappings().first()
    if row is None:
        raise NotFound
    return _question(row)


def questions(
    *,
    states: Sequence[str] = ("waiting", "answered", "done", "withdrawn"),
    direction: str | None = None,
    before: UUID | None = None,
    limit: int = 100,
) -> list[Question]:
    """Questions of the client, the newest first, `before` an id for the next page."""
    statement = sa.text(
        f"select {_COLUMNS} from app.question q where q.{_HERE} and q.state = any(:states)"
        " and (cast(:direction as text) is null or q.direction = :direction)"
        " and (cast(:before as uuid) is null or q.id < :before) order by q.id desc limit :limit"
    )
    values = {"states": list(states), "direction": direction, "before": before, "limit": limit}
    return [_question(row) for row in session.execute(statement, values).mappings()]


def waiting_for_client(person_id: UUID | None) -> list[Question]:
    """What a person of the client is asked and nobody answered yet, the oldest first."""
    statement = sa.text(
        f"select {_COLUMNS} from app.question q where q.{_HERE} and q.state = 'waiting'"
        " and q.direction = 'to_client'"
        " and (q.to_person is null or q.to_person = :person) order by q.id limit 200"
    )
    return [_question(r) for r in session.execute(statement, {"person": person_id}).mappings()]


def day_items() -> list[DayMailItem]:
    """The questions of the day's mail: those that nobody answered yet."""
    return [
        DayMailItem(
            type="question",
            id=row.id,
            line=row.line,
            text=row.text,
            asked_at=row.asked_at,
            path=f"/portal/<client>/questions/{row.id}",
            to_person=row.to_person,
            reminded_at=row.reminded_at,
        )
        for row in session.execute(_FOR_MAIL)
    ]


def for_staff(
    *, after: tuple[datetime, UUID] | None = None, limit: int = 200
) -> list[tuple[UUID, Question]]:
    """What clients answered or ask, over all clients of the worklist or in one, the oldest first,
    each with its client; `after` the moment and id of the last one of the page before.
    """
    statement = sa.text(
        f"select q.tenant_id, {_COLUMNS} from app.question q"
        " where ((q.state = 'answered' and q.direction = 'to_client')"
        " or (q.state = 'waiting' and q.direction = 'to_provider'))"
        " and (cast(:at as timestamptz) is null or (coalesce(q.answered_at, q.asked_at), q.id)"
        " > (cast(:at as timestamptz), cast(:id as uuid)))"
        " order by coalesce(q.answered_at, q.asked_at), q.id limit :limit"
    )
    at, last = after or (None, None)
    rows = session.execute(statement, {"limit": limit, "at": at, "id": last}).mappings()
    return [(row["tenant_id"], _question(row)) for row in rows]


def answers(question_ids: Sequence[UUID]) -> dict[UUID, tuple[Answer, ...]]:
    """The answers of each question with their papers, the first one first."""
    if not question_ids:
        return {}
    rows = session.execute(_ANSWERS, {"ids": list(question_ids)}).mappings().all()
    papers = documents.linked("answer", [row["id"] for row in rows])
    found: dict[UUID, list[Answer]] = {}
    for row in rows:
        found.setdefault(row["question_id"], []).append(
            Answer(
                row["id"],
                row["chip"],
                row["text"],
                row["answered_by"],
                row["answered_at"],
                row["files"],
                papers.get(row["id"], ()),
            )
        )
    return {question: tuple(many) for question, many in found.items()}


_FOR_MAIL = sa.text(
    f"select id, line, text, to_person, asked_at, reminded_at from app.question where {_HERE}"
    " and state = 'waiting' and direction = 'to_client' order by id limit 1000"
)
_ANSWERS = sa.text(
    "select id, question_id, chip, text, files, answered_by, answered_at from app.answer"
    " where question_id = any(:ids) order by id"
)


def _question(row: sa.RowMapping) -> Question:
    values = {name: row[name] for name in Question.__slots__}
    subjects = (tuple(one.split(" ", 1)) for one in row["subjects"])
    return Question(**(values | {"chips": tuple(row["chips"]), "subjects": tuple(subjects)}))


def _question_head(row: sa.RowMapping) -> QuestionHead:
    return QuestionHead(**{name: row[name] for name in QuestionHead.__slots__})
