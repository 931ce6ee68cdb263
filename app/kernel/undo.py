"""Undo: a person's own way back from what they just did, for a day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import db
from app.kernel.errors import NotFound

Back = Callable[[dict[str, Any]], None]
_handlers: dict[str, Back] = {}
_OFFER = sa.text(
    "insert into app.undo_token (tenant_id, owner_id, kind, args, expires_at) values"
    " ((select guard.tenant_id()), (select guard.user_id()), :kind, :args,"
    " now() + interval '24 hours') returning id"
).bindparams(sa.bindparam("args", type_=JSONB))
_OFFERED = sa.text(
    "select id from app.undo_token where owner_id = (select guard.user_id()) and kind = :kind"
    " and args @> :args and taken_at is null and expires_at > now() order by id desc limit 1"
).bindparams(sa.bindparam("args", type_=JSONB))
_ARGUMENTS = sa.text(
    "select args from app.undo_token where id = :id and kind = :kind and taken_at is null"
    " and expires_at > now()"
)
_TAKE = sa.text(
    "update app.undo_token set taken_at = now() where id = :id and taken_at is null"
    " and expires_at > now() returning kind, args"
)


def handler(kind: str) -> Callable[[Back], Back]:
    """Declares how one kind of act is undone; it runs in the transaction of `take`."""

    def declare(back: Back) -> Back:
        _handlers[kind] = back
        return back

    return declare


def offer(kind: str, args: dict[str, Any]) -> UUID:
    """Offers the acting person a way back; the token goes into the toast."""
    if kind not in _handlers:
        raise KeyError(f"nothing undoes {kind}")
    made: UUID = db.session.execute(_OFFER, {"kind": kind, "args": args}).scalar_one()
    return made


def offered(kind: str, args: dict[str, Any]) -> UUID | None:
    """The acting person's newest way back of this kind, with these among its arguments, if any."""
    found: UUID | None = db.session.execute(_OFFERED, {"kind": kind, "args": args}).scalar()
    return found


def arguments(token: UUID, kind: str) -> dict[str, Any]:
    """What a way back of this kind was offered with; raises NotFound as `take` does."""
    found: dict[str, Any] | None = db.session.execute(
        _ARGUMENTS, {"id": token, "kind": kind}
    ).scalar()
    if found is None:
        raise NotFound("undo-not-possible")
    return found


def take(token: UUID) -> str:
    """Goes back, once; returns the kind. Raises NotFound for a used, old or foreign token."""
    row = db.session.execute(_TAKE, {"id": token}).first()
    if row is None or row.kind not in _handlers:
        raise NotFound("undo-not-possible")
    _handlers[row.kind](row.args)
    return str(row.kind)
