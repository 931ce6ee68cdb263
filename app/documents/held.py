"""Quarantine: files that failed a check, closed until somebody else decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents import checks, commands, examining, scanner
from app.documents.models import stored_kind
from app.kernel import ids, scope, storage, undo
from app.kernel.db import session
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound

UNDO_DESTROY = "document.destroy-held"
VIRUS = examining.VIRUS
_let_in: dict[str, Callable[[UUID, UUID], None]] = {}


@dataclass(frozen=True, slots=True)
class Held:
    """A file in quarantine: `reason` is the code of the check that it failed, `size` in bytes."""

    id: UUID
    name: str
    size: int
    line: str
    document_class: str
    reason: str
    source: str
    subject_type: str | None
    subject_id: UUID | None
    added_by: UUID
    added_at: datetime
    state: str
    decided_by: UUID | None
    decided_at: datetime | None
    document_id: UUID | None

    @property
    def is_virus(self) -> bool:
        """Whether nobody lets it in."""
        return self.reason == VIRUS


def hold(
    data: bytes,
    *,
    name: str,
    line: str,
    document_class: str,
    reason: str,
    source: str,
    subject: tuple[str, UUID] | None = None,
    most: int = checks.MOST_BYTES,
) -> UUID:
    """Keeps a refused file, sealed and closed; returns its id."""
    plain = checks.plain_name(name)
    stored = storage.put(
        data,
        kind=stored_kind(document_class),
        name=plain if document_class == "normal" else "document",
        media_type="application/octet-stream",
        line=line,
        state="quarantine",
        most=most,
    )
    made = ids.uuid7()
    values = {
        "id": made,
        "line": line,
        "class": document_class,
        "name": plain,
        "size": len(data),
        "object": stored,
        "reason": reason,
        "source": source,
        "type": subject[0] if subject else None,
        "subject": subject[1] if subject else None,
    }
    session.execute(_HOLD, values)
    return made


def one(held_id: UUID) -> Held:
    """A held file that the reader sees; raises NotFound."""
    row = session.execute(_ONE, {"id": held_id}).mappings().first()
    if row is None:
        raise NotFound
    return Held(**row)


def held(*, state: str = "held", before: UUID | None = None, limit: int = 50) -> list[Held]:
    """Held files, the newest first, `before` an id: staff see all, client people their own."""
    values = {"state": state, "before": before, "limit": limit}
    return [Held(**row) for row in session.execute(_LIST, values).mappings()]


def content(file: Held) -> bytes:
    """The closed bytes of a held file, for who may decide on it, scanned as of now.

    It may have been held before there was a scanner, or before the scanner knew its virus. Raises
    Forbidden, Conflict `held-virus`, Unavailable while a scanner that is set up does not answer.
    """
    if not scope.current().rights.may("document.release"):
        raise Forbidden("permission-missing", permission="document.release")
    sha = session.execute(_SHA, {"id": file.id}).scalar_one()
    data = b"".join(storage.open_content(sha))
    try:
        scanner.scan(data)
    except Invalid as refusal:
        if examining.code_of(refusal) == VIRUS:
            raise Conflict("held-virus") from None
    return data  # what is too large for the scanner is for a person to decide


def count() -> int:
    """How many files wait for a decision, as the reader sees them."""
    found: int = session.execute(_COUNT).scalar_one()
    return found


def release(held_id: UUID) -> UUID:
    """A second look lets a file in; returns the paper it becomes, to be downloaded only.

    Raises NotFound, Forbidden without `document.release`, Conflict for one's own file (`held-own`),
    a virus (`held-virus`) or what was decided already, Unavailable while the scanner is away.
    """
    file, made = one(held_id), ids.uuid7()
    if file.state == "held" and not file.is_virus:
        content(file)
    stored = session.execute(_RELEASE, {"id": held_id, "document": made}).scalar_one()
    commands.make_paper(
        stored,
        commands.Paper(
            name=file.name,
            media_type=_kind(stored, file),
            line=file.line,
            document_class=file.document_class,
            source=file.source,
        ),
        made=made,
    )
    if file.subject_type is not None and file.subject_id is not None:
        commands.link(made, subject_type=file.subject_type, subject_id=file.subject_id)
        if file.subject_type in _let_in:
            _let_in[file.subject_type](file.subject_id, made)
    return made


def when_let_in(subject_type: str, then: Callable[[UUID, UUID], None]) -> None:
    """Declares who takes a paper over that stood held at a kind of record: its id, the paper's."""
    _let_in[subject_type] = then


def destroy(held_id: UUID) -> UUID:
    """Has a file destroyed after a day; returns the token of the way back."""
    session.execute(_DESTROY, {"id": held_id, "back": False})
    return undo.offer(UNDO_DESTROY, {"held": str(held_id)})


@undo.handler(UNDO_DESTROY)
def _keep_after_all(args: dict[str, Any]) -> None:
    session.execute(_DESTROY, {"id": UUID(args["held"]), "back": True})


def _kind(stored: UUID, file: Held) -> str:
    """What a released file is shown as: a PDF stays one, everything else is only handed out."""
    head = next(storage.open(stored), b"")
    is_pdf = head[:1024].lstrip().startswith(b"%PDF-") and file.reason != "file-locked"
    return "application/pdf" if is_pdf else "application/octet-stream"


_TENANT = "tenant_id = (select guard.tenant_id())"
_COLUMNS = (
    "select id, name, size, line, class as document_class, reason, source, subject_type,"
    " subject_id, added_by, added_at, state, decided_by, decided_at, document_id"
    f" from app.held_file where {_TENANT}"
)
_ONE = sa.text(f"{_COLUMNS} and id = :id")
_LIST = sa.text(
    f"{_COLUMNS} and state = :state and (cast(:before as uuid) is null or id < :before)"
    " order by id desc limit :limit"
)
_COUNT = sa.text(
    f"select count(*)::int from (select from app.held_file where {_TENANT} and state = 'held'"
    " limit 1000) h"
)
_HOLD = sa.text(
    "insert into app.held_file (tenant_id, id, line, class, name, size, stored_object_id, reason,"
    " source, subject_type, subject_id) values ((select guard.tenant_id()), :id, :line, :class,"
    " :name, :size, :object, :reason, :source, :type, :subject)"
)
_SHA = sa.text(
    "select o.sha256 from app.held_file h join app.stored_object o on o.tenant_id = h.tenant_id"
    " and o.id = h.stored_object_id where h.tenant_id = (select guard.tenant_id()) and h.id = :id"
)
_RELEASE = sa.text("select app.release_held_file(:id, :document)")
_DESTROY = sa.text("select app.destroy_held_file(:id, :back)")
