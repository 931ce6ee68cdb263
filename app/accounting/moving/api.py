"""Moving in over the API: upload, how a file is read, confirm, undo."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from werkzeug.datastructures import FileStorage

from app.accounting.moving import commands as moving_commands
from app.accounting.moving import queries as moving_queries
from app.accounting.moving.table import MAX_BYTES
from app.accounting.moving.values import Settings
from app.api import Api, Page, PageRequest
from app.api.schema import In, Out

api = Api("accounting_moving")


class MovingOut(Out):
    """A file of another package: how it is read, what is found, what speaks against it.

    Faults of row 0 hold the whole file up; others name a row that is left out.
    """

    id: UUID
    name: str
    kind: str | None
    state: str
    header: list[str]
    settings: dict[str, Any]
    report: dict[str, Any]
    error: dict[str, Any] | None
    job_id: UUID | None
    uploaded_at: dt.datetime
    version: int


class MappingIn(In):
    """How a file is read: the place (from 0) of the column of each field, and what goes where.

    `inverse`: rates are units of the other currency for one of the base currency.
    """

    version: Annotated[int, Field(ge=1, lt=2**31)]
    kind: Literal["chart", "contacts", "opening", "items", "ledger"]
    columns: Annotated[
        dict[Annotated[str, Field(max_length=20)], Annotated[int, Field(ge=0, le=59)]],
        Field(max_length=30),
    ]
    order: Literal["ymd", "dmy", "mdy"] | None = None
    decimal_comma: bool | None = None
    flipped: bool = False
    sure: bool = False
    on: dt.date | None = None
    suspense: Annotated[str, Field(max_length=20)] = ""
    contact: Annotated[str, Field(max_length=200)] = ""
    control: Literal["receivable", "payable"] = "receivable"
    inverse: bool | None = None


class AccountsIn(In):
    """Where accounts of the file go, by their key: an account's id, or the type of a new one."""

    version: Annotated[int, Field(ge=1, lt=2**31)]
    choices: Annotated[
        dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=36)]],
        Field(max_length=2000),
    ]


class TaxesIn(In):
    """Which tax code each tax of the file becomes, by its key; `-` for none."""

    version: Annotated[int, Field(ge=1, lt=2**31)]
    choices: Annotated[
        dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=20)]],
        Field(max_length=500),
    ]


class VersionIn(In):
    """The version of the file that the caller has seen."""

    version: Annotated[int, Field(ge=1, lt=2**31)]


_AT = "/clients/<client>/moving-in"


@api.get(
    _AT, needs="accounting.read", response=MovingOut, paged=True, summary="Files moved in with"
)
def files(page: PageRequest) -> Page[Any]:
    """The client's files of other packages, the newest first."""
    found = moving_queries.page(page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.post(
    _AT,
    needs="accounting.accounts",
    response=MovingOut,
    status=201,
    upload="file",
    max_bytes=MAX_BYTES + 1_000_000,
    summary="Bring a file of another package",
)
def bring(upload: FileStorage) -> object:
    """Keeps a chart, contacts, opening balance, open items or ledger and guesses at it."""
    made = moving_commands.upload(
        data=upload.stream.read(MAX_BYTES + 1), name=(upload.filename or "file")[-200:]
    )
    return moving_queries.file(made)


@api.get(
    f"{_AT}/<uuid:moving_id>",
    needs="accounting.read",
    response=MovingOut,
    summary="One file moved in with",
)
def show(moving_id: UUID) -> object:
    """A file with what is found in it."""
    return moving_queries.file(moving_id)


@api.post(
    f"{_AT}/<uuid:moving_id>/mapping",
    needs="accounting.accounts",
    request=MappingIn,
    response=MovingOut,
    summary="Say how a file is read",
)
def mapping(moving_id: UUID, body: MappingIn) -> object:
    """Corrects the guess; the file is read anew."""
    moving_commands.correct(
        file_id=moving_id,
        settings=Settings(
            kind=body.kind,
            columns=body.columns,
            order=body.order,
            comma=body.decimal_comma,
            flipped=body.flipped,
            sure=body.sure,
            on=body.on,
            suspense=body.suspense,
            contact=body.contact,
            control=body.control,
            inverse=body.inverse,
        ),
        version=body.version,
    )
    return moving_queries.file(moving_id)


@api.post(
    f"{_AT}/<uuid:moving_id>/accounts",
    needs="accounting.accounts",
    request=AccountsIn,
    response=MovingOut,
    summary="Say where accounts go",
)
def accounts(moving_id: UUID, body: AccountsIn) -> object:
    """Ties accounts of the file to the chart, remembered for the client's other files."""
    moving_commands.decide(file_id=moving_id, choices=body.choices, version=body.version)
    return moving_queries.file(moving_id)


@api.post(
    f"{_AT}/<uuid:moving_id>/taxes",
    needs="accounting.accounts",
    request=TaxesIn,
    response=MovingOut,
    summary="Say which tax codes a file's taxes become",
)
def taxes(moving_id: UUID, body: TaxesIn) -> object:
    """Ties taxes of the file to tax codes, remembered for the client's other files."""
    moving_commands.decide_taxes(file_id=moving_id, choices=body.choices, version=body.version)
    return moving_queries.file(moving_id)


@api.post(
    f"{_AT}/<uuid:moving_id>/import",
    needs="accounting.accounts",
    request=VersionIn,
    response=MovingOut,
    summary="Import a file",
)
def confirm(moving_id: UUID, body: VersionIn) -> object:
    """Imports all of it or nothing; a large file by a job."""
    moving_commands.confirm(file_id=moving_id, version=body.version)
    return moving_queries.file(moving_id)


@api.post(
    f"{_AT}/<uuid:moving_id>/undo",
    needs="accounting.accounts",
    response=MovingOut,
    summary="Undo an import",
)
def take_back(moving_id: UUID) -> object:
    """Reverses every entry of the file while its months are open."""
    moving_commands.take_back(file_id=moving_id)
    return moving_queries.file(moving_id)
