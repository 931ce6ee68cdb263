"""What happened, made into notices in the transaction of the act, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents.happened import UploadEnded
from app.kernel import events, notices
from app.kernel.approval_models import ApprovalFailed
from app.kernel.approvals import ApprovalAsked, ApprovalDecided
from app.kernel.db import session
from app.kernel.notices import Told
from app.tasks.models import NoteWritten, QuestionAnswered, QuestionAsked
from app.tasks.work.models import TaskAssigned, TaskDue, TaskMentioned

TASK = "task"


def _rows(statement: Any, ids: Iterable[UUID]) -> dict[UUID, Any]:
    found = session.execute(statement, {"ids": list(dict.fromkeys(ids))})
    return {row.id: row for row in found}


def _tell_tasks(told: Sequence[tuple[str, UUID, UUID | None]]) -> None:
    """Notices of tasks: kind, task and person; each stands on the task's line and class."""
    tasks = _rows(_TASKS, (task for _kind, task, _person in told))
    notices.tell(
        Told(
            kind,
            TASK,
            str(task),
            tasks[task].line,
            person_id=person,
            side="provider",
            document_class=tasks[task].class_,
        )
        for kind, task, person in told
        if person is not None and task in tasks
    )


@events.together(TaskAssigned)
def assigned(told: Sequence[TaskAssigned]) -> None:
    """To whom a task was given, to do or to review."""
    _tell_tasks(
        [
            ("task.review" if one.reviews else "task.assigned", one.task_id, one.person_id)
            for one in told
        ]
    )


@events.together(TaskDue)
def due(told: Sequence[TaskDue]) -> None:
    """Whose task falls due."""
    _tell_tasks([("task.due", one.task_id, one.person_id) for one in told])


@events.together(TaskMentioned)
def mentioned(told: Sequence[TaskMentioned]) -> None:
    """Who is named in a comment."""
    _tell_tasks([("task.mentioned", one.task_id, one.person_id) for one in told])


@events.together(QuestionAnswered)
def answered(told: Sequence[QuestionAnswered]) -> None:
    """Whoever asked."""
    asked = _rows(_QUESTIONS, (one.question_id for one in told))
    notices.tell(
        Told(
            "question.answered",
            "question",
            str(one.question_id),
            asked[one.question_id].line,
            person_id=asked[one.question_id].asked_by,
        )
        for one in told
        if one.question_id in asked
    )


@events.together(QuestionAsked)
def asked(told: Sequence[QuestionAsked]) -> None:
    """Who keeps the books, when the client asks; what the client is asked stands in their mail."""
    notices.tell(
        Told(
            "question.asked",
            "question",
            str(one.question_id),
            one.line,
            permission="request.ask",
            side="provider",
        )
        for one in told
        if one.direction == "to_provider"
    )


@events.together(NoteWritten)
def noted(told: Sequence[NoteWritten]) -> None:
    """Who is named in a note, and whose to-do it is."""
    notices.tell(
        Told(kind, one.subject_type, one.subject_key, one.line, person_id=person, side="provider")
        for one in told
        for kind, people in (
            ("note.mentioned", [person for person in one.named if person != one.to_person]),
            ("note.sent-back", [one.to_person]),
        )
        for person in people
    )


@events.together(ApprovalAsked)
def approval_asked(told: Sequence[ApprovalAsked]) -> None:
    """Everybody whose decision it waits for now, and did not before."""
    known = {(one.approval_id, person) for one in told for person in one.known}
    rows = session.execute(_DECIDERS, {"ids": [one.approval_id for one in told]})
    notices.tell(
        Told("approval.asked", "approval", str(row.id), row.line, person_id=row.person_id)
        for row in rows
        if (row.id, row.person_id) not in known
    )


@events.together(ApprovalDecided)
def decided(told: Sequence[ApprovalDecided]) -> None:
    """Whoever asked for it."""
    asked = _rows(_APPROVALS, (one.approval_id for one in told))
    notices.tell(
        Told(
            "approval.decided",
            "approval",
            str(one.approval_id),
            asked[one.approval_id].line,
            person_id=asked[one.approval_id].requested_by,
        )
        for one in told
        if one.approval_id in asked
    )


@events.together(ApprovalFailed)
def not_carried_out(told: Sequence[ApprovalFailed]) -> None:
    """Whoever asked for it, and who approved it: also the last, in whose name the job ran."""
    failed = _rows(_APPROVALS, (one.approval_id for one in told))
    notices.tell(
        Told(
            "approval.failed",
            "approval",
            str(one.approval_id),
            failed[one.approval_id].line,
            person_id=person,
            own=True,
        )
        for one in told
        if one.approval_id in failed
        for person in one.people
    )


@events.together(UploadEnded)
def held(told: Sequence[UploadEnded]) -> None:
    """Whoever may let files out of quarantine."""
    files = _rows(_HELD, (one.held_id for one in told if one.held_id is not None))
    notices.tell(
        Told(
            "file.held",
            "held_file",
            str(one.id),
            one.line,
            permission="document.release",
            side="provider",
            document_class=one.class_,
        )
        for one in files.values()
    )


_TASKS = sa.text("select id, line, class as class_ from app.task where id = any(:ids)")
_QUESTIONS = sa.text("select id, line, asked_by from app.question where id = any(:ids)")
_APPROVALS = sa.text("select id, line, requested_by from app.approval where id = any(:ids)")
_DECIDERS = sa.text(
    "select distinct a.id, a.line, d.person_id from app.approval a"
    " cross join lateral app.approval_deciders(a.id) d where a.id = any(:ids)"
)
_HELD = sa.text("select id, line, class as class_ from app.held_file where id = any(:ids)")
