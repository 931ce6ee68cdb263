"""Papers over the API: list, one, its bytes, upload, link and unlink, class, remove."""

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
from app.kernel import paging, reads, scope
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
    response=DocumentOut,
    summary="Take a document off a record",
)
def unlink_document(document_id: UUID, body: LinkIn) -> object:
    """Takes the link away; the paper stays. 409 when it did not belong there."""
    commands.unlink(document_id, subject_type=body.subject_type, subject_id=body.subject_id)
    return queries.head(document_id)


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
