"""Questions and notes over the API: ask, list, answer, settle; write and read notes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.api import Api, Page, PageRequest
from app.api.schema import In, Out
from app.documents import subjects
from app.kernel import paging, reads
from app.tasks import notes, questions, questions_queries
from app.tasks.models import AUDIENCES, CHIP_LENGTH, MOST_CHIPS, TEXT_LENGTH, Answer, Question
from app.tasks.request_schemas import SubjectKey, SubjectType

api = Api("requests")
Text = Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH)]
Chip = Annotated[str, Field(min_length=1, max_length=CHIP_LENGTH)]
EVERY = ("waiting", "answered", "done", "withdrawn")


class AnswerOut(Out):
    """One answer; `document_ids` are the papers that came with it."""

    id: UUID
    chip: str | None
    text: str
    answered_by: UUID
    answered_at: datetime
    document_ids: list[UUID]


class QuestionOut(Out):
    """A question with its answers; `subject_keys` are what it is about."""

    id: UUID
    direction: str
    text: str
    chips: list[str]
    wants_file: bool
    state: str
    subject_type: str | None
    subject_keys: list[str]
    asked_by: UUID
    asked_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    answers: list[AnswerOut]


class QuestionQuery(In):
    """Which questions."""

    state: Literal["waiting", "answered", "done", "withdrawn"] | None = None
    direction: Literal["to_client", "to_provider"] | None = None


class AskIn(In):
    """A question about one record or many; `together` makes one question about all of them."""

    subject_type: SubjectType
    subject_keys: Annotated[list[SubjectKey], Field(min_length=1, max_length=200)]
    text: Text
    chips: Annotated[tuple[Chip, ...], Field(max_length=MOST_CHIPS)] = ()
    wants_file: bool = False
    together: bool = False
    to_person: UUID | None = None


class AskProviderIn(In):
    """A client's question to the provider, about a record or in general."""

    text: Text
    subject_type: SubjectType | None = None
    subject_key: SubjectKey | None = None


class AskedOut(Out):
    """The questions made, in the order of the records."""

    ids: list[UUID]


class AnswerIn(In):
    """An answer: one of the offered ones, words, or both."""

    chip: Chip | None = None
    text: Annotated[str, Field(max_length=TEXT_LENGTH)] = ""


class NoteIn(In):
    """A note at a record; `to_provider` is the client's and becomes a question."""

    subject_type: SubjectType
    subject_key: SubjectKey
    text: Text
    audience: Literal["team", "sent_back", "client", "to_provider"] = "team"
    to_person: UUID | None = None


class NoteQuery(In):
    """At which record."""

    subject_type: SubjectType
    subject_key: SubjectKey


class NoteOut(Out):
    """A note."""

    id: UUID
    subject_type: str
    subject_key: str
    audience: str
    text: str
    written_by: UUID
    written_at: datetime
    to_person: UUID | None
    done_at: datetime | None
    question_id: UUID | None


def _answer(one: Answer) -> dict[str, Any]:
    return {
        "id": one.id,
        "chip": one.chip,
        "text": one.text,
        "answered_by": one.answered_by,
        "answered_at": one.answered_at,
        "document_ids": [paper.id for paper in one.documents],
    }


def _out(found: list[Question]) -> list[dict[str, Any]]:
    answers = questions_queries.answers([one.id for one in found])
    return [
        {
            "id": one.id,
            "direction": one.direction,
            "text": one.text,
            "chips": list(one.chips),
            "wants_file": one.wants_file,
            "state": one.state,
            "subject_type": one.subjects[0][0] if one.subjects else None,
            "subject_keys": [key for _type, key in one.subjects],
            "asked_by": one.asked_by,
            "asked_at": one.asked_at,
            "answered_at": one.answered_at,
            "closed_at": one.closed_at,
            "answers": [_answer(a) for a in answers.get(one.id, ())],
        }
        for one in found
    ]


def _one(question_id: UUID) -> object:
    return _out([questions_queries.one(question_id)])[0]


@api.get(
    "/clients/<client>/questions",
    needs="document.read",
    query=QuestionQuery,
    response=QuestionOut,
    paged=True,
    summary="Questions, newest first",
)
def list_questions(query: QuestionQuery, page: PageRequest) -> Page[Any]:
    """Questions of both directions with their answers."""
    cursor = paging.keys(page.after, UUID)
    rows = questions_queries.questions(
        states=(query.state,) if query.state else EVERY,
        direction=query.direction,
        before=cursor[0] if cursor else None,
        limit=page.limit + 1,
    )
    found = paging.page(rows, limit=page.limit, key=lambda row: [row.id])
    return Page(items=_out(list(found.rows)), next=found.next)


