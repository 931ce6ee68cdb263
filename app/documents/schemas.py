"""What the forms of papers send."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from app.web import forms

DocumentClass = Literal["normal", "payroll", "owner_only"]
SubjectType = Annotated[str, Field(pattern="^[a-z][a-z_]{0,59}$")]


class UploadForm(forms.Schema):
    """New papers; the files come beside the fields."""

    document_class: DocumentClass = "normal"
    line: Annotated[str, Field(pattern="^[a-z][a-z_]{1,29}$")] | None = None


class AttachForm(forms.Schema):
    """Files for one record."""

    subject_type: SubjectType
    subject_id: UUID


class ClassForm(forms.Schema):
    """Another class."""

    document_class: DocumentClass


class SnapForm(forms.Schema):
    """Photos of receipts; nothing but files."""


class ReplaceForm(forms.Schema):
    """A new version of a paper; the file comes beside the fields."""


def _month(value: object) -> object:
    """A month as the browser writes it, as its first day."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}", value):
        return f"{value}-01"
    return value


class OrganiseForm(forms.Schema):
    """What is set on the chosen papers; what is empty stays as it is."""

    ids: list[UUID]
    type: Annotated[str, Field(pattern="^[a-z_]{1,30}$")] | None = None
    period: Annotated[date, BeforeValidator(_month)] | None = None
    counterparty: Annotated[str, Field(max_length=200)] | None = None
    add_tags: Annotated[str, Field(max_length=600)] = ""
    remove_tags: Annotated[str, Field(max_length=600)] = ""


class AddressForm(forms.Schema):
    """A new address, or with `end` none."""

    end: Literal["1"] | None = None


class ShareForm(forms.Schema):
    """A link to a paper: for how many days, how often, and for whom."""

    days: Annotated[int, Field(ge=1, le=30)] = 7
    most_views: Annotated[int, Field(ge=1, le=10_000)] | None = None
    label: Annotated[str, Field(max_length=200)] = ""


class EndShareForm(forms.Schema):
    """The link that ends."""

    share_id: UUID


class VisitForm(forms.Schema):
    """The look that a download belongs to."""

    visit: UUID | None = None


class KeyForm(forms.Schema):
    """Asks that a key is destroyed, by writing the client's name."""

    name: Annotated[str, Field(max_length=200)] = ""
