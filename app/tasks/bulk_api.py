"""Many questions at once over the API: reminded of and taken back, with what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.api import Api
from app.api.schema import In, Out
from app.kernel import undo
from app.tasks import questions_bulk

api = Api("many_questions")


class QuestionsIn(In):
    """The questions meant, 1 to 200; more are sent in several calls."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=questions_bulk.MOST)]


class OutcomeOut(Out):
    """What became of one question.

    `done`, `unchanged` (it does not wait for the client, `state` says why) or `unknown` here.
    """

    id: UUID
    result: Literal["done", "unchanged", "unknown"]
    state: str | None


class OutcomesOut(Out):
    """One item for each id that was sent, in that order; `undo` takes all that was done back."""

    done: int
    undo: UUID | None
    items: list[OutcomeOut]


def _outcomes(
    asked: Sequence[UUID], act: Callable[[Sequence[UUID]], list[UUID]], kind: str
) -> dict[str, object]:
    done = set(act(asked))
    states = questions_bulk.states(asked)
    items = [
        {"id": one, "result": _result(one, done, states), "state": states.get(one)} for one in asked
    ]
    token = questions_bulk.offer_back(kind, sorted(done)) if done else None
    return {"done": len(done), "undo": token, "items": items}


def _result(one: UUID, done: set[UUID], states: dict[UUID, str]) -> str:
    if one in done:
        return "done"
    return "unchanged" if one in states else "unknown"


@api.post(
    "/clients/<client>/questions/remind",
    needs="request.ask",
    request=QuestionsIn,
    response=OutcomesOut,
    summary="Remind the client of many questions",
)
def remind_questions(body: QuestionsIn) -> object:
    """Puts those that still wait into the next day's mail; the others stay as they are."""
    return _outcomes(body.ids, questions_bulk.remind, questions_bulk.UNDO_REMIND)


@api.post(
    "/clients/<client>/questions/withdraw",
    needs="request.ask",
    request=QuestionsIn,
    response=OutcomesOut,
    summary="Take many questions back",
)
def withdraw_questions(body: QuestionsIn) -> object:
    """Takes back those that nobody has answered; the others stay as they are."""
    return _outcomes(body.ids, questions_bulk.withdraw, questions_bulk.UNDO_WITHDRAW)


@api.post(
    "/clients/<client>/questions/undo/<uuid:token>",
    needs="request.ask",
    status=204,
    summary="Take an act on many questions back",
)
def take_questions_back(token: UUID) -> None:
    """Once, within a day; 404 `undo-not-possible` afterwards."""
    undo.take(token)
