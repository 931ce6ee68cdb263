"""Tasks as the rest of the platform reads them, and what is told when they change hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from app.kernel import events

Kind = Literal["task", "filing", "review", "payment", "call"]
State = Literal["todo", "doing", "waiting", "review", "done", "dropped"]
TaskClass = Literal["normal", "payroll", "owner_only"]
KINDS: tuple[Kind, ...] = ("task", "filing", "review", "payment", "call")
STATES: tuple[State, ...] = ("todo", "doing", "waiting", "review", "done", "dropped")
OPEN: tuple[State, ...] = ("todo", "doing", "waiting", "review")
CLASSES: tuple[TaskClass, ...] = ("normal", "payroll", "owner_only")
TITLE_LENGTH = 200
TEXT_LENGTH = 10_000
COMMENT_LENGTH = 4_000
MOST_CHECKS = 100
CHECK_LENGTH = 300


@events.event("task.assigned")
@dataclass(frozen=True, slots=True)
class TaskAssigned:
    """A task was given to somebody: to do, or (`reviews`) to review."""

    task_id: UUID
    person_id: UUID
    by: UUID | None
    reviews: bool = False


@events.event("task.due")
@dataclass(frozen=True, slots=True)
class TaskDue:
    """A task falls due within a day, or is late and was not told before; told once a due day."""

    task_id: UUID
    person_id: UUID | None
    due_on: date


@events.event("task.mentioned")
@dataclass(frozen=True, slots=True)
class TaskMentioned:
    """Somebody was named in a comment."""

    task_id: UUID
    comment_id: UUID
    person_id: UUID
    by: UUID | None


@dataclass(frozen=True, slots=True)
class Task:
    """A task; `due_at` is the instant at which its day ends in `due_zone`; `reviewer_by` named its
    reviewer, where it has one."""

    tenant_id: UUID
    id: UUID
    line: str
    kind: Kind
    title: str
    description: str
    document_class: TaskClass
    state: State
    state_at: datetime
    due_on: date
    due_zone: str
    due_at: datetime
    assignee_id: UUID | None
    reviewer_id: UUID | None
    reviewer_by: UUID
    receipt_id: UUID | None
    repeat_id: UUID | None
    period_start: date | None
    done_at: datetime | None
    done_by: UUID | None
    made_by: UUID
    made_at: datetime
    version: int
    checks: int
    checked: int

    @property
    def is_open(self) -> bool:
        """Whether something is left to do."""
        return self.state in OPEN

    def keeps_reviewer(self, from_whom: UUID | None) -> bool:
        """Whether its reviewer stays whatever this person says: only the reviewer, whoever named
        them and whoever may change others' reviewers take one out or put another in."""
        return self.reviewer_id is not None and from_whom not in (
            self.reviewer_id,
            self.reviewer_by,
        )

    def late(self, at: datetime) -> bool:
        """Whether its day is over and it is not done."""
        return self.is_open and self.due_at <= at


@dataclass(frozen=True, slots=True)
class TaskIn:
    """What a new task says; `checklist` are its points in order."""

    title: str
    due_on: date
    line: str = "accounting"
    kind: Kind = "task"
    description: str = ""
    document_class: TaskClass = "normal"
    due_zone: str = ""
    assignee_id: UUID | None = None
    reviewer_id: UUID | None = None
    checklist: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A point of a task's checklist."""

    id: UUID
    text: str
    done_at: datetime | None
    done_by: UUID | None


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote at a task; `mentions` are the people it names."""

    id: UUID
    text: str
    mentions: tuple[UUID, ...]
    written_by: UUID
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A record that a task belongs to."""

    id: UUID
    subject_type: str
    subject_key: str
