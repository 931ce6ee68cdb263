"""Many questions at once: taken back or reminded of, with one way back each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import undo
from app.kernel.db import session

METER = "question"
UNDO_WITHDRAW = "questions.withdraw"
UNDO_REMIND = "questions.remind"
MOST = 200


def withdraw(ids: Sequence[UUID]) -> list[UUID]:
    """Takes those back that wait for the client; the answered and ended stay. Returns them."""
    found = _waiting(ids)
    session.execute(_WITHDRAW, {"ids": found})
    session.execute(_VOID, {"ids": found})
    return found


def remind(ids: Sequence[UUID]) -> list[UUID]:
    """Puts those that wait for the client into the next day's mail. Returns them."""
    found = _waiting(ids)
    session.execute(_REMIND, {"ids": found})
    return found


def states(ids: Sequence[UUID]) -> dict[UUID, str]:
    """How those of them stand that the reader sees."""
    found = session.execute(_STATES, {"ids": list(ids)[:MOST]})
    return {row.id: row.state for row in found}


def offer_back(kind: str, ids: Sequence[UUID]) -> UUID:
    """The way back from UNDO_WITHDRAW or UNDO_REMIND."""
    return undo.offer(kind, {"questions": [str(one) for one in ids]})


@undo.handler(UNDO_WITHDRAW)
def _wait_again(args: dict[str, Any]) -> None:
    ids = [UUID(one) for one in args["questions"]]
    back = list(session.execute(_WAIT_AGAIN, {"ids": ids}).scalars())
    session.execute(_COUNT, {"ids": back, "meter": METER})


@undo.handler(UNDO_REMIND)
def _forget_reminder(args: dict[str, Any]) -> None:
    session.execute(_FORGET, {"ids": [UUID(one) for one in args["questions"]]})


def _waiting(ids: Sequence[UUID]) -> list[UUID]:
    """Those of them that wait for the client, locked in one order for everybody."""
    return list(session.execute(_LOCK, {"ids": list(ids)[:MOST]}).scalars())


_THESE = "tenant_id = (select guard.tenant_id()) and id = any(cast(:ids as uuid[]))"
_LOCK = sa.text(
    f"select id from app.question where {_THESE} and state = 'waiting'"
    " and direction = 'to_client' order by id for update"
)
_STATES = sa.text(f"select id, state from app.question where {_THESE}")
_WITHDRAW = sa.text(
    "update app.question set state = 'withdrawn', closed_at = now(),"
    f" closed_by = (select guard.user_id()), version = version + 1 where {_THESE}"
)
_WAIT_AGAIN = sa.text(
    "update app.question set state = 'waiting', closed_at = null, closed_by = null,"
    f" version = version + 1 where {_THESE} and state = 'withdrawn' and answered_at is null"
    " returning id"
)
_REMIND = sa.text(
    f"update app.question set reminded_at = now(), version = version + 1 where {_THESE}"
)
_FORGET = sa.text(
    f"update app.question set reminded_at = null, version = version + 1 where {_THESE}"
    " and state = 'waiting'"
)
_VOID = sa.text(
    "select app.void_usage(array(select 'question:' || q.id"
    " from unnest(cast(:ids as uuid[])) q(id)), 'withdrawn')"
)
_COUNT = sa.text(
    "select app.record_usage(:meter, 1, 'question', 'question:' || id, 'question', id, '', line,"
    f" null) from app.question where {_THESE}"
)
