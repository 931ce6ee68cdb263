"""Statements of any client over the API: dropping many at once, and the tray of the unplaced."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from werkzeug.datastructures import FileStorage

from app.accounting.bank import desk, tray
from app.accounting.bank.desk import Outcome, Who
from app.accounting.bank.zip import cleaned, pieces
from app.api import Api, Download, Page, PageRequest, several
from app.api.schema import CurrencyCode, In, Out
from app.kernel import db, words
from app.kernel.errors import Invalid
from connectors.catalog.bank.statement import MAX_BYTES

api = Api("statement_tray")
MOST_BYTES = 100_000_000


class DroppedOut(Out):
    """What became of one file: `taken` into a client, in the `tray`, or `refused` and why."""

    name: str
    state: str
    client_id: UUID | None
    file_id: UUID | None
    repeated: bool
    code: str | None
    reason: str | None


class DropOut(Out):
    """What became of every file; kept with `id` for the person who dropped them."""

    id: UUID
    files: list[DroppedOut]


class TrayOut(Out):
    """A file nobody could place: the numbers in it, and why it lies here."""

    id: UUID
    name: str
    format: str | None
    numbers: list[dict[str, Any]]
    error: dict[str, Any] | None
    reason: str
    state: str
    size: int
    dropped_by: UUID
    dropped_at: datetime


class AssignIn(In):
    """Whose a file is; without `bank_account_id`, `name` and `currency` make a new account."""

    client: Annotated[str, Field(min_length=1, max_length=100)]
    bank_account_id: UUID | None = None
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    currency: CurrencyCode | None = None


class GivenOut(Out):
    """Where a file of the tray went; `state` as of any statement file."""

    file_id: UUID
    state: str


def _who() -> Who:
    home = several.home().tenant_id
    return Who(inside=several.inside, worklist=several.everywhere(), home=home)


@api.post(
    "/statement-drops",
    where="several",
    needs="accounting.import",
    upload="file",
    response=DropOut,
    status=201,
    max_bytes=MOST_BYTES,
    summary="Drop statements of any client",
)
def drop(upload: FileStorage) -> object:
    """Takes one file, or a zip of up to 200, each to the client whose account it names.

    Each file is taken in by itself: one that fails stops no other, and the same file again
    changes nothing. What no client could be found for lies in the tray.
    """
    data, name = upload.stream.read(MOST_BYTES), cleaned(upload.filename or "statement")
    if len(data) > MAX_BYTES and not data.startswith(b"PK"):
        raise Invalid.of("file", "file-too-large", most=MAX_BYTES // 1024)
    done = desk.drop(pieces([(name, data)]), _who())
    with db.transaction(several.home()):
        kept = desk.keep_drop(done)
    return {"id": kept, "files": [_dropped(one) for one in done]}


def _dropped(one: Outcome) -> dict[str, Any]:
    return {
        "name": one.name,
        "state": one.state,
        "client_id": one.tenant,
        "file_id": one.file,
        "repeated": one.repeated,
        "code": one.code or None,
        "reason": words.error_text(one.code, one.params or {}) if one.code else None,
    }


@api.get(
    "/statement-tray",
    where="provider",
    needs="accounting.import",
    response=TrayOut,
    paged=True,
    summary="What waits in the tray, newest first",
)
def waiting(page: PageRequest) -> Page[Any]:
    """Files that no client could be found for."""
    found = tray.page(after=page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.get(
    "/statement-tray/<uuid:tray_id>",
    where="provider",
    needs="accounting.import",
    response=TrayOut,
    summary="A file of the tray",
)
def one(tray_id: UUID) -> object:
    """One file, also after it was given or set aside."""
    return tray.file(tray_id)


@api.get(
    "/statement-tray/<uuid:tray_id>/raw",
    where="provider",
    needs="accounting.import",
    summary="Download a file of the tray",
)
def raw(tray_id: UUID) -> object:
    """The bytes as they were dropped; every download is written down."""
    found, pieces = tray.raw(tray_id)
    return Download(pieces, "application/octet-stream", found.name)


@api.post(
    "/statement-tray/<uuid:tray_id>/client",
    where="several",
    needs="accounting.import",
    request=AssignIn,
    response=GivenOut,
    summary="Say whose a file of the tray is",
)
def assign(tray_id: UUID, body: AssignIn) -> object:
    """Copies the file into the client and remembers its number there; the original is marked."""
    return desk.assign(
        tray_id,
        _who(),
        tenant=several.client(body.client).tenant_id,
        bank_account_id=body.bank_account_id,
        new_name=body.name,
        currency=body.currency,
    )


@api.post(
    "/statement-tray/<uuid:tray_id>/discard",
    where="provider",
    needs="accounting.import",
    status=204,
    summary="Set a file of the tray aside",
)
def discard(tray_id: UUID) -> object:
    """The file stays and can be taken back."""
    tray.discard(tray_id)
    return None


@api.post(
    "/statement-tray/<uuid:tray_id>/back",
    where="provider",
    needs="accounting.import",
    status=204,
    summary="Take a file back into the tray",
)
def take_back(tray_id: UUID) -> object:
    """A file that was set aside waits again."""
    tray.take_back(tray_id)
    return None
