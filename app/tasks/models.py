"""Questions, answers and notes as the rest of the platform reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.documents.models import DocumentHead
from app.kernel import events

State = Literal["waiting", "answered", "done", "withdrawn"]
Direction = Literal["to_client", "to_provider"]
Audience = Literal["team", "sent_back", "client", "to_provider"]
AUDIENCES: tuple[Audience, ...] = ("team", "sent_back", "client", "to_provider")
MOST_CHIPS = 6
CHIP_LENGTH = 60
TEXT_LENGTH = 4_000
MOST_FILES = 5


@events.event("question.answered")
@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """Somebody answered a question; `subject_keys` are what it is about, `files` papers came."""

    question_id: UUID
    answer_id: UUID
    subject_type: str
    subject_keys: tuple[str, ...]
    document_ids: tuple[UUID, ...]


@events.event("question.asked")
@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """Somebody asks the client, or (`to_provider`) the client asks."""

    question_id: UUID
    line: str
    direction: str


@events.event("note.written")
@dataclass(frozen=True, slots=True)
class NoteWritten:
    """A note was written at a record: whose to-do it is, and which colleagues it names."""

    note_id: UUID
    line: str
    subject_type: str
    subject_key: str
    to_person: UUID | None
    named: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class QuestionHead:
    """A question as a bank line shows it, with the newest answer in words."""

    id: UUID
    state: State
    text: str
    asked_at: datetime
    asked_by: UUID
    answered_at: datetime | None
    answer: str
    answered_by: UUID | None


@dataclass(frozen=True, slots=True)
class Question:
    """A whole question; `subjects` are (type, key) in the asker's order."""

    id: UUID
    line: str
    direction: Direction
    text: str
    chips: tuple[str, ...]
    wants_file: bool
    to_person: UUID | None
    state: State
    asked_by: UUID
    asked_at: datetime
    answered_at: datetime | None
    answered_by: UUID | None
    closed_at: datetime | None
    closed_by: UUID | None
    version: int
    subjects: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; a question may have several, none is ever changed.

    `files` is how many papers came with it; `documents` are those the reader sees, in one client.
    """

    id: UUID
    chip: str | None
    text: str
    answered_by: UUID
    answered_at: datetime
    files: int = 0
    documents: tuple[DocumentHead, ...] = ()

    @property
    def words(self) -> str:
        """Chip and text as one."""
        return " – ".join(part for part in (self.chip, self.text) if part)


@dataclass(frozen=True, slots=True)
class Note:
    """A note at a bank line, an entry or a report's cell."""

    id: UUID
    line: str
    subject_type: str
    subject_key: str
    audience: Audience
    text: str
    written_by: UUID
    written_at: datetime
    to_person: UUID | None
    done_at: datetime | None
    question_id: UUID | None

    @property
    def is_open(self) -> bool:
        """Whether something sent back still is to be put right."""
        return self.audience == "sent_back" and self.done_at is None
