"""What the forms of questions and notes send."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.tasks.models import CHIP_LENGTH, TEXT_LENGTH
from app.web import forms

SubjectType = Annotated[str, Field(pattern="^[a-z][a-z_]{0,59}$")]
SubjectKey = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=TEXT_LENGTH)]


class AskForm(forms.Schema):
    """A question about one record or many; `chips` are written with commas between them."""

    subject_type: SubjectType
    keys: list[SubjectKey] = Field(min_length=1, max_length=200)
    text: Text
    chips: Annotated[str, Field(max_length=400)] = ""
    wants_file: bool = False
    together: bool = False

    def offered(self) -> list[str]:
        """The answers to choose from."""
        return [part for part in (one.strip() for one in self.chips.split(",")) if part]


class AgainForm(forms.Schema):
    """The same records with other words."""

    text: Text
    chips: Annotated[str, Field(max_length=400)] = ""


class AnswerForm(forms.Schema):
    """An answer; files come beside the fields."""

    chip: Annotated[str, Field(max_length=CHIP_LENGTH)] | None = None
    text: Text = ""


class NoteForm(forms.Schema):
    """A note at a record."""

    subject_type: SubjectType
    subject_key: SubjectKey
    text: Text
    audience: Literal["team", "sent_back", "client"] = "team"
    to_person: UUID | None = None


class ProviderForm(forms.Schema):
    """A client's question to the provider, about a record or in general."""

    subject_type: SubjectType | None = None
    subject_key: SubjectKey | None = None
    text: Text
