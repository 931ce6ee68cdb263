"""Lists over the API: write, send, read, accept, send back, remind, withdraw."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.api import Api, In, Out, Page, PageRequest
from app.kernel import undo
from app.tasks.client_requests import commands, lines, links, queries, secrets
from app.tasks.client_requests.models import (
    HINT_LENGTH,
    MESSAGE_LENGTH,
    REASON_LENGTH,
    TITLE_LENGTH,
    ItemKind,
    Wanted,
)

api = Api("client_requests")
READ, ASK = "document.read", "request.ask"
EVERY = ("draft", "open", "done", "withdrawn")
_AT = "/clients/<client>/request-lists"


class WantedIn(In):
    """One thing to ask for."""

    kind: ItemKind = "file"
    title: Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH)]
    hint: Annotated[str, Field(max_length=HINT_LENGTH)] = ""


class ListIn(In):
    """A list; with `send` the client sees it at once, else it is a draft.

    `line` is a service line that the caller may write in; without one the first of them.
    """

    title: Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH)]
    message: Annotated[str, Field(max_length=MESSAGE_LENGTH)] = ""
    due_on: date | None = None
    line: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    items: Annotated[list[WantedIn], Field(min_length=1, max_length=100)]
    send: bool = False


class DraftIn(In):
    """A draft as it is to be; `version` is the one that the caller read."""

    title: Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH)]
    message: Annotated[str, Field(max_length=MESSAGE_LENGTH)] = ""
    due_on: date | None = None
    items: Annotated[list[WantedIn], Field(min_length=1, max_length=100)]
    version: int


class ListQuery(In):
    """Which lists."""

    state: Literal["draft", "open", "done", "withdrawn"] | None = None


class ItemOut(Out):
    """One thing of a list."""

    id: UUID
    position: int
    kind: ItemKind
    title: str
    hint: str
    state: str
    reason: str | None
    given_at: datetime | None
    version: int


class ListHeadOut(Out):
    """A list with how far it came."""

    id: UUID
    line: str
    title: str
    message: str
    due_on: date | None
    state: str
    made_by: UUID
    made_at: datetime
    sent_at: datetime | None
    closed_at: datetime | None
    version: int
    items: int
    given: int
    accepted: int


class ListOut(Out):
    """A list with its things."""

    head: ListHeadOut
    things: list[ItemOut]


class ReasonIn(In):
    """Why something is sent back."""

    reason: Annotated[str, Field(min_length=1, max_length=REASON_LENGTH)]


class UndoOut(Out):
    """What was done, with the token of the way back."""

    undo: UUID


class LinkOut(Out):
    """A link that opens just one list, without a password, until `expires_at`."""

    url: str
    expires_at: datetime


@api.get(_AT, needs=READ, query=ListQuery, response=ListHeadOut, paged=True, summary="Lists")
def request_lists(query: ListQuery, page: PageRequest) -> Page[Any]:
    """Lists of the client, the newest first."""
    states = (query.state,) if query.state else EVERY
    found = queries.lists(states=states, after=page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.get(f"{_AT}/<uuid:list_id>", needs=READ, response=ListOut, summary="A list")
def request_list(list_id: UUID) -> object:
    """One list with its things."""
    return one_list(list_id)


@api.post(_AT, needs=ASK, request=ListIn, response=ListOut, status=201, summary="Write a list")
def write_request_list(body: ListIn) -> object:
    """Writes a list, and sends it where `send` says so."""
    made = commands.write(
        line=lines.chosen(body.line),
        title=body.title,
        wanted=[Wanted(one.kind, one.title, one.hint) for one in body.items],
        message=body.message,
        due_on=body.due_on,
    )
    if body.send:
        commands.send(made, version=1)
    return one_list(made)


@api.put(
    f"{_AT}/<uuid:list_id>",
    needs=ASK,
    request=DraftIn,
    response=ListOut,
    summary="Write a draft anew",
)
def rewrite_request_list(list_id: UUID, body: DraftIn) -> object:
    """Replaces a draft and its things; 409 for one that was sent or that somebody else changed."""
    commands.rewrite(
        list_id,
        version=body.version,
        title=body.title,
        wanted=[Wanted(one.kind, one.title, one.hint) for one in body.items],
        message=body.message,
        due_on=body.due_on,
    )
    return one_list(list_id)


@api.post(
    f"{_AT}/<uuid:list_id>/link",
    needs=ASK,
    response=LinkOut,
    secret=True,
    summary="The link of a list",
)
def link_of_request_list(list_id: UUID) -> object:
    """The link of an open list, to be copied into a chat; made anew where the last one ended."""
    found = links.to_copy(queries.one(list_id))
    return LinkOut(url=secrets.address(found.id), expires_at=found.expires_at)


@api.post(f"{_AT}/undo/<uuid:token>", needs=ASK, status=204, summary="Take an act on a list back")
def take_request_list_act_back(token: UUID) -> None:
    """Once, within a day, by who did it; 404 `undo-not-possible` afterwards."""
    undo.take(token)


@api.post(f"{_AT}/<uuid:list_id>/send", needs=ASK, response=ListOut, summary="Send a list")
def send_request_list(list_id: UUID) -> object:
    """Sends a draft."""
    commands.send(list_id, version=queries.one(list_id).version)
    return one_list(list_id)


@api.post(f"{_AT}/<uuid:list_id>/remind", needs=ASK, response=ListOut, summary="Remind")
def remind_of_request_list(list_id: UUID) -> object:
    """Puts a list into the next mail once more."""
    commands.remind(list_id)
    return one_list(list_id)


@api.post(f"{_AT}/<uuid:list_id>/withdraw", needs=ASK, response=UndoOut, summary="Withdraw a list")
def withdraw_request_list(list_id: UUID) -> object:
    """Takes a list back."""
    return UndoOut(undo=commands.withdraw(list_id))


@api.post(
    f"{_AT}/<uuid:list_id>/things",
    needs=ASK,
    request=WantedIn,
    response=ListOut,
    status=201,
    summary="Ask for one thing more",
)
def add_to_request_list(list_id: UUID, body: WantedIn) -> object:
    """Adds a thing to a list that was not ended."""
    commands.add(list_id, Wanted(body.kind, body.title, body.hint))
    return one_list(list_id)


@api.post(
    "/clients/<client>/request-items/<uuid:item_id>/accept",
    needs=ASK,
    response=UndoOut,
    summary="Accept what was given",
)
def accept_request_item(item_id: UUID) -> object:
    """Accepts one thing; a list whose things are all accepted is done."""
    return UndoOut(undo=commands.accept([item_id]))


@api.post(
    "/clients/<client>/request-items/<uuid:item_id>/send-back",
    needs=ASK,
    request=ReasonIn,
    response=ListOut,
    summary="Send back what was given",
)
def send_request_item_back(item_id: UUID, body: ReasonIn) -> object:
    """Sends one thing back with a reason; the client is asked once more."""
    commands.send_back(item_id, reason=body.reason)
    return one_list(queries.item(item_id).list_id)


@api.post(
    "/clients/<client>/request-items/<uuid:item_id>/drop",
    needs=ASK,
    response=UndoOut,
    summary="Take a thing off its list",
)
def drop_request_item(item_id: UUID) -> object:
    """Takes a thing off its list that nothing was given for."""
    return UndoOut(undo=commands.drop(item_id))


def one_list(list_id: UUID) -> object:
    """A list as every operation on it answers it."""
    return {"head": queries.one(list_id), "things": queries.items(list_id)}
