"""Asks for learning from a person's corrections; apart from the job, which reads the paper."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.kernel import ids, jobs

JOB = "documents.learn"


def ask(reading_id: UUID, *, line: str, fields: Sequence[str]) -> None:
    """What these corrected fields teach about the supplier's next paper."""
    jobs.enqueue(
        JOB,
        {"reading": str(reading_id), "fields": list(fields)},
        key=f"learn:{reading_id}:{ids.uuid7()}",
        line=line,
    )
