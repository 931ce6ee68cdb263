"""Replies over the API: read what waits, place it, put it aside."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api import Api, In, Out, Page, PageRequest
from app.kernel import undo
from app.tasks.mail_replies import commands, queries

api = Api("mail_replies")
ASK = "request.ask"
_AT = "/clients/<client>/mail-replies"


class ReplyOut(Out):
    """A reply to one of our mails that waits to be placed; `documents` came with it."""

    id: UUID
    line: str
    person_id: UUID | None
    name: str
    text: str
    documents: list[UUID]
    state: str
    came_at: datetime
    version: int


class PlaceIn(In):
    """The open thing of a list, or the question, that a reply answers."""

    item_id: UUID
    confirmed: Annotated[
        bool | None, Field(description="What it says, where yes or no is asked")
    ] = None


class PlacedOut(ReplyOut):
    """A reply that was placed; `undo` is the token of the way back."""

    undo: UUID


class AsideOut(Out):
    """The token of the way back."""

    undo: UUID


@api.get(_AT, needs=ASK, response=ReplyOut, paged=True, summary="Replies to be placed")
def mail_replies(page: PageRequest) -> Page[Any]:
    """Replies that answer no single thing by themselves, the oldest first."""
    found = queries.to_place(after=page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.post(
    f"{_AT}/<uuid:reply_id>/place",
    needs=ASK,
    request=PlaceIn,
    response=PlacedOut,
    summary="Place a reply",
)
def place_mail_reply(reply_id: UUID, body: PlaceIn) -> object:
    """Gives a reply for an open thing, in the name of whom it came from."""
    token = commands.place_at(reply_id, item_id=body.item_id, confirmed=body.confirmed)
    return asdict(queries.one(reply_id)) | {"undo": token}


@api.post(
    f"{_AT}/<uuid:reply_id>/put-aside", needs=ASK, response=AsideOut, summary="Put a reply aside"
)
def put_mail_reply_aside(reply_id: UUID) -> object:
    """Puts a reply aside that answers nothing."""
    return AsideOut(undo=commands.put_aside(reply_id))


@api.post(
    f"{_AT}/undo/<uuid:token>",
    needs=ASK,
    status=204,
    summary="Take the placing or putting aside of a reply back",
)
def take_mail_reply_back(token: UUID) -> None:
    """Once, within a day: what it gave is gone and it waits again; 404 `undo-not-possible` later.

    409 `mail-reply-taken-up` where what it was placed at was accepted, settled or ended since.
    """
    undo.take(token)
