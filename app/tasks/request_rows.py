"""Questions as pages show them: with what they are about, who asked, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.documents import subjects
from app.kernel import people, words
from app.kernel.registry import Subject
from app.kernel.words import _
from app.tasks import questions_queries
from app.tasks.models import Answer, Note, Question
from app.web.lists import Tag

STATES = {
    "waiting": Tag(_("Waiting on client"), "warn"),
    "asked": Tag(_("Waiting on us"), "acc"),
    "answered": Tag(_("Answered"), "acc"),
    "done": Tag(_("Done"), "good"),
    "withdrawn": Tag(_("Withdrawn"), ""),
}
PORTAL_STATES = STATES | {"waiting": Tag(_("New"), "acc"), "asked": Tag(_("Asked"), "info")}
AUDIENCES = {
    "team": Tag(_("Team"), ""),
    "sent_back": Tag(_("Sent back"), "warn"),
    "client": Tag(_("For the client"), "info"),
    "to_provider": Tag(_("From the client"), "acc"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A question with everything its line on a page needs."""

    question: Question
    subjects: tuple[Subject, ...]
    asked_by: str
    answers: tuple[tuple[str, Answer], ...]
    tenant_id: UUID | None = None

    @property
    def id(self) -> UUID:
        """The question's id."""
        return self.question.id

    @property
    def about(self) -> str:
        """The first record in words, and how many more there are."""
        if not self.subjects:
            return ""
        first = self.subjects[0]
        more = len(self.subjects) - 1
        detail = f"{first.title} · {first.detail}" if first.detail else str(first.title)
        return f"{detail} +{more}" if more else detail

    @property
    def newest(self) -> str:
        """The newest answer in words."""
        if not self.answers:
            return ""
        found = self.answers[-1][1]
        if found.words or not found.files:
            return found.words
        names = ", ".join(one.name for one in found.documents)
        return names or words.ngettext("%(n)s file", "%(n)s files", found.files)

    @property
    def state(self) -> str:
        """The state as its tag is called: a client's open question is `asked`."""
        one = self.question
        return "asked" if one.direction == "to_provider" and one.state == "waiting" else one.state


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note with who wrote it and what it stands at."""

    note: Note
    written_by: str
    subject: Subject | None
    tenant_id: UUID | None = None


def rows(questions: Sequence[Question], *, tenants: Sequence[UUID] = ()) -> list[Row]:
    """Questions with subjects, names and answers, in a constant number of statements."""
    if not questions:
        return []
    told = subjects.describe(pair for one in questions for pair in one.subjects)
    answers = questions_queries.answers([one.id for one in questions])
    who = {one.asked_by for one in questions}
    who |= {one.answered_by for many in answers.values() for one in many}
    names = people.names(who)
    found = []
    for place, one in enumerate(questions):
        found.append(
            Row(
                one,
                tuple(told[pair] for pair in one.subjects if pair in told),
                names.get(one.asked_by, "–"),
                tuple((names.get(a.answered_by, "–"), a) for a in answers.get(one.id, ())),
                tenants[place] if tenants else None,
            )
        )
    return found


def row(question_id: UUID) -> Row:
    """One question; raises NotFound."""
    return rows([questions_queries.one(question_id)])[0]


def note_rows(notes: Sequence[Note], *, tenants: Sequence[UUID] = ()) -> list[NoteRow]:
    """Notes with who wrote them and what they stand at."""
    if not notes:
        return []
    told = subjects.describe((one.subject_type, one.subject_key) for one in notes)
    names = people.names({one.written_by for one in notes})
    return [
        NoteRow(
            one,
            names.get(one.written_by, "–"),
            told.get((one.subject_type, one.subject_key)),
            tenants[place] if tenants else None,
        )
        for place, one in enumerate(notes)
    ]
