"""The search over the API: in one client, and over all clients of the caller."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api import Api, Page, PageRequest
from app.api.schema import In, Out
from app.documents.finding import queries
from app.documents.finding.queries import Asked, Found
from app.documents.schemas import DocumentClass
from app.kernel import paging, reads

api = Api("finding")


class FindQuery(In):
    """Words that all must be there; the last may be the beginning of one. `first` and `last` bound
    the month a document belongs to, else the day it came; of `counterparty` each word counts, or
    how it begins; `tag` is a whole one."""

    q: Annotated[str, Field(min_length=1, max_length=200)]
    document_class: DocumentClass | None = None
    type: Annotated[str, Field(pattern="^[a-z_]{1,30}$")] | None = None
    first: date | None = None
    last: date | None = None
    counterparty: Annotated[str, Field(max_length=200)] | None = None
    tag: Annotated[str, Field(max_length=40)] | None = None


class FoundOut(Out):
    """A found document; `page` 0 where name, counterparty or tags have the words.

    `snippet` is plain text, `marks` are the places in it as [first, behind the last] letters.
    """

    id: UUID
    tenant_id: UUID
    name: str
    document_class: str
    media_type: str
    added_at: datetime
    page: int
    snippet: str
    marks: list[list[int]]
    has_thumbnail: bool


def _out(one: Found) -> dict[str, Any]:
    marks, place = [], 0
    for piece in one.snippet:
        if piece.marked:
            marks.append([place, place + len(piece.text)])
        place += len(piece.text)
    return {
        "id": one.id,
        "tenant_id": one.tenant_id,
        "name": one.name,
        "document_class": one.document_class,
        "media_type": one.media_type,
        "added_at": one.added_at,
        "page": one.page,
        "snippet": "".join(piece.text for piece in one.snippet),
        "marks": marks,
        "has_thumbnail": one.has_thumbnail,
    }


def _found(query: FindQuery, page: PageRequest) -> paging.Page[Found]:
    place = paging.keys(page.after, UUID)
    wanted = Asked(
        typed=query.q,
        type=query.type,
        document_class=query.document_class,
        first=query.first,
        last=query.last,
        counterparty=query.counterparty,
        tag=query.tag,
    )
    rows = queries.find(wanted, before=place[0] if place else None, limit=page.limit + 1)
    return paging.page(rows, limit=page.limit, key=lambda one: [one.id])


@api.get(
    "/clients/<client>/documents/find",
    needs="document.read",
    query=FindQuery,
    response=FoundOut,
    paged=True,
    summary="Documents by their words, newest first",
)
def find(query: FindQuery, page: PageRequest) -> Page[Any]:
    """Of the classes that the caller's grant names; others are found by no word."""
    reads.leave(reads.Look("documents", "member"))
    found = _found(query, page)
    return Page(items=[_out(one) for one in found.rows], next=found.next)


@api.get(
    "/documents/find",
    needs="document.read",
    query=FindQuery,
    response=FoundOut,
    paged=True,
    summary="Documents of all my clients by their words",
)
def find_everywhere(query: FindQuery, page: PageRequest) -> Page[Any]:
    """Over every client in which the caller reaches documents."""
    found = _found(query, page)
    for one in sorted({row.tenant_id for row in found.rows}):
        reads.leave(reads.Look("documents", "member", tenant_id=one))
    return Page(items=[_out(one) for one in found.rows], next=found.next)
