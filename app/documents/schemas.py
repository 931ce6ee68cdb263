"""What the forms of papers send."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

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
