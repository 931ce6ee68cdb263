"""Asks for the reading of a paper; apart from the job, so that whoever adds papers may ask."""

from __future__ import annotations

from uuid import UUID

from app.kernel import ids, jobs

JOB = "documents.read"


def first(document_id: UUID, *, line: str) -> None:
    """The reading of a new content, in the transaction that adds it."""
    _ask(document_id, line=line, key=f"read:{document_id}:{ids.uuid7()}")


def again(document_id: UUID, *, line: str) -> UUID:
    """One more reading on demand; returns the job."""
    return _ask(document_id, line=line, key=f"reread:{document_id}:{ids.uuid7()}")


def _ask(document_id: UUID, *, line: str, key: str) -> UUID:
    return jobs.enqueue(JOB, {"document": str(document_id)}, key=key, line=line)
