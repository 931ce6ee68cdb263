"""Lists, their things and what was given, as the rest of the platform reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

ListState = Literal["draft", "open", "done", "withdrawn"]
ItemKind = Literal["file", "answer", "confirmation"]
ItemState = Literal["waiting", "given", "accepted", "sent_back", "dropped"]
KINDS: tuple[ItemKind, ...] = ("file", "answer", "confirmation")
MOST_ITEMS = 100
TITLE_LENGTH, HINT_LENGTH, MESSAGE_LENGTH, REASON_LENGTH = 200, 1_000, 4_000, 1_000
TO_GIVE: frozenset[str] = frozenset({"waiting", "sent_back"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing to ask for: what kind, in which words, and how to find it."""

    kind: ItemKind
    title: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RequestList:
    """A list; `items` counts its things, `accepted` and `given` those that came so far."""

    id: UUID
    line: str
    title: str
    message: str
    due_on: date | None
    to_person: UUID | None
    state: ListState
    made_by: UUID
    made_at: datetime
    sent_at: datetime | None
    closed_at: datetime | None
    version: int
    items: int
    given: int
    accepted: int

    @property
    def left(self) -> int:
        """Things that the client still has to give."""
        return self.items - self.given - self.accepted


@dataclass(frozen=True, slots=True)
class RequestItem:
    """One thing of a list; `reason` says why it was sent back."""

    id: UUID
    list_id: UUID
    line: str
    position: int
    kind: ItemKind
    title: str
    hint: str
    state: ItemState
    reason: str | None
    given_at: datetime | None
    version: int

    @property
    def to_give(self) -> bool:
        """Whether the client is to give something now."""
        return self.state in TO_GIVE


@dataclass(frozen=True, slots=True)
class Act:
    """What happened to a thing: given, accepted, sent back, asked again, handed on."""

    id: UUID
    item_id: UUID
    act: str
    text: str
    confirmed: bool | None
    document_id: UUID | None
    upload_id: UUID | None
    by_person: UUID | None
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A link that opens a list, or one thing of it; its address is worked out from its id."""

    id: UUID
    list_id: UUID
    item_id: UUID | None
    person_id: UUID | None
    address: str | None
    name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """Something given, as the holder of a link reads it; `upload` is the state of a file."""

    text: str
    confirmed: bool | None
    at: datetime
    upload: str | None
    code: str | None
    file: str | None
    mine: bool


@dataclass(frozen=True, slots=True)
class OpenedItem:
    """A thing as the holder of a link sees it; `handed_to` is whom it was handed on to last."""

    id: UUID
    kind: ItemKind
    title: str
    hint: str
    state: ItemState
    reason: str | None
    handed_to: str | None
    given: tuple[Given, ...]

    @property
    def to_give(self) -> bool:
        """Whether something is to be given now."""
        return self.state in TO_GIVE


@dataclass(frozen=True, slots=True)
class OpenedList:
    """What a link opens: the whole list, or with `whole` false one thing of it."""

    id: UUID
    state: ListState
    title: str
    message: str
    due_on: date | None
    whole: bool
    items: tuple[OpenedItem, ...]

    @property
    def left(self) -> int:
        """Things still to give."""
        return sum(1 for one in self.items if one.to_give)

    @classmethod
    def of(cls, found: dict[str, Any]) -> OpenedList:
        """From what the database's door answers."""
        due = found["due_on"]
        return cls(
            id=UUID(found["id"]),
            state=found["state"],
            title=found["title"],
            message=found["message"],
            due_on=date.fromisoformat(due) if due else None,
            whole=found["whole"],
            items=tuple(_item(one) for one in found["items"] or ()),
        )


def _item(found: dict[str, Any]) -> OpenedItem:
    given = tuple(
        Given(**(one | {"at": datetime.fromisoformat(one["at"])})) for one in found["given"]
    )
    return OpenedItem(**(found | {"id": UUID(found["id"]), "given": given}))
