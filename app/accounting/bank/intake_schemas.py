"""What the screens of statement files take in: mappings, gaps, the tray."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from app.web import forms
from connectors.catalog.bank.table_roles import Role


class ColumnForm(forms.Schema):
    """What one column means."""

    role: Role


class MappingForm(forms.Schema):
    """How a table is read; `act` shows it again or imports it."""

    columns: list[ColumnForm] = Field(min_length=1, max_length=200)
    date_order: Literal["YMD", "DMY", "MDY", "DYM"]
    decimal: Literal[".", ","]
    turned: bool = False
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    bank_account_id: UUID | None = None
    name: str | None = Field(None, max_length=100)
    act: Literal["preview", "import"] = "import"


class ExplainForm(forms.Schema):
    """Why nothing is missing before a statement."""

    why: str = Field(min_length=1, max_length=500)


class DropForm(forms.Schema):
    """Files on the desk; they do not travel as fields."""


class AssignForm(forms.Schema):
    """Where a file of the tray goes; no account chosen means a new one of that name."""

    bank_account_id: UUID | None = None
    name: str | None = Field(None, max_length=100)
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
