"""What happened to papers, told to the packages that read, index or match them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.kernel import events


@events.event("document.added")
@dataclass(frozen=True, slots=True)
class DocumentAdded:
    """A content of a paper was accepted: checked, stored, and out of quarantine if it was held.

    Told once for each version. It carries ids and the kind only, since every member of the client
    may see its head; a handler asks `queries` for the rest, under its own rights.
    """

    tenant: UUID
    document_id: UUID
    version_id: UUID
    media_type: str


@events.event("document.upload-ended")
@dataclass(frozen=True, slots=True)
class UploadEnded:
    """What became of an upload: a paper, a held file, or neither; `code` says why.

    `subject_type` and `subject_id` are what it was brought for, such as an item of a request.
    """

    tenant: UUID
    upload_id: UUID
    document_id: UUID | None
    held_id: UUID | None
    code: str
    subject_type: str | None
    subject_id: UUID | None
