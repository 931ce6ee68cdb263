"""What is known of papers: heads by record, lists, one with its versions, its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from app.documents.models import CLASSES, Again, DocumentHead, DocumentVersion, Link
from app.kernel import storage
from app.kernel.db import session
from app.kernel.errors import NotFound

_TENANT = "d.tenant_id = (select guard.tenant_id())"
THUMBNAIL = (
    "exists (select from app.document_preview p where p.tenant_id = d.tenant_id"
    " and p.document_id = d.id and p.no = d.version and p.page = 0) as has_thumbnail"
)
"""Whether a small picture of a row `d` of app.document was painted."""
_HEAD = (
    "select d.id, d.name, d.class as document_class, v.media_type, v.size, d.line, d.version,"
    " d.source, d.added_by, d.added_at, d.type, d.period, d.counterparty, d.tags, d.note,"
    f" {THUMBNAIL}{{more}}"
    " from app.document d"
    " join app.document_version v on v.tenant_id = d.tenant_id and v.document_id = d.id"
    " and v.no = d.version"
)
_PLAIN = _HEAD.format(more="")
_LINKED = _HEAD.format(more=", k.subject_id") + (
    " join app.document_link k on k.tenant_id = d.tenant_id and k.document_id = d.id"
    f" where {_TENANT} and k.subject_type = :type and k.subject_id = any(:ids)"
    " and d.removed_at is null order by k.linked_at, k.id"
)


def linked(subject_type: str, ids: Sequence[UUID]) -> dict[UUID, tuple[DocumentHead, ...]]:
    """The papers of each record of a kind, as linked; records without papers are left out."""
    if not ids:
        return {}
    rows = session.execute(sa.text(_LINKED), {"type": subject_type, "ids": list(ids)}).mappings()
    found: dict[UUID, list[DocumentHead]] = {}
    for row in rows:
        found.setdefault(row["subject_id"], []).append(_head(row))
    return {subject: tuple(heads) for subject, heads in found.items()}


def head(document_id: UUID) -> DocumentHead:
    """One paper; raises NotFound for one that is unknown, removed, foreign or not my class."""
    statement = sa.text(f"{_PLAIN} where {_TENANT} and d.id = :id and d.removed_at is null")
    row = session.execute(statement, {"id": document_id}).mappings().first()
    if row is None:
        raise NotFound
    return _head(row)


def heads(document_ids: Sequence[UUID]) -> list[DocumentHead]:
    """Several papers, the newest first; those out of reach are left out."""
    statement = sa.text(
        f"{_PLAIN} where {_TENANT} and d.id = any(cast(:ids as uuid[])) and d.removed_at is null"
        " order by d.id desc"
    )
    rows = session.execute(statement, {"ids": list(document_ids)}).mappings()
    return [_head(row) for row in rows]


def documents(
    *,
    search: str | None = None,
    document_class: str | None = None,
    type: str | None = None,  # noqa: A002  # the column's own name
    period: date | None = None,
    counterparty: str | None = None,
    tag: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[DocumentHead]:
    """The newest papers first, by a part of their name or counterparty, and by what they are.

    `period` is any day of the month, `before` an id.
    """
    statement = sa.text(
        f"{_PLAIN} where {_TENANT} and d.removed_at is null"
        " and (cast(:search as text) is null or strpos(lower(d.name), lower(:search)) > 0)"
        " and (cast(:class as text) is null or d.class = :class)"
        " and (cast(:type as text) is null or d.type = :type)"
        " and (cast(:period as date) is null or d.period = :period)"
        " and (cast(:party as text) is null or strpos(lower(d.counterparty), lower(:party)) > 0)"
        " and (cast(:tag as text) is null or :tag = any(d.tags))"
        " and (cast(:before as uuid) is null or d.id < :before)"
        " order by d.id desc limit :limit"
    )
    values = {
        "search": search,
        "class": document_class,
        "type": type,
        "period": period.replace(day=1) if period else None,
        "party": counterparty,
        "tag": tag.lower() if tag else None,
        "before": before,
        "limit": limit,
    }
    return [_head(row) for row in session.execute(statement, values).mappings()]


def again(document_id: UUID) -> list[Again]:
    """Who else brought the same content, the first one first."""
    statement = sa.text(
        "select name, source, added_by, added_at from app.document_again"
        " where tenant_id = (select guard.tenant_id()) and document_id = :id order by id limit 50"
    )
    return [Again(**row) for row in session.execute(statement, {"id": document_id}).mappings()]


def same_content(document_id: UUID) -> list[DocumentHead]:
    """Other papers that hold the newest content of this one: on another line, in another class."""
    statement = sa.text(
        f"{_PLAIN} where {_TENANT} and d.removed_at is null and d.id <> :id and v.sha256 ="
        " (select w.sha256 from app.document x join app.document_version w"
        " on w.tenant_id = x.tenant_id and w.document_id = x.id and w.no = x.version"
        " where x.tenant_id = (select guard.tenant_id()) and x.id = :id) order by d.id limit 20"
    )
    return [_head(row) for row in session.execute(statement, {"id": document_id}).mappings()]


def versions(document_id: UUID) -> list[DocumentVersion]:
    """Every content a paper had, the newest first."""
    statement = sa.text(
        "select v.id, v.no, v.stored_object_id, v.sha256, v.size, v.media_type, v.added_by,"
        " v.added_at from app.document_version v where v.tenant_id = (select guard.tenant_id())"
        " and v.document_id = :id order by v.no desc"
    )
    return [
        DocumentVersion(**row) for row in session.execute(statement, {"id": document_id}).mappings()
    ]


def links(document_id: UUID) -> list[Link]:
    """The records a paper belongs to, in the order they were linked."""
    statement = sa.text(
        "select subject_type, subject_id, linked_at from app.document_link"
        " where tenant_id = (select guard.tenant_id()) and document_id = :id order by linked_at, id"
    )
    return [Link(**row) for row in session.execute(statement, {"id": document_id}).mappings()]


def content(document_id: UUID) -> Iterator[bytes]:
    """The newest bytes of a paper in pieces; raises NotFound, or Unavailable without the store.

    Head and key are fetched at once; the pieces may be read after the transaction.
    """
    found = session.execute(
        sa.text(
            "select v.stored_object_id from app.document d join app.document_version v"
            " on v.tenant_id = d.tenant_id and v.document_id = d.id and v.no = d.version"
            f" where {_TENANT} and d.id = :id and d.removed_at is null"
        ),
        {"id": document_id},
    ).scalar()
    if found is None:
        raise NotFound
    return storage.open(found)


def preview_pages(document_id: UUID) -> int:
    """How many pages of a paper can be shown as pictures; 0 while there is no preview."""
    statement = sa.text(
        "select count(*)::int from app.document_preview p join app.document d"
        " on d.tenant_id = p.tenant_id and d.id = p.document_id and d.version = p.no"
        f" where {_TENANT} and d.id = :id and d.removed_at is null and p.page > 0"
    )
    found: int = session.execute(statement, {"id": document_id}).scalar_one()
    return found


def preview(document_id: UUID, page: int) -> tuple[str, Iterator[bytes]]:
    """The picture of one page of a paper, from 1: its kind and its pieces; raises NotFound."""
    if not 0 < page < 2**31:
        raise NotFound
    return _picture(document_id, page)


def thumbnail(document_id: UUID) -> tuple[str, Iterator[bytes]]:
    """The small picture of a paper: its kind and its pieces; raises NotFound."""
    return _picture(document_id, 0)


def _picture(document_id: UUID, page: int) -> tuple[str, Iterator[bytes]]:
    statement = sa.text(
        "select p.stored_object_id, o.media_type from app.document_preview p join app.document d"
        " on d.tenant_id = p.tenant_id and d.id = p.document_id and d.version = p.no"
        " join app.stored_object o on o.tenant_id = p.tenant_id and o.id = p.stored_object_id"
        f" where {_TENANT} and d.id = :id and d.removed_at is null and p.page = :page"
    )
    found = session.execute(statement, {"id": document_id, "page": page}).first()
    if found is None:
        raise NotFound
    return found.media_type, storage.open(found.stored_object_id)


def sees(document_class: str) -> bool:
    """Whether the acting person sees papers of a class in the client of the open scope."""
    return document_class in my_classes()


def my_classes() -> tuple[str, ...]:
    """The classes the acting person sees here, the usual one first."""
    held = session.execute(
        sa.text("select guard.document_classes(), (select guard.tenant_id())::text")
    ).one()
    return tuple(one for one in CLASSES if one == "normal" or f"{held[1]}:{one}" in held[0])


def _head(row: sa.RowMapping) -> DocumentHead:
    return DocumentHead(**{name: row[name] for name in DocumentHead.__slots__})