@api.get(
    "/clients/<client>/questions/<uuid:question_id>",
    needs="document.read",
    response=QuestionOut,
    summary="A question",
)
def question(question_id: UUID) -> object:
    """One question with its answers."""
    found = questions_queries.one(question_id)
    reads.leave(reads.Look("question", found.line, question_id))
    return _out([found])[0]


@api.post(
    "/clients/<client>/questions",
    needs="request.ask",
    request=AskIn,
    response=AskedOut,
    status=201,
    summary="Ask the client",
)
def ask_client(body: AskIn) -> object:
    """Asks about records the caller sees; unknown ones are 404."""
    source = subjects.demand(body.subject_type, body.subject_keys)
    made = questions.ask(
        line=source.line,
        subject_type=body.subject_type,
        subject_ids=body.subject_keys,
        text=body.text,
        chips=body.chips,
        wants_file=body.wants_file,
        together=body.together,
        to_person=body.to_person,
    )
    return {"ids": list(made)}


@api.post(
    "/clients/<client>/provider-questions",
    needs="request.answer",
    request=AskProviderIn,
    response=AskedOut,
    status=201,
    summary="Ask the provider",
)
def ask_the_provider(body: AskProviderIn) -> object:
    """A client's person asks; it stands on the desk."""
    line = "accounting"
    if body.subject_type and body.subject_key:
        line = subjects.demand(body.subject_type, [body.subject_key]).line
    made = questions.ask_provider(
        line=line,
        text=body.text,
        subject_type=body.subject_type or "",
        subject_key=body.subject_key if body.subject_type else None,
    )
    return {"ids": [made]}


@api.post(
    "/clients/<client>/questions/<uuid:question_id>/answers",
    needs="request.answer",
    request=AnswerIn,
    response=QuestionOut,
    status=201,
    summary="Answer a question",
)
def answer_question(question_id: UUID, body: AnswerIn) -> object:
    """Answers; a second answer is kept as an addition. 409 for one that was taken back."""
    questions.answer(question_id, chip=body.chip, text=body.text)
    return _one(question_id)


@api.post(
    "/clients/<client>/questions/<uuid:question_id>/close",
    needs="request.ask",
    response=QuestionOut,
    summary="Accept the answer",
)
def close_question(question_id: UUID) -> object:
    """Settles a question; 409 when it is settled already."""
    questions.close(question_id)
    return _one(question_id)


@api.post(
    "/clients/<client>/questions/<uuid:question_id>/withdraw",
    needs="request.ask",
    response=QuestionOut,
    summary="Take a question back",
)
def withdraw_question(question_id: UUID) -> object:
    """Takes back what nobody has answered; 409 otherwise."""
    questions.withdraw(question_id)
    return _one(question_id)


@api.get(
    "/clients/<client>/notes",
    needs="document.read",
    query=NoteQuery,
    response=NoteOut,
    paged=True,
    summary="Notes at a record",
)
def list_notes(query: NoteQuery, page: PageRequest) -> Page[Any]:
    """Notes the caller may see, the oldest first; what the team keeps to itself for staff only."""
    found = notes.page(query.subject_type, query.subject_key, after=page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.post(
    "/clients/<client>/notes",
    needs="request.ask",
    request=NoteIn,
    response=NoteOut,
    status=201,
    summary="Write a note",
)
def write_note(body: NoteIn) -> object:
    """Writes a note at a record the caller sees."""
    assert body.audience in AUDIENCES
    source = subjects.demand(body.subject_type, [body.subject_key])
    made = notes.write(
        line=source.line,
        subject_type=body.subject_type,
        subject_key=body.subject_key,
        text=body.text,
        audience=body.audience,
        to_person=body.to_person,
    )
    return notes.one(made)


@api.post(
    "/clients/<client>/notes/<uuid:note_id>/done",
    needs="request.ask",
    response=NoteOut,
    summary="Say that what was sent back is put right",
)
def finish_note(note_id: UUID) -> object:
    """409 when it is put right already."""
    notes.done(note_id)
    return notes.one(note_id)
