"""What the forms of time send."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.tasks.time.models import NOTE_LENGTH
from app.web import forms

Slug = Annotated[str, Field(max_length=80)]
Note = Annotated[str, Field(max_length=NOTE_LENGTH)]


class StartForm(forms.Schema):
    """Where the clock starts, and on what."""

    client: Slug
    line: Annotated[str, Field(max_length=40)] = "accounting"
    subject_type: Annotated[str, Field(pattern="^[a-z][a-z_]{0,59}$")] | None = None
    subject_key: Annotated[str, Field(max_length=200)] | None = None
    note: Note = ""


class EntryForm(forms.Schema):
    """Time by hand: a length, or from when until when."""

    client: Slug
    day: date
    length: Annotated[str, Field(max_length=10)] = ""
    begins: time | None = None
    ends: time | None = None
    note: Note = ""
    billable: bool = False


class ChangeForm(forms.Schema):
    """An entry as it should be."""

    day: date
    begins: time
    ends: time
    note: Note = ""
    billable: bool = False
    version: int


class SplitForm(forms.Schema):
    """Where an entry is cut in two."""

    at: time


class WeekForm(forms.Schema):
    """A week, by its Monday."""

    week: date


class DecideForm(forms.Schema):
    """Somebody's week, and why it is sent back."""

    week: date
    person_id: UUID
    reason: Annotated[str, Field(max_length=500)] = ""


class LockForm(forms.Schema):
    """Up to which day approved hours are locked."""

    until: date


class RateForm(forms.Schema):
    """What an hour of somebody costs from a day on."""

    person_id: UUID
    valid_from: date
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    per_hour: Annotated[str, Field(max_length=20)]
