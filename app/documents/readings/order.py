"""Asks for the reading of a paper, first and again."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from app.kernel import ids, jobs

JOB = "documents.read"


def first(version_id: UUID, document_id: UUID, *, line: str) -> None:
    """The reading of a new content; asked twice it is read once."""
    _ask(document_id, line=line, key=f"read:{version_id}")


def again(document_id: UUID, *, line: str, over: Mapping[UUID, int]) -> UUID:
    """One more reading on demand; returns the job.

    `over` are the readings that it may take the place of though people worked on them, each in the
    version in which they were seen.
    """
    key = f"reread:{document_id}:{ids.uuid7()}"
    return _ask(document_id, line=line, key=key, over={str(one): no for one, no in over.items()})


def _ask(document_id: UUID, *, line: str, key: str, over: Mapping[str, int] | None = None) -> UUID:
    return jobs.enqueue(JOB, {"document": str(document_id), "over": over or {}}, key=key, line=line)
