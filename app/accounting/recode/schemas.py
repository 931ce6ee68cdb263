"""What the screens of re-coding take in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.accounting.recode import arithmetic as recode
from app.accounting.recode.arithmetic import Change, Set
from app.web import forms

NONE = "-"
"""How a form says that a value is taken away; a blank field keeps what is there."""

MaybeId = Annotated[str, Field(max_length=36, pattern=r"^(-|[0-9a-fA-F-]{36})$")]


class PlanForm(forms.Schema):
    """The chosen lines (`entry:no`, blanks between) and what becomes of them."""

    chosen: str = Field(max_length=recode.MOST_LINES * 48)
    act: str = Field("preview", pattern="^(preview|apply)$")
    account: UUID | None = None
    tax_code: str | None = Field(None, max_length=20)
    dim1: MaybeId | None = None
    dim2: MaybeId | None = None
    contact: MaybeId | None = None
    sure: bool = False

    def change(self) -> Change:
        """The change asked for."""
        return Change(
            account_id=self.account,
            tax_code=_set(self.tax_code),
            dim1_id=_set_id(self.dim1),
            dim2_id=_set_id(self.dim2),
            counterparty_id=_set_id(self.contact),
        )


def _set(text: str | None) -> Set | None:
    if not text:
        return None
    return Set(None if text == NONE else text)


def _set_id(text: str | None) -> Set | None:
    if not text:
        return None
    return Set(None if text == NONE else UUID(text))
