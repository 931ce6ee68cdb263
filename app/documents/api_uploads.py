"""Uploads in parts and the quarantine, over the API."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api import Api, Page, PageRequest
from app.api.principals import bearer
from app.api.schema import In, Out
from app.documents import held, queries, subjects, uploads
from app.documents.api import DocumentOut, line_for
from app.documents.schemas import DocumentClass, SubjectType
from app.documents.uploads import PART_BYTES, Upload
from app.kernel import paging, reads
from app.kernel.errors import Invalid

api = Api("uploads")


class UploadIn(In):
    """A file that will come in parts: its name, its bytes, and what it is for."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=0, le=2**40)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    document_class: DocumentClass = "normal"
    line: Annotated[str, Field(pattern="^[a-z][a-z_]{1,29}$")] | None = None
    subject_type: SubjectType | None = None
    subject_id: UUID | None = None


class UploadOut(Out):
    """An upload; `missing` are the numbers of the parts still to be sent, `part_bytes` each long.

    `state`: `open`, `complete` (ours, being looked at), `done`, `held` (in quarantine), `refused`
    or `expired`; `code` says why.
    """

    id: UUID
    name: str
    size: int
    state: str
    code: str
    part_bytes: int
    missing: list[int]
    document_id: UUID | None
    held_id: UUID | None
    opened_at: datetime


class HeldOut(Out):
    """A file in quarantine; `reason` is the check it failed."""

    id: UUID
    name: str
    size: int
    line: str
    document_class: str
    reason: str
    source: str
    added_by: UUID
    added_at: datetime


def _told(found: Sequence[Upload]) -> list[UploadOut]:
    there = uploads.numbers([one.id for one in found if one.state == "open"])
    return [_as_out(one, there.get(one.id, frozenset())) for one in found]


def _as_out(upload: Upload, there: Set[int]) -> UploadOut:
    left = range(1, upload.part_count + 1) if upload.state == "open" else range(0)
    return UploadOut(
        id=upload.id,
        name=upload.name,
        size=upload.size,
        state=upload.state,
        code=upload.code,
        part_bytes=PART_BYTES,
        missing=[no for no in left if no not in there],
        document_id=upload.document_id,
        held_id=upload.held_id,
        opened_at=upload.opened_at,
    )


@api.post(
    "/clients/<client>/uploads",
    needs="document.add",
    request=UploadIn,
    response=UploadOut,
    status=201,
    summary="Begin an upload",
)
def open_upload(body: UploadIn) -> object:
    """Announces a file of up to 100 MB that comes in parts of 5 MB; it waits for a day."""
    subject = None
    if body.subject_type is not None and body.subject_id is not None:
        line = subjects.demand(body.subject_type, [str(body.subject_id)]).line
        subject = (body.subject_type, body.subject_id)
    elif body.subject_type is not None or body.subject_id is not None:
        raise Invalid.of("subject_id", "required")
    else:
        line = body.line or line_for()
    made = uploads.open_one(
        name=body.name,
        size=body.size,
        line=line,
        source="api" if bearer() else uploads.source_by_hand(),
        document_class=body.document_class,
        sha256=body.sha256,
        subject=subject,
    )
    return _told([uploads.one(made)])[0]


@api.put(
    "/clients/<client>/uploads/<uuid:upload_id>/parts/<int:no>",
    needs="document.add",
    raw="application/octet-stream",
    response=UploadOut,
    max_bytes=PART_BYTES + 1024,
    rate="3000 per minute",
    summary="Send one part",
)
def put_part(upload_id: UUID, no: int, data: bytes) -> object:
    """Part `no` counts from 1, in any order; the same once more changes nothing."""
    uploads.put_part(upload_id, no, data)
    return _told([uploads.one(upload_id)])[0]


@api.post(
    "/clients/<client>/uploads/<uuid:upload_id>/complete",
    needs="document.add",
    response=UploadOut,
    summary="Say that all parts are there",
)
def complete_upload(upload_id: UUID) -> object:
    """From here on the file is kept; a job looks at it. 409 while parts are missing."""
    return _told([uploads.complete(upload_id)])[0]


@api.get(
    "/clients/<client>/uploads/<uuid:upload_id>",
    needs="document.add",
    response=UploadOut,
    summary="How far an upload is",
)
def upload(upload_id: UUID) -> object:
    """Which parts are missing, or what became of the file."""
    return _told([uploads.one(upload_id)])[0]


@api.get(
    "/clients/<client>/uploads",
    needs="document.add",
    response=UploadOut,
    paged=True,
    summary="The caller's own uploads, newest first",
)
def own_uploads(page: PageRequest) -> Page[Any]:
    """Uploads that the caller began."""
    cursor = paging.keys(page.after, UUID)
    before = cursor[0] if cursor else None
    rows = uploads.recent(before=before, limit=page.limit + 1)
    found = paging.page(rows, limit=page.limit, key=lambda row: [row.id])
    return Page(items=list(_told(found.rows)), next=found.next)


@api.get(
    "/clients/<client>/quarantine",
    needs="document.read",
    response=HeldOut,
    paged=True,
    summary="Files that failed a check",
)
def quarantine(page: PageRequest) -> Page[Any]:
    """The newest first; a client's people see what they sent themselves."""
    reads.leave(reads.Look("quarantine", "member"))
    cursor = paging.keys(page.after, UUID)
    before = cursor[0] if cursor else None
    found = paging.page(
        held.held(before=before, limit=page.limit + 1), limit=page.limit, key=lambda row: [row.id]
    )
    return Page(items=list(found.rows), next=found.next)


@api.post(
    "/clients/<client>/quarantine/<uuid:held_id>/release",
    needs="document.release",
    response=DocumentOut,
    status=201,
    summary="Let a held file in",
)
def release(held_id: UUID) -> object:
    """A second look: not by whoever added it, and never a virus (409)."""
    return queries.head(held.release(held_id))


@api.post(
    "/clients/<client>/quarantine/<uuid:held_id>/destroy",
    needs="document.release",
    summary="Destroy a held file",
)
def destroy(held_id: UUID) -> None:
    """It is gone for good after a day."""
    held.destroy(held_id)
