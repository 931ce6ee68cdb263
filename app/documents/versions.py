"""New contents of a paper: each is a version that stays; the newest is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents import checks, examining, preview, queries
from app.documents.commands import tell
from app.documents.models import DocumentHead, DocumentVersion, stored_kind
from app.kernel import storage, undo
from app.kernel.db import session
from app.kernel.errors import NotFound

UNDO_REPLACE = "document.replace"


def replace(document_id: UUID, data: bytes, *, name: str) -> UUID | None:
    """Puts a new content in the place of the newest; returns the token of the way back.

    None when it is the content that stands there already. Raises NotFound, Invalid at `file` (see
    `examining.examine`), Forbidden when a client's person replaces what the provider added.
    """
    head = queries.head(document_id)
    checked = examining.examine(data, name=name, strict=True)
    stored = storage.put(
        data,
        kind=stored_kind(head.document_class),
        name=checked.name if head.document_class == "normal" else "document",
        media_type=checked.media_type,
        line=head.line,
        most=checks.MOST_BYTES,
    )
    if storage.info(stored).sha256 == queries.versions(document_id)[0].sha256:
        return None
    _add(head, stored, checked.media_type)
    return undo.offer(UNDO_REPLACE, {"document": str(document_id), "no": head.version})


def use(document_id: UUID, no: int) -> None:
    """Shows an earlier content again, as a further version; raises NotFound."""
    head, found = queries.head(document_id), version(document_id, no)
    if found.no != head.version:
        _add(head, found.stored_object_id, found.media_type)


def version(document_id: UUID, no: int) -> DocumentVersion:
    """One content of a paper by its number; raises NotFound."""
    queries.head(document_id)
    for found in queries.versions(document_id):
        if found.no == no:
            return found
    raise NotFound


def content(document_id: UUID, no: int) -> Iterator[bytes]:
    """The bytes of one content in pieces; raises NotFound."""
    return storage.open(version(document_id, no).stored_object_id)


def file_name(head: DocumentHead, media_type: str) -> str:
    """The paper's name with an ending that says the kind of one of its contents."""
    if media_type == "application/octet-stream":
        return head.name
    return checks.proper_name(head.name, media_type)


@undo.handler(UNDO_REPLACE)
def _back(args: dict[str, Any]) -> None:
    use(UUID(args["document"]), int(args["no"]))


def _add(head: DocumentHead, stored: UUID, media_type: str) -> None:
    about = {"id": head.id, "no": head.version + 1, "object": stored, "type": media_type}
    made = session.execute(_ADD, about).scalar_one()
    preview.order(head.id, line=head.line, media_type=media_type, no=head.version + 1)
    tell(head.id, made, media_type)


_ADD = sa.text(
    "insert into app.document_version (tenant_id, document_id, line, no, stored_object_id, sha256,"
    " size, media_type) select o.tenant_id, :id, o.line, :no, o.id, o.sha256, o.size, :type"
    " from app.stored_object o where o.tenant_id = (select guard.tenant_id()) and o.id = :object"
    " returning id"
)
