"""The close of months over the API: what is left, and every act of the close page."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.accounting.close import checks as close_checks
from app.accounting.close import commands as close_commands
from app.accounting.close import queries as close_queries
from app.api import Api
from app.api.schema import In, MinorUnits, Out

api = Api("accounting_close")
Period = Annotated[int, Field(ge=190001, le=220112)]
Words = Annotated[str, Field(max_length=500)]


class CheckOut(Out):
    """A check of the month: `left` things are left, a blocking one keeps the month open."""

    key: str
    title: str
    severity: str
    left: int


class ChangeOut(Out):
    """An unusual change, in minor units of the base currency, and why it is so."""

    account_id: UUID
    code: str
    name: str
    month_minor: MinorUnits
    usual_minor: MinorUnits
    explained: bool
    explanation: str | None


class StepOut(Out):
    """A step of the client's own list."""

    id: UUID
    title: str
    done: bool
    note: str | None


class CloseOut(Out):
    """The close of a month as it stands."""

    period_id: int
    starts: dt.date
    ends: dt.date
    state: str
    due_on: dt.date | None
    owner_id: UUID | None
    handed_in_by: UUID | None
    closed_by: UUID | None
    checks: list[CheckOut]
    changes: list[ChangeOut]
    steps: list[StepOut]


class NoteIn(In):
    """A word for the reviewer."""

    note: Words = ""


class ReasonIn(In):
    """Why a month is sent back or reopened."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class CloseIn(In):
    """Why a month is closed although checks are not met; wants accounting.close_override."""

    override: Words = ""


class ExplainIn(In):
    """Why an account moved, and whether the client reads it in the report."""

    account_id: UUID
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    in_pack: bool = False


class StepIn(In):
    """A new step, from this month on or in this month only."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    only_once: bool = False


class TickIn(In):
    """A tick, or taking it back."""

    done: bool = True
    note: Words | None = None


class MadeOut(Out):
    """The id of what was made."""

    id: UUID


def _out(period_id: int) -> CloseOut:
    month = close_queries.month(period_id)
    return CloseOut(
        period_id=month.period_id,
        starts=month.starts,
        ends=month.ends,
        state=month.state,
        due_on=month.due_on,
        owner_id=month.owner_id,
        handed_in_by=month.handed_in_by,
        closed_by=month.closed_by,
        checks=[
            CheckOut(
                key=one.check.key,
                title=str(one.check.title),
                severity=one.check.severity,
                left=one.n,
            )
            for one in close_checks.results(period_id)
        ],
        changes=[
            ChangeOut(
                account_id=one.change.account_id,
                code=one.change.code,
                name=one.change.name,
                month_minor=one.change.month_minor,
                usual_minor=one.change.usual_minor,
                explained=one.explained,
                explanation=one.explanation.text if one.explanation else None,
            )
            for one in close_queries.unusual_changes(month)
        ],
        steps=[
            StepOut(id=one.id, title=one.title, done=one.done, note=one.note)
            for one in close_queries.steps(month)
        ],
    )


_AT = "/clients/<client>/close/<int:period_id>"


@api.get(_AT, needs="accounting.read", response=CloseOut, summary="Close of a month")
def show(period_id: int) -> object:
    """Checks with what is left, unusual changes, own steps, state and people."""
    return _out(period_id)


@api.post(
    f"{_AT}/review",
    needs="accounting.post",
    request=NoteIn,
    response=CloseOut,
    summary="Hand a month in for review",
)
def review(period_id: int, body: NoteIn) -> object:
    """Puts an open month in review."""
    close_commands.hand_in(period_id=period_id, note=body.note)
    return _out(period_id)


@api.post(
    f"{_AT}/send-back",
    needs="accounting.close",
    request=ReasonIn,
    response=CloseOut,
    summary="Send a month back",
)
def send_back(period_id: int, body: ReasonIn) -> object:
    """Gives a month in review back, with the reason."""
    close_commands.send_back(period_id=period_id, reason=body.reason)
    return _out(period_id)


@api.post(
    f"{_AT}/close",
    needs="accounting.close",
    request=CloseIn,
    response=CloseOut,
    summary="Close a month",
)
def close(period_id: int, body: CloseIn) -> object:
    """Closes a month in review as a second person; 409 `approval-needed` by a rule."""
    close_commands.close(period_id=period_id, override=body.override)
    return _out(period_id)


class AskedOut(Out):
    """The approval that the close waits for; null where nothing has to be approved."""

    approval_id: UUID | None


@api.post(
    f"{_AT}/approval",
    needs="accounting.close",
    response=AskedOut,
    summary="Send the close of a month for approval",
)
def ask_close(period_id: int) -> object:
    """Of its entries as they stand; asked again after a change, decisions begin anew."""
    return {"approval_id": close_commands.ask_close(period_id=period_id)}


@api.post(
    f"{_AT}/reopen",
    needs="accounting.reopen",
    request=ReasonIn,
    response=CloseOut,
    summary="Reopen a month",
)
def reopen(period_id: int, body: ReasonIn) -> object:
    """Opens a closed month again; the reason is kept."""
    close_commands.reopen(period_id=period_id, reason=body.reason)
    return _out(period_id)


@api.post(
    f"{_AT}/explain",
    needs="accounting.post",
    request=ExplainIn,
    response=CloseOut,
    summary="Explain an unusual change",
)
def explain(period_id: int, body: ExplainIn) -> object:
    """Says why an account moved unusually."""
    close_commands.explain(
        period_id=period_id, account_id=body.account_id, text=body.text, in_pack=body.in_pack
    )
    return _out(period_id)


@api.post(
    f"{_AT}/steps",
    needs="accounting.post",
    request=StepIn,
    response=MadeOut,
    status=201,
    summary="Add a step",
)
def add_step(period_id: int, body: StepIn) -> object:
    """Adds a step to the client's own list."""
    made = close_commands.add_step(period_id=period_id, title=body.title, only_once=body.only_once)
    return MadeOut(id=made)


@api.post(
    f"{_AT}/steps/<uuid:step_id>",
    needs="accounting.post",
    request=TickIn,
    response=CloseOut,
    summary="Tick a step",
)
def tick(period_id: int, step_id: UUID, body: TickIn) -> object:
    """Ticks a step of the month, or takes the tick back."""
    close_commands.tick(period_id=period_id, step_id=step_id, done=body.done, note=body.note)
    return _out(period_id)
