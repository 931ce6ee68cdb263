"""Bulk re-coding over the API: preview, apply, look, undo."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.accounting.recode import arithmetic as recode
from app.accounting.recode import commands as recode_commands
from app.accounting.recode import queries as recode_queries
from app.accounting.recode.arithmetic import Change
from app.api import Api
from app.api.schema import In, MinorUnits, Out
from app.kernel.errors import Invalid

api = Api("accounting_recode")


class LineIn(In):
    """A posting of an entry."""

    entry_id: UUID
    no: Annotated[int, Field(ge=1, le=2000)]


class FilterIn(In):
    """All lines that fit, at most 2,000."""

    account_id: UUID | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    counterparty_id: UUID | None = None
    text: Annotated[str, Field(max_length=200)] | None = None
    amount_from: Annotated[int, Field(ge=0)] | None = None
    amount_to: Annotated[int, Field(ge=0)] | None = None
    tax_code: Annotated[str, Field(max_length=20)] | None = None
    dimension_id: UUID | None = None
    journal: Annotated[str, Field(max_length=10)] | None = None


class ChangeIn(In):
    """What becomes of the lines: fields left out stay, null takes a value away."""

    account_id: UUID | None = None
    tax_code: Annotated[str, Field(max_length=20)] | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None
    counterparty_id: UUID | None = None

    def change(self) -> Change:
        """Only what was sent."""
        sent = {
            name: recode.Set(getattr(self, name)) for name in self.model_fields_set - {"account_id"}
        }
        return Change(account_id=self.account_id, **sent)


class RecodeIn(In):
    """Lines by name or by filter, and what becomes of them."""

    lines: Annotated[list[LineIn], Field(max_length=2000)] | None = None
    filter: FilterIn | None = None
    change: ChangeIn

    def chosen(self) -> dict[UUID, list[int]]:
        """The lines."""
        if (self.lines is None) == (self.filter is None):
            raise Invalid.of("lines", "recode-lines-or-filter")
        if self.filter is None:
            return recode_commands.chosen_of((one.entry_id, one.no) for one in self.lines or ())
        wanted = recode_queries.LineFilter(**self.filter.model_dump())
        found = recode_queries.lines(wanted, limit=recode.MOST_LINES)
        if found.next:
            raise Invalid("too-many-selected", most=recode.MOST_LINES)
        return recode_commands.chosen_of((one.entry_id, one.no) for one in found.rows)


class RefusedOut(Out):
    """A line that stays as it is, and the code of the reason."""

    entry_id: UUID
    no: int
    code: str


class EffectOut(Out):
    """A figure before and after, in minor units of the base currency."""

    account_id: UUID
    code: str
    name: str
    report: str
    before: MinorUnits
    after: MinorUnits


class PreviewOut(Out):
    """What re-coding would do."""

    lines: int
    refused: list[RefusedOut]
    effects: list[EffectOut]
    profit_before: MinorUnits
    profit_after: MinorUnits


@api.post(
    "/clients/<client>/recodings/preview",
    needs="accounting.post",
    request=RecodeIn,
    response=PreviewOut,
    summary="What re-coding would change in the reports",
)
def preview(body: RecodeIn) -> object:
    """Changes nothing."""
    plan = recode_commands.planned(body.chosen(), body.change.change())
    found = recode_queries.effects(plan)
    return {
        "lines": plan.lines,
        "refused": plan.refused,
        "effects": [*found.profit_and_loss, *found.balance_sheet] if found else [],
        "profit_before": found.profit_before if found else 0,
        "profit_after": found.profit_after if found else 0,
    }


class RecodingOut(Out):
    """An act of re-coding; refused holds {entry, no, code}."""

    id: UUID
    state: str
    lines: int
    lines_done: int
    refused: list[dict[str, Any]]
    job_id: UUID | None


@api.post(
    "/clients/<client>/recodings",
    needs="accounting.post",
    request=RecodeIn,
    response=RecodingOut,
    status=201,
    summary="Re-code many lines in one go",
)
def recode_lines(body: RecodeIn) -> object:
    """Up to 2,000 lines; what cannot be is listed with its reason. Many go to a job."""
    done = recode_commands.apply(chosen=body.chosen(), change=body.change.change())
    return recode_queries.batch(done.id)


@api.get(
    "/clients/<client>/recodings/<uuid:recode_id>",
    needs="accounting.post",
    response=RecodingOut,
    summary="One act of re-coding",
)
def recoding(recode_id: UUID) -> object:
    """How far it is and what was refused."""
    return recode_queries.batch(recode_id)


@api.post(
    "/clients/<client>/recodings/<uuid:recode_id>/undo",
    needs="accounting.post",
    response=RecodingOut,
    summary="Take a whole re-coding back",
)
def undo_recoding(recode_id: UUID) -> object:
    """All of it or nothing."""
    recode_commands.undo(recode_id)
    return recode_queries.batch(recode_id)
