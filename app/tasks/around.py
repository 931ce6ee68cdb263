"""Everything people put around a record: papers, notes, questions; for the record's own page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.documents import queries as papers
from app.documents.models import DocumentHead
from app.kernel import scope
from app.tasks import notes, questions_queries, request_rows
from app.tasks.models import QuestionHead
from app.tasks.request_rows import NoteRow
from app.tasks.work import queries, rows
from app.tasks.work.rows import Row


@dataclass(frozen=True, slots=True)
class Around:
    """What stands at one record; drawn by `everything` of tasks/_around.html."""

    subject_type: str
    key: str
    documents: tuple[DocumentHead, ...]
    notes: tuple[NoteRow, ...]
    questions: tuple[QuestionHead, ...]
    tasks: tuple[Row, ...] = ()


def of(subject_type: str, record: UUID) -> Around | None:
    """What stands at a record, in a few statements; None for who may not see papers."""
    rights = scope.current().rights
    if not rights.may("document.read"):
        return None
    key = str(record)
    return Around(
        subject_type,
        key,
        papers.linked(subject_type, [record]).get(record, ()),
        tuple(request_rows.note_rows(notes.of(subject_type, [key]).get(key, ()))),
        tuple(questions_queries.every_of(subject_type, key)),
        tuple(rows.rows(queries.linked(subject_type, key))) if rights.may("task.read") else (),
    )
