"""What the screens of contacts and open items take in."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.web import forms

KIND = "^(customer|supplier|employee|authority|other)$"
Key = Annotated[str, Field(max_length=48, pattern=r"^[0-9a-fA-F-]{36}:[0-9]{1,5}$")]


class ContactForm(forms.Schema):
    """A contact as its form sends it."""

    name: str = Field(min_length=1, max_length=200)
    kind: str = Field("other", pattern=KIND)
    account: UUID | None = None
    terms_days: int = Field(0, ge=0, le=730)
    version: int = Field(0, ge=0, lt=2**31)


class AliasForm(forms.Schema):
    """What else a contact is known as."""

    alias_kind: str = Field(pattern="^(iban|name|token)$")
    value: str = Field(min_length=1, max_length=200)


class MergeForm(forms.Schema):
    """Who a contact turned out to be."""

    into: UUID


class SettleForm(forms.Schema):
    """Open items to settle with each other (`entry:no`), and how much where it is not all."""

    items: list[Key] = Field(min_length=2, max_length=200)
    amount: str | None = Field(None, max_length=40)
    on: date | None = None
    difference: UUID | None = None


class ItemForm(forms.Schema):
    """When an open item falls due and what it is known by."""

    due_on: date
    reference: str = Field("", max_length=500)
