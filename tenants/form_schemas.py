"""What the pages of the directory and of the provider's settings take in."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from app.web import forms
from tenants import importing


class ClientForm(forms.Schema):
    """A new client firm; blanks take what the country suggests."""

    name: str = Field(min_length=1, max_length=120)
    slug: str = Field("", max_length=40)
    legal_name: str = Field("", max_length=200)
    country: str = Field(max_length=2)
    currency: str = Field("", max_length=3)
    time_zone: str = Field("", max_length=64)
    locale: str = Field("", max_length=5)
    chart: str = Field("", max_length=40)
    fiscal_year_start_month: int = Field(1, ge=1, le=12)
    lines: list[str] = Field(default_factory=lambda: ["accounting"], max_length=10)
    serve_from: date | None = None
    serve_until: date | None = None


class FirmForm(forms.Schema):
    """What may change of a firm after its books were opened."""

    name: str = Field(min_length=1, max_length=120)
    legal_name: str = Field(min_length=1, max_length=200)
    country: str = Field(max_length=2)
    time_zone: str = Field(max_length=64)
    locale: str = Field(max_length=5)


class EngagementForm(forms.Schema):
    """A line served from a day until another."""

    line: str = Field(max_length=30)
    serve_from: date
    serve_until: date | None = None
    document_id: UUID | None = None


class EndForm(forms.Schema):
    """Ends a line for a client now."""

    line: str = Field(max_length=30)


class ProviderForm(forms.Schema):
    """The provider's face."""

    name: str = Field(min_length=1, max_length=120)
    accent: str = Field(max_length=7)
    sender_name: str = Field("", max_length=120)
    sender_address: str = Field("", max_length=254)
    remove_logo: bool = False


class ImportForm(forms.Schema):
    """The text of a checked file, sent again to be carried out."""

    text: str = Field(max_length=importing.MAX_BYTES)


class Nothing(forms.Schema):
    """An act without fields."""
