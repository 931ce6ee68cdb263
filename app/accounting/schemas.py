"""What accounting takes in, for forms and for the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from app.web import forms

Code = Annotated[str, Field(max_length=20, pattern=r"^[0-9A-Za-z][0-9A-Za-z.\-]*$")]


class PostingForm(forms.Schema):
    """One row of the entry grid: an account and one of debit or credit, as typed."""

    account: str = Field(max_length=40)
    debit: str | None = Field(None, max_length=40)
    credit: str | None = Field(None, max_length=40)
    contact: str | None = Field(None, max_length=40)
    tax_code: str | None = Field(None, max_length=20)
    memo: str | None = Field(None, max_length=500)


class EntryForm(forms.Schema):
    """A journal entry in the base currency, as the grid sends it."""

    on: date
    description: str = Field(min_length=1, max_length=500)
    key: str = Field(max_length=80)
    lines: list[PostingForm] = Field(min_length=2, max_length=200)


class ReverseForm(forms.Schema):
    """The day of the reversal; none means the entry's own day or the first open one."""

    on: date | None = None


class AccountForm(forms.Schema):
    """A new account of the chart."""

    code: Code
    name: str = Field(min_length=1, max_length=200)
    type: str = Field(pattern="^(asset|liability|equity|income|expense)$")
