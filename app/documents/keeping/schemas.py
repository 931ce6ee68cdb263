"""What the forms and operations of keeping take."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.documents.keeping.models import Basis, Covers, Kind, RunsFrom
from app.web import forms


class RuleForm(forms.Schema):
    """Keep papers of a kind longer; no kind is every paper."""

    kind: Kind | None = None
    years: Annotated[int, Field(ge=1, le=100)]
    runs_from: RunsFrom
    basis: Basis = "choice"
    reason: Annotated[str, Field(min_length=3, max_length=500)]


class HoldForm(forms.Schema):
    """A hold on everything or on the papers of some days."""

    title: Annotated[str, Field(min_length=3, max_length=120)]
    reason: Annotated[str, Field(min_length=5, max_length=1000)]
    covers: Covers = "client"
    from_on: date | None = None
    to_on: date | None = None
    papers: Annotated[list[UUID], Field(default_factory=list, max_length=500)]


class PapersForm(forms.Schema):
    """Papers chosen for disposal."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]
