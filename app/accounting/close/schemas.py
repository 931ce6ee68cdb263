"""What the close takes in from forms."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from app.web import forms


class HandInForm(forms.Schema):
    """A word for the reviewer."""

    note: str | None = Field(None, max_length=500)


class ReasonForm(forms.Schema):
    """Why a month is sent back or reopened."""

    reason: str = Field(min_length=1, max_length=500)


class CloseForm(forms.Schema):
    """Why a month is closed although checks are not met."""

    override: str | None = Field(None, max_length=500)


class ExplainForm(forms.Schema):
    """Why an account moved, and whether the client reads it."""

    account_id: UUID
    text: str = Field(min_length=1, max_length=1000)
    in_pack: bool = False


class StepForm(forms.Schema):
    """A step of the client's own list."""

    title: str = Field(min_length=1, max_length=200)
    only_once: bool = False


class TickForm(forms.Schema):
    """A tick, or taking it back, with a word."""

    done: bool
    note: str | None = Field(None, max_length=500)


class AssignForm(forms.Schema):
    """Whose the month is and by when."""

    owner: str = Field("keep", pattern="^(keep|me|nobody)$")
    due_on: date | None = None
    version: int = Field(ge=0, lt=2**31)


class PlanForm(forms.Schema):
    """How this client's months are closed; the amount as typed, in the base currency."""

    due_days: int = Field(ge=0, le=120)
    owner: str = Field("keep", pattern="^(keep|me|nobody)$")
    change_percent: int = Field(ge=0, le=1000)
    change_amount: str = Field(max_length=40)
    version: int = Field(ge=0, lt=2**31)
