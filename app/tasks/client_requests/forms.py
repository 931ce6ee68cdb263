"""What the forms of lists send."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, field_validator

from app.tasks.client_requests.models import (
    HINT_LENGTH,
    MESSAGE_LENGTH,
    REASON_LENGTH,
    TITLE_LENGTH,
    ItemKind,
    RequestItem,
    Wanted,
)
from app.web import forms

Lines = Annotated[str, Field(max_length=20_000)]


class ListForm(forms.Schema):
    """A list: what is wanted stands one a line, a hint behind a bar: `Bank contract | page 1`."""

    title: Annotated[str, Field(max_length=TITLE_LENGTH)]
    message: Annotated[str, Field(max_length=MESSAGE_LENGTH)] = ""
    due_on: date | None = None
    line: Annotated[str, Field(max_length=40)] = ""
    files: Lines = ""
    answers: Lines = ""
    confirmations: Lines = ""
    version: int | None = None
    send: bool = False

    @field_validator("due_on", "version", mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        return None if value == "" else value

    def wanted(self) -> list[Wanted]:
        """What is asked for, files first."""
        return [
            *_wanted("file", self.files),
            *_wanted("answer", self.answers),
            *_wanted("confirmation", self.confirmations),
        ]


class AddForm(forms.Schema):
    """One thing more."""

    kind: ItemKind = "file"
    title: Annotated[str, Field(max_length=TITLE_LENGTH)]
    hint: Annotated[str, Field(max_length=HINT_LENGTH)] = ""


class SendBackForm(forms.Schema):
    """Why something is sent back."""

    reason: Annotated[str, Field(max_length=REASON_LENGTH)]


class GiveForm(forms.Schema):
    """What is given for one thing; files come beside the fields."""

    text: Annotated[str, Field(max_length=MESSAGE_LENGTH)] = ""
    confirmed: bool | None = None


class HandOnForm(forms.Schema):
    """The colleague one thing is handed on to."""

    address: Annotated[str, Field(max_length=254)]
    name: Annotated[str, Field(max_length=200)] = ""


class AcceptForm(forms.Schema):
    """The things that are accepted."""

    ids: list[UUID] = Field(min_length=1, max_length=200)


def lines_of(items: list[RequestItem], kind: str) -> str:
    """The things of a kind as the form writes them."""
    return "\n".join(
        f"{one.title} | {one.hint}" if one.hint else one.title for one in items if one.kind == kind
    )


def _wanted(kind: ItemKind, text: str) -> list[Wanted]:
    found = []
    for line in text.splitlines():
        title, _bar, hint = line.partition("|")
        if title.strip():
            found.append(Wanted(kind, title.strip(), hint.strip()))
    return found
