"""The client's side of lists over the API: give what is asked for, or hand it on to a colleague."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field
from werkzeug.datastructures import FileStorage

from app.api import Api, In
from app.documents import checks
from app.kernel import events
from app.tasks.client_requests import commands, links, queries
from app.tasks.client_requests.api import ListOut, one_list
from app.tasks.client_requests.happened import ItemHandedOn
from app.tasks.client_requests.models import MESSAGE_LENGTH

api = Api("client_requests_given")
ANSWER = "request.answer"
_AT = "/clients/<client>/request-items/<uuid:item_id>"


class GiveIn(In):
    """What is given for an answer (`text`) or a confirmation (`confirmed`, and words beside it)."""

    text: Annotated[str, Field(max_length=MESSAGE_LENGTH)] = ""
    confirmed: bool | None = None


class WordsIn(In):
    """Words beside a file."""

    text: Annotated[str, Field(max_length=MESSAGE_LENGTH)] = ""


class HandOnIn(In):
    """The colleague one thing is handed on to."""

    address: Annotated[str, Field(min_length=3, max_length=254)]
    name: Annotated[str, Field(max_length=200)] = ""


@api.post(f"{_AT}/give", needs=ANSWER, request=GiveIn, response=ListOut, summary="Give an answer")
def give_request_item(item_id: UUID, body: GiveIn) -> object:
    """Gives words, or yes or no; what was given before stays. 409 for what was accepted."""
    commands.give(item_id, text=body.text, confirmed=body.confirmed)
    return one_list(queries.item(item_id).list_id)


@api.post(
    f"{_AT}/give-file",
    needs=ANSWER,
    upload="files",
    request=WordsIn,
    response=ListOut,
    max_bytes=checks.MOST_BYTES + 1_000_000,
    summary="Give a file",
)
def give_request_item_file(item_id: UUID, upload: FileStorage, body: WordsIn) -> object:
    """Gives one file, with words beside it; a second call adds a second file."""
    data = upload.stream.read(checks.MOST_BYTES + 1)
    name = (upload.filename or "file")[-200:]
    commands.give(item_id, text=body.text, files=[(name, data)])
    return one_list(queries.item(item_id).list_id)


@api.post(
    f"{_AT}/hand-on", needs=ANSWER, request=HandOnIn, response=ListOut, summary="Hand a thing on"
)
def hand_request_item_on(item_id: UUID, body: HandOnIn) -> object:
    """Mails one thing to a colleague, whose link opens that thing and nothing else."""
    made = links.hand_on(item_id, address=body.address, name=body.name)
    events.emit(ItemHandedOn(made.id))
    return one_list(made.list_id)
