"""Uploads: a file in parts of 5 MB, in any order, each once; it goes on where it stopped.

The same calls serve a person, a token and the holder of a link (who opens through the door of
whatever the link shows; see `app.open_upload_by_link`): the database knows who opened it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.documents import checks, queries
from app.documents.models import CLASSES
from app.kernel import jobs, storage
from app.kernel.db import session
from app.kernel.errors import Forbidden, Invalid

PART_BYTES = 5 * 1024 * 1024
MOST_BYTES = 100 * 1024 * 1024
JOB = "documents.take-in"
STATES = ("open", "complete", "done", "held", "refused", "expired")


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload: `size` in bytes; `code` says why it was held or refused."""

    id: UUID
    line: str
    document_class: str
    name: str
    size: int
    sha256: str | None
    source: str
    subject_type: str | None
    subject_id: UUID | None
    opened_by: UUID | None
    opened_at: datetime
    state: str
    code: str
    document_id: UUID | None
    held_id: UUID | None

    @property
    def part_count(self) -> int:
        """Of how many parts it is made."""
        return -(-self.size // PART_BYTES)


@dataclass(frozen=True, slots=True)
class Part:
    """One part that is there; `no` counts from 1, `sha256` is of its plain bytes."""

    no: int
    size: int
    sha256: str


def source_by_hand() -> str:
    """How what somebody chose on a page came: of staff or at the portal."""
    return "staff" if session.scalar(_IS_STAFF) else "portal"


def open_one(
    *,
    name: str,
    size: int,
    line: str,
    source: str,
    document_class: str = "normal",
    sha256: str | None = None,
    subject: tuple[str, UUID] | None = None,
) -> UUID:
    """Begins an upload of `size` bytes; `subject` is what the paper will be linked to.

    Raises Invalid at `name`, `size` or `document_class`, Forbidden for a class or a line that is
    not the acting person's, Conflict with too many begun ones.
    """
    if document_class not in CLASSES:
        raise Invalid.of("document_class", "document-class-unknown")
    if not queries.sees(document_class):
        raise Forbidden("document-class-not-yours")
    if size < 1:
        raise Invalid.of("size", "file-empty")
    if size > MOST_BYTES:
        raise Invalid.of("size", "file-too-large", most=MOST_BYTES // 1024)
    values = {
        "line": line,
        "class": document_class,
        "name": checks.plain_name(name),
        "size": size,
        "sha": sha256,
        "source": source,
        "type": subject[0] if subject else None,
        "subject": subject[1] if subject else None,
    }
    made: UUID = session.execute(_OPEN, values).scalar_one()
    return made


def put_part(upload_id: UUID, no: int, data: bytes) -> None:
    """Keeps one part, sealed; the same again changes nothing.

    Raises NotFound for an upload of somebody else, Conflict for one that has ended or a part that
    came before with other bytes, Invalid for a length that its place does not have.
    """
    head = one(upload_id)
    if not 1 <= no <= head.part_count or len(data) != _length(head, no):
        raise Invalid.of("part", "upload-part-wrong")
    sha = storage.keep_content(data)
    session.execute(_PART, {"id": upload_id, "no": no, "size": len(data), "sha": sha})


def complete(upload_id: UUID) -> Upload:
    """Says that all parts are there: the file is kept, and a job makes it a paper.

    Raises Conflict while parts are missing. Once more changes nothing.
    """
    is_mine_to_order = session.execute(_COMPLETE, {"id": upload_id}).scalar_one()
    head = one(upload_id)
    if is_mine_to_order:
        jobs.enqueue(JOB, {"upload": str(upload_id)}, key=f"upload:{upload_id}", line=head.line)
    return head


def receive(
    data: bytes,
    *,
    name: str,
    line: str,
    source: str,
    document_class: str = "normal",
    subject: tuple[str, UUID] | None = None,
) -> UUID:
    """A whole file at once, as an upload: kept now, looked at by the job. Returns its id."""
    made = open_one(
        name=name,
        size=len(data),
        line=line,
        source=source,
        document_class=document_class,
        subject=subject,
    )
    for no in range(1, -(-len(data) // PART_BYTES) + 1):
        put_part(made, no, data[(no - 1) * PART_BYTES : no * PART_BYTES])
    complete(made)
    return made


def one(upload_id: UUID) -> Upload:
    """An upload of the acting principal; raises NotFound."""
    row = session.execute(_HEAD, {"id": upload_id}).mappings().one()
    return Upload(**row)


def parts(upload_id: UUID) -> list[Part]:
    """The parts that are there, by number; raises NotFound."""
    return [Part(**row) for row in session.execute(_PARTS, {"id": upload_id}).mappings()]


def numbers(upload_ids: Sequence[UUID]) -> dict[UUID, frozenset[int]]:
    """The numbers of the parts that are there, of several uploads of the acting person."""
    if not upload_ids:
        return {}
    rows = session.execute(_NUMBERS, {"ids": list(upload_ids)})
    return {row.upload_id: frozenset(row.there) for row in rows}


def recent(*, before: UUID | None = None, limit: int = 20) -> list[Upload]:
    """The acting person's own uploads, the newest first, `before` an id."""
    rows = session.execute(_RECENT, {"before": before, "limit": limit}).mappings()
    return [Upload(**row) for row in rows]


def unfinished(limit: int = 20) -> list[Upload]:
    """The acting person's uploads of the last day that became no paper (yet)."""
    return [Upload(**row) for row in session.execute(_UNFINISHED, {"limit": limit}).mappings()]


def _length(head: Upload, no: int) -> int:
    return min(PART_BYTES, head.size - (no - 1) * PART_BYTES)


_COLUMNS = (
    "id, line, class as document_class, name, size, sha256, source, subject_type, subject_id,"
    " opened_by, opened_at, state, code, document_id, held_id"
)
_OPEN = sa.text(
    "select app.open_upload(:line, :class, :name, :size, :sha, :source, :type, :subject)"
)
_IS_STAFF = sa.text("select guard.is_staff()")
_PART = sa.text("select app.keep_upload_part(:id, :no, :size, :sha)")
_COMPLETE = sa.text("select app.complete_upload(:id)")
_HEAD = sa.text(f"select {_COLUMNS} from app.upload_head(:id)")
_PARTS = sa.text("select no, size, sha256 from app.upload_parts(:id)")
_OWN = (
    f"select {_COLUMNS} from app.upload where tenant_id = (select guard.tenant_id())"
    " and opened_by = (select guard.user_id())"
)
_NUMBERS = sa.text(
    "select upload_id, array_agg(no) as there from app.upload_part where tenant_id ="
    " (select guard.tenant_id()) and upload_id = any(cast(:ids as uuid[])) group by upload_id"
)
_RECENT = sa.text(
    f"{_OWN} and (cast(:before as uuid) is null or id < :before) order by id desc limit :limit"
)
_UNFINISHED = sa.text(
    f"{_OWN} and state in ('open', 'complete', 'refused') and opened_at > now() - interval '1 day'"
    " order by id desc limit :limit"
)
