"""Asks for the reading of a paper, first and again."""

from __future__ import annotations

from uuid import UUID

from app.kernel import ids, jobs

JOB = "documents.read"


def first(version_id: UUID, document_id: UUID, *, line: str) -> None:
    """The reading of a new content; asked twice it is read once."""
    _ask(document_id, line=line, key=f"read:{version_id}")


def again(document_id: UUID, *, line: str) -> UUID:
    """One more reading on demand; returns the job."""
    return _ask(document_id, line=line, key=f"reread:{document_id}:{ids.uuid7()}")


def _ask(document_id: UUID, *, line: str, key: str) -> UUID:
    return jobs.enqueue(JOB, {"document": str(document_id)}, key=key, line=line)
