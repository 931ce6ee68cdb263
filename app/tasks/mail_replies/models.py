"""Replies and the open things that they may answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

TEXT_LENGTH = 4_000
ReplyState = Literal["to_place", "placed", "put_aside", "automated", "held"]
TargetType = Literal["question", "request_item"]


@dataclass(frozen=True, slots=True)
class MailReply:
    """A reply that came: whose it is, their words, and the papers that came with it.

    `paper_id` is the whole message; what a reply was placed at is `item_type` and `item_id`, of a
    question with the answer that it became.
    """

    id: UUID
    line: str
    person_id: UUID | None
    name: str
    text: str
    documents: list[UUID]
    state: ReplyState
    came_at: datetime
    version: int
    paper_id: UUID | None
    item_type: TargetType | None
    item_id: UUID | None
    answer_id: UUID | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What somebody did with a reply, and the token of their way back; `title` of where it is."""

    reply_id: UUID
    name: str
    text: str
    title: str | None
    undo: UUID


@dataclass(frozen=True, slots=True)
class Target:
    """An open thing that a reply may answer; `kind` is question, file, answer or confirmation."""

    type: TargetType
    id: UUID
    line: str
    kind: str
    title: str
    list_id: UUID | None
    wants_file: bool

    def takes(self, *, text: str, files: int) -> bool:
        """Whether a reply alone says all that this thing needs."""
        if self.kind == "question":
            return bool(text or files)
        if self.kind == "file":
            return files > 0
        return self.kind == "answer" and bool(text)


def fitting(targets: list[Target], *, text: str, files: int) -> Target | None:
    """The one thing that a reply answers; None where somebody has to look.

    The only open thing takes it. Of several, the only one that wants files takes what came with
    files: a question may want one just as a thing of a list.
    """
    if len(targets) == 1:
        return targets[0] if targets[0].takes(text=text, files=files) else None
    wanting = [one for one in targets if one.wants_file]
    return wanting[0] if files and len(wanting) == 1 else None
