"""What the bank screens take in."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from app.web import forms


class AccountForm(forms.Schema):
    """A new bank account; without `account_id` its account in the books is made too."""

    number: str = Field(min_length=1, max_length=60)
    name: str = Field(min_length=1, max_length=100)
    currency: str = Field(pattern="^[A-Z]{3}$")
    account_id: UUID | None = None


class NameForm(forms.Schema):
    """Another name for a bank account; `version` is what the person saw."""

    name: str = Field(min_length=1, max_length=100)
    version: int = Field(ge=1, lt=2**31)


class ChoiceForm(forms.Schema):
    """Which bank account an unknown number of a file is; none chosen means make one."""

    number: str | None = Field(None, max_length=60)
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    bank_account_id: UUID | None = None
    name: str | None = Field(None, max_length=100)
    new_currency: str | None = Field(None, pattern="^[A-Z]{3}$")


class UploadForm(forms.Schema):
    """A statement file; the file itself does not travel as a field."""


class BookForm(forms.Schema):
    """How a bank line is booked; `version` is what the person saw."""

    version: int = Field(ge=1, lt=2**31)
    account: str = Field(min_length=1, max_length=40)
    contact: UUID | None = None
    tax_code: str | None = Field(None, max_length=20)
    memo: str | None = Field(None, max_length=500)
    rate: str | None = Field(None, max_length=30)


class RateForm(forms.Schema):
    """An exchange rate from a day on."""

    currency: str = Field(pattern="^[A-Z]{3}$")
    on: date = Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))
    rate: str = Field(min_length=1, max_length=30)
