"""What a paper is to the rest of the platform: its head, its link, and the words allowed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

CLASSES = ("normal", "payroll", "owner_only")
INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser draws inside a sandbox; everything else is handed out as a file."""


def stored_kind(document_class: str) -> str:
    """The kind of a sealed object of a paper: it carries the class, which a policy reads."""
    return "document" if document_class == "normal" else f"document.{document_class}"


@dataclass(frozen=True, slots=True)
class DocumentHead:
    """A paper as lists and other screens show it; `size` in bytes, `version` its newest.

    `type` says what it is (organise.TYPES, empty: not said), `period` the first day of its month;
    `has_thumbnail`: a small picture of its first page was painted.
    """

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
    tags: Sequence[str]
    note: str
    has_thumbnail: bool

    @property
    def is_inline(self) -> bool:
        """Whether a browser draws it as a picture."""
        return self.media_type in INLINE


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One immutable content of a paper; `sha256` is of the plain bytes."""

    id: UUID
    no: int
    stored_object_id: UUID
    sha256: str
    size: int
    media_type: str
    added_by: UUID
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """One record that a paper belongs to."""

    subject_type: str
    subject_id: UUID
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class Again:
    """The same content brought once more: by whom, when, and under which name."""

    name: str
    source: str
    added_by: UUID
    added_at: datetime
