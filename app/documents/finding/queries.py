"""Papers by the words in them, the newest first, each with its page and the marked words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from app.documents import queries as documents
from app.documents.finding import marking
from app.documents.finding.marking import Piece
from app.kernel import scope
from app.kernel.db import session

MOST_LETTERS = 20_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: words, and what narrows them. `typed` may be half a word at its end.

    Of `counterparty` each word counts, or how it begins; `tag` is a whole one.
    """

    typed: str
    type: str | None = None
    document_class: str | None = None
    first: date | None = None
    last: date | None = None
    counterparty: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A paper that holds all words; `page` 0 where its name, counterparty or tags have them."""

    id: UUID
    tenant_id: UUID
    name: str
    document_class: str
    media_type: str
    added_at: datetime
    page: int
    snippet: tuple[Piece, ...]
    title: tuple[Piece, ...]
    has_thumbnail: bool


FIND = sa.text(
    "select d.id, d.tenant_id, d.name, d.class as document_class, v.media_type, d.added_at, f.page,"
    f" f.marks, f.begun, left(x.text, :letters) as text, {documents.THUMBNAIL}"
    " from app.find_documents(:typed, :tenant, :type, :class, :party, :tag, :first, :last, :before,"
    " :limit) f"
    " join app.document d on d.tenant_id = f.tenant_id and d.id = f.document_id"
    " join app.document_version v on v.tenant_id = d.tenant_id and v.document_id = d.id"
    " and v.no = d.version"
    " left join app.document_text x on x.tenant_id = v.tenant_id and x.version_id = v.id"
    " and x.page_no = f.page where d.removed_at is null order by d.id desc"
)


def find(asked: Asked, *, before: UUID | None = None, limit: int = 25) -> list[Found]:
    """The newest papers with all words that the acting person reaches, `before` an id.

    In one client, or over all clients of a worklist. Papers of classes that the person does not
    see are not found, by no word.
    """
    if not asked.typed.strip():
        return []
    rows = session.execute(
        FIND,
        {
            "typed": asked.typed,
            "tenant": scope.current().tenant_id,
            "type": asked.type,
            "class": asked.document_class,
            "party": asked.counterparty,
            "tag": asked.tag,
            "first": asked.first,
            "last": asked.last,
            "before": before,
            "limit": limit,
            "letters": MOST_LETTERS,
        },
    )
    return [_found(row) for row in rows]


def _found(row: sa.Row[tuple[object, ...]]) -> Found:
    text = row.text or ""
    return Found(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        document_class=row.document_class,
        media_type=row.media_type,
        added_at=row.added_at,
        page=row.page,
        snippet=marking.snippet(text, row.marks, row.begun) if text else (),
        title=marking.snippet(row.name, row.marks, row.begun),
        has_thumbnail=row.has_thumbnail,
    )
