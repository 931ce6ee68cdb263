"""Papers over the API: list, one, its bytes and pictures, upload, links, class, remove and back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from werkzeug.datastructures import FileStorage

from app.api import Api, Page, PageRequest
from app.api.results import Download
from app.api.schema import In, Out
from app.documents import checks, commands, queries, subjects
from app.documents.models import DocumentHead
from app.documents.schemas import DocumentClass, SubjectType
from app.kernel import paging, reads, scope, undo
from app.kernel.errors import Invalid

api = Api("documents")
PREFERRED = ("accounting", "compliance", "tickets")


class DocumentOut(Out):
    """A paper; `size` in bytes, `media_type` as its content says."""

    id: UUID
    name: str
    document_class: str
    media_type: str
    size: int
    line: str
    version: int
    source: str
    added_by: UUID
    added_at: datetime
    type: str
    period: date | None
    counterparty: str
    tags: list[str]
    note: str
    has_thumbnail: bool


class UnlinkedOut(DocumentOut):
    """A paper that was taken off a record; `undo` is the token of the way back, for a day."""

    undo: UUID


class UndoOut(Out):
    """The token of the way back, for a day."""

    undo: UUID


class LookOut(Out):
    """One person's looks at a paper on one day; `exports` of them handed its bytes out.

    Looks within ten minutes are one.
    """

    person_id: UUID
    day: date
    views: int
    exports: int
    first_at: datetime
    last_at: datetime


class DocumentQuery(In):
    """Which papers: a part of the name or the counterparty, a class, a month as its first day."""

    q: Annotated[str, Field(max_length=200)] | None = None
    document_class: DocumentClass | None = None
    type: Annotated[str, Field(pattern="^[a-z_]{1,30}$")] | None = None
    period: date | None = None
    counterparty: Annotated[str, Field(max_length=200)] | None = None
    tag: Annotated[str, Field(max_length=40)] | None = None


class LinkIn(In):
    """The record a paper belongs to."""

    subject_type: SubjectType
    subject_id: UUID


class ClassIn(In):
    """Another class."""

    document_class: DocumentClass


@api.get(
    "/clients/<client>/documents",
    needs="document.read",
    query=DocumentQuery,
    response=DocumentOut,
    paged=True,
    summary="Documents, newest first",
)
def documents(query: DocumentQuery, page: PageRequest) -> Page[Any]:
    """The papers the caller sees, of the classes of its grant."""
    cursor = paging.keys(page.after, UUID)
    rows = queries.documents(
        search=query.q,
        document_class=query.document_class,
        type=query.type,
        period=query.period,
        counterparty=query.counterparty,
        tag=query.tag,
        before=cursor[0] if cursor else None,
        limit=page.limit + 1,
    )
    found = paging.page(rows, limit=page.limit, key=lambda row: [row.id])
    return Page(items=list(found.rows), next=found.next)


@api.post(
    "/clients/<client>/documents",
    needs="document.add",
    upload="file",
    response=DocumentOut,
    status=201,
    max_bytes=checks.MOST_BYTES + 1_000_000,
    summary="Add a document",
)
def add_document(upload: FileStorage) -> object:
    """Checks and keeps a file; the same content again is the same document."""
    line = line_for()
    data = upload.stream.read(checks.MOST_BYTES + 1)
    name = (upload.filename or "file")[-200:]
    return queries.head(commands.add(data, name=name, line=line, source="api"))


def line_for() -> str:
    """The service line that a paper of the caller stands on; raises Invalid without any."""
    reached = scope.current().rights.lines
    line = next((one for one in PREFERRED if one in reached), None)
    if line is None:
        raise Invalid.of("line", "not-a-choice")
    return line


def with_undo(head: DocumentHead, token: UUID | None) -> dict[str, Any]:
    """A paper beside the token of the way back."""
    told: dict[str, Any] = {name: getattr(head, name) for name in DocumentOut.model_fields}
    return {**told, "undo": token}


def _looked(head: DocumentHead, *, handed_out: bool = False) -> None:
    reads.leave(
        reads.Look("document", head.line, head.id, exported=handed_out, rows=int(handed_out))
    )


@api.get(
    "/clients/<client>/documents/<uuid:document_id>",
    needs="document.read",
    response=DocumentOut,
    summary="A document",
)
def document(document_id: UUID) -> object:
    """One paper without its bytes."""
    found = queries.head(document_id)
    _looked(found)
    return found


@api.get(
    "/clients/<client>/documents/<uuid:document_id>/content",
    needs="document.read",
    summary="The bytes of a document",
)
def content(document_id: UUID) -> Download:
    """Streams the newest content; each time is logged."""
    found = queries.head(document_id)
    _looked(found, handed_out=True)
    return Download(queries.content(document_id), found.media_type, found.name)


@api.get(
    "/clients/<client>/documents/<uuid:document_id>/pages/<int:no>",
    needs="document.read",
    summary="The picture of a page of a document",
)
def page_picture(document_id: UUID, no: int) -> Download:
    """A page of the newest content, from 1; 404 for one that was not painted (yet)."""
    head = queries.head(document_id)
    media_type, pieces = queries.preview(document_id, no)
    _looked(head)
    return Download(pieces, media_type, f"page-{no}{checks.EXTENSIONS[media_type][0]}")


@api.get(
    "/clients/<client>/documents/<uuid:document_id>/thumbnail",
    needs="document.read",
    summary="A small picture of a document",
)
def thumbnail(document_id: UUID) -> Download:
    """Of its first page, 160 pixels at most; 404 where `has_thumbnail` is false."""
    media_type, pieces = queries.thumbnail(document_id)
    return Download(pieces, media_type, f"thumbnail{checks.EXTENSIONS[media_type][0]}")


@api.get(
    "/clients/<client>/documents/<uuid:document_id>/looks",
    needs="audit.read",
    response=LookOut,
    paged=True,
    summary="Who looked at a document, the newest day first",
)
def looks(document_id: UUID, page: PageRequest) -> Page[Any]:
    """Whoever saw it on screen, over the API, or took its bytes; looks through share links are
    counted at the link."""
    found = queries.head(document_id)
    place = paging.keys(page.after, date.fromisoformat, UUID)
    rows = reads.viewers("document", found.id, after=place, limit=page.limit + 1)
    cut = paging.page(rows, limit=page.limit, key=lambda one: [one.day, one.person_id])
    return Page(items=list(cut.rows), next=cut.next)


@api.post(
    "/clients/<client>/documents/<uuid:document_id>/links",
    needs="document.add",
    request=LinkIn,
    response=DocumentOut,
    status=201,
    summary="Link a document to a record",
)
def link_document(document_id: UUID, body: LinkIn) -> object:
    """Says that a paper belongs to a bank line or an entry; once more changes nothing."""
    subjects.demand(body.subject_type, [str(body.subject_id)])
    commands.link(document_id, subject_type=body.subject_type, subject_id=body.subject_id)
    return queries.head(document_id)


@api.post(
    "/clients/<client>/documents/<uuid:document_id>/unlink",
    needs="document.add",
    request=LinkIn,
    response=UnlinkedOut,
    summary="Take a document off a record",
)
def unlink_document(document_id: UUID, body: LinkIn) -> object:
    """Takes the link away; the paper stays. 409 when it did not belong there."""
    token = commands.unlink(document_id, subject_type=body.subject_type, subject_id=body.subject_id)
    return with_undo(queries.head(document_id), token)


@api.post(
    "/clients/<client>/documents/<uuid:document_id>/class",
    needs="document.add",
    request=ClassIn,
    response=DocumentOut,
    summary="Move a document into another class",
)
def class_document(document_id: UUID, body: ClassIn) -> object:
    """403 for a class the caller does not see."""
    commands.set_class(document_id, document_class=body.document_class)
    return queries.head(document_id)


@api.post(
    "/clients/<client>/documents/<uuid:document_id>/remove",
    needs="document.add",
    response=UndoOut,
    summary="Take a document out of the lists",
)
def remove_document(document_id: UUID) -> object:
    """Its bytes stay until retention takes them; what proves an entry stays linked to it."""
    return {"undo": commands.remove(document_id)}


@api.post(
    "/clients/<client>/documents/undo/<uuid:token>",
    needs="document.add",
    status=204,
    summary="Take the last act on documents back",
)
def take_back(token: UUID) -> None:
    """What organised, replaced, unlinked or removed them, once, within a day; 404
    `undo-not-possible` afterwards."""
    undo.take(token)
