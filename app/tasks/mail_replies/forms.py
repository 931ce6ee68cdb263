"""What the forms and operations of replies send."""

from __future__ import annotations

from uuid import UUID

from pydantic import field_validator

from app.web import forms


class PlaceForm(forms.Schema):
    """The open thing that a reply answers; `confirmed` where it is a yes or no."""

    item_id: UUID
    confirmed: bool | None = None

    @field_validator("confirmed", mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        return None if value == "" else value
