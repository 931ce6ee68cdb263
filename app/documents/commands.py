"""What is done with papers: add, link, unlink, class, remove, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents import checks, examining, preview, queries
from app.documents.happened import DocumentAdded
from app.documents.models import CLASSES, DocumentHead, stored_kind
from app.kernel import events, ids, scope, storage, undo, usage
from app.kernel.db import session
from app.kernel.errors import Conflict, Forbidden, Invalid

METER = "document"
UNDO_UNLINK = "document.unlink"
UNDO_REMOVE = "document.remove"


def add(
    data: bytes,
    *,
    name: str,
    media_type: str = "",
    line: str,
    document_class: str = "normal",
    source: str,
) -> UUID:
    """Checks a file, stores it sealed and makes it a paper; returns its id.

    What it is, is told by its content: `media_type` is the sender's word and not believed. The same
    content on the same line and in the same class is the same paper. Raises Invalid at the field
    `file` (see `checks.check`) or `document_class`, Forbidden for a class the acting person does
    not see, Unavailable while the store is away.
    """
    del media_type  # kept in the signature: every caller has it, none is believed
    if document_class not in CLASSES:
        raise Invalid.of("document_class", "document-class-unknown")
    if not queries.sees(document_class):
        raise Forbidden("document-class-not-yours")
    checked = examining.examine(data, name=name)
    return keep(data, Paper(checked.name, checked.media_type, line, document_class, source))


@dataclass(frozen=True, slots=True)
class Paper:
    """A checked file that becomes a paper: what it is and where it belongs."""

    name: str
    media_type: str
    line: str
    document_class: str
    source: str
    note: str = ""


def keep(data: bytes, paper: Paper, *, most: int = checks.MOST_BYTES) -> UUID:
    """Stores what was checked; the same content again is the same paper, and says who sent it."""
    known = _known(data, paper.line, paper.document_class)
    if known is not None:
        session.execute(_AGAIN, {"id": known, **_facts(paper)})
        return known
    stored = storage.put(
        data,
        kind=stored_kind(paper.document_class),
        name=paper.name if _is_open(paper.document_class) else "document",
        media_type=paper.media_type,
        line=paper.line,
        most=most,
    )
    return make_paper(stored, paper)


def make_paper(stored: UUID, paper: Paper, *, made: UUID | None = None) -> UUID:
    """A paper of a stored content: its first version, metered, painted and told."""
    made = made or ids.uuid7()
    session.execute(_ADD, {"id": made, **_facts(paper)})
    about = {"id": made, "no": 1, "object": stored, "type": paper.media_type}
    version = session.execute(_ADD_VERSION, about).scalar_one()
    title = paper.name if _is_open(paper.document_class) else ""
    usage.record(
        METER,
        1,
        key=f"document:{made}",
        evidence=usage.Evidence("document", made, title),
        line=paper.line,
        unit="document",
    )
    preview.order(made, line=paper.line, media_type=paper.media_type)
    tell(made, version, paper.media_type)
    return made


def _facts(paper: Paper) -> dict[str, str]:
    return {
        "line": paper.line,
        "class": paper.document_class,
        "name": paper.name,
        "source": paper.source,
        "note": paper.note,
    }


def link(
    document_id: UUID, *, subject_type: str, subject_id: UUID, part: int | None = None
) -> None:
    """Says that a paper belongs to a record; once more changes nothing. Raises NotFound.

    `part` says which of the invoices that its file holds, where only one does.
    """
    found = queries.head(document_id)
    values = {"id": found.id, "line": found.line, "type": subject_type, "subject": subject_id}
    session.execute(_LINK, {**values, "part": part})


def unlink(document_id: UUID, *, subject_type: str, subject_id: UUID) -> UUID:
    """Takes a paper off a record; returns the token of the way back. The paper itself stays.

    Raises NotFound, Conflict when it does not belong there (any more), and Forbidden when a
    client's person takes off what the provider linked, or what was linked a day ago.
    """
    found = queries.head(document_id)
    values = {"id": found.id, "type": subject_type, "subject": subject_id}
    row = session.execute(_UNLINK, values).first()
    if row is None:
        raise Conflict("document-not-linked")
    place = _place(document_id, subject_type, subject_id)
    return undo.offer(UNDO_UNLINK, {**place, "part": row.part})


def take_off(
    document_ids: Sequence[UUID], *, subjects: Sequence[tuple[str, UUID]], since: datetime
) -> None:
    """Takes papers off records where the act that put them there from `since` on is undone.

    What stood there before stays, and no way back is offered: the act itself can be done again.
    """
    values = {
        "ids": list(document_ids),
        "types": [kind for kind, _id in subjects],
        "subjects": [one for _kind, one in subjects],
        "since": since,
    }
    session.execute(_TAKE_OFF, values)


def set_class(document_id: UUID, *, document_class: str) -> None:
    """Moves a paper into another class, of those the acting person sees.

    Raises NotFound, and Forbidden when a client's person would show to more people what the
    provider keeps for fewer.
    """
    if document_class not in CLASSES:
        raise Invalid.of("document_class", "document-class-unknown")
    found = queries.head(document_id)
    if not queries.sees(document_class):
        raise Forbidden("document-class-not-yours")
    session.execute(_SET_CLASS, {"id": found.id, "class": document_class})


def remove(document_id: UUID) -> UUID:
    """Takes a paper out of every list; returns the token of the way back. Raises NotFound.

    Its bytes stay until retention takes them; what proves an entry stays linked to it.
    """
    found = queries.head(document_id)
    session.execute(_REMOVE, {"id": found.id})
    usage.void(f"document:{found.id}", reason="removed")
    return undo.offer(UNDO_REMOVE, {"document": str(found.id)})


@undo.handler(UNDO_UNLINK)
def _link_again(args: dict[str, Any]) -> None:
    link(
        UUID(args["document"]),
        subject_type=args["subject_type"],
        subject_id=UUID(args["subject_id"]),
        part=args.get("part"),
    )


@undo.handler(UNDO_REMOVE)
def _restore(args: dict[str, Any]) -> None:
    session.execute(_RESTORE, {"id": UUID(args["document"])})
    found: DocumentHead = queries.head(UUID(args["document"]))
    title = found.name if _is_open(found.document_class) else ""
    usage.record(
        METER,
        1,
        key=f"document:{found.id}",
        evidence=usage.Evidence("document", found.id, title),
        line=found.line,
        unit="document",
    )


def tell(document_id: UUID, version_id: UUID, media_type: str) -> None:
    """Says that a content is there; whoever reads papers gets a job of its own."""
    tenant = scope.current().tenant_id
    if tenant is not None:
        events.emit(DocumentAdded(tenant, document_id, version_id, media_type))


def _place(document_id: UUID, subject_type: str, subject_id: UUID) -> dict[str, str]:
    return {
        "document": str(document_id),
        "subject_type": subject_type,
        "subject_id": str(subject_id),
    }


def _is_open(document_class: str) -> bool:
    """Whether the name of such a paper may stand where the class is not asked."""
    return document_class == "normal"


def _known(data: bytes, line: str, document_class: str) -> UUID | None:
    values = {"sha": hashlib.sha256(data).hexdigest(), "line": line, "class": document_class}
    found: UUID | None = session.execute(_KNOWN, values).scalar()
    return found


_TENANT = "tenant_id = (select guard.tenant_id())"
_KNOWN = sa.text(
    "select d.id from app.document d join app.document_version v on v.tenant_id = d.tenant_id"
    " and v.document_id = d.id and v.no = d.version where d.tenant_id = (select guard.tenant_id())"
    " and v.sha256 = :sha and d.line = :line and d.class = :class and d.removed_at is null"
    " order by d.id limit 1"
)
_AGAIN = sa.text(
    "insert into app.document_again (tenant_id, document_id, line, name, source)"
    " values ((select guard.tenant_id()), :id, :line, :name, :source)"
)
_ADD = sa.text(
    "insert into app.document (tenant_id, id, line, class, name, source, note)"
    " values ((select guard.tenant_id()), :id, :line, :class, :name, :source, :note)"
)
_ADD_VERSION = sa.text(
    "insert into app.document_version (tenant_id, document_id, line, no, stored_object_id, sha256,"
    " size, media_type) select o.tenant_id, :id, o.line, :no, o.id, o.sha256, o.size, :type"
    " from app.stored_object o where o.tenant_id = (select guard.tenant_id()) and o.id = :object"
    " returning id"
)
_LINK = sa.text(
    "insert into app.document_link (tenant_id, document_id, line, subject_type, subject_id, part)"
    " values ((select guard.tenant_id()), :id, :line, :type, :subject, :part)"
    " on conflict do nothing"
)
_UNLINK = sa.text(
    f"delete from app.document_link where {_TENANT} and document_id = :id"
    " and subject_type = :type and subject_id = :subject returning part"
)
_TAKE_OFF = sa.text(
    f"delete from app.document_link where {_TENANT} and linked_at >= :since"
    " and document_id = any(cast(:ids as uuid[])) and (subject_type, subject_id) in"
    " (select * from unnest(cast(:types as text[]), cast(:subjects as uuid[])))"
)
_SET_CLASS = sa.text(f"update app.document set class = :class where {_TENANT} and id = :id")
_REMOVE = sa.text(
    "update app.document set removed_at = now(), removed_by = (select guard.user_id())"
    f" where {_TENANT} and id = :id"
)
_RESTORE = sa.text(
    f"update app.document set removed_at = null, removed_by = null where {_TENANT} and id = :id"
)
