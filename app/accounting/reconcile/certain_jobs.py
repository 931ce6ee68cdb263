"""Many certain lines booked, or taken back, as jobs of small steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from app.accounting.reconcile import certain
from app.kernel.errors import Conflict, Invalid, Locked, NotFound
from app.kernel.jobs import Progress, job

Line = TypeVar("Line")
_REFUSALS = (Conflict, Invalid, Locked, NotFound)
"""What the books say no to; anything else is tried again by the job's next attempt."""


@job(certain.JOB, queue="bulk", line="accounting", steps=True)
def accept_certain(args: dict[str, Any], progress: Progress) -> None:
    """Books the lines as they were shown: each once or not at all, however often it runs."""
    seen = [(UUID(one), int(version), str(mark)) for one, version, mark in args["lines"]]
    with progress.step(done=progress.done, total=len(seen), stage="Reading"):
        found = certain.guesses(UUID(args["bank"]), seen[progress.done :])
    _in_chunks(
        seen,
        lambda some: certain.book_some(some, found, args["batch"]),
        progress,
        stage="Posting",
    )


@job(certain.UNDO_JOB, queue="bulk", line="accounting", steps=True)
def take_back(args: dict[str, Any], progress: Progress) -> None:
    """Takes back what still stands as the batch booked it; what cannot be stays booked."""
    _in_chunks(
        [UUID(one) for one in args["lines"]],
        lambda some: certain.take_back(some, args["batch"]),
        progress,
        stage="Reversing",
    )


def _in_chunks(
    all_: Sequence[Line],
    act: Callable[[Sequence[Line]], None],
    progress: Progress,
    *,
    stage: str,
) -> None:
    """Each chunk in a transaction; one that the books refuse again line by line."""
    for start in range(progress.done, len(all_), certain.CHUNK):
        some = all_[start : start + certain.CHUNK]
        end = start + len(some)
        try:
            with progress.step(done=end, total=len(all_), stage=stage):
                act(some)
        except _REFUSALS:
            for place, one in enumerate(some, start + 1):
                _one(one, act, progress, place=place, total=len(all_), stage=stage)


def _one(
    one: Line,
    act: Callable[[Sequence[Line]], None],
    progress: Progress,
    *,
    place: int,
    total: int,
    stage: str,
) -> None:
    """A line by itself; refused, it is left as it is."""
    try:
        with progress.step(done=place, total=total, stage=stage):
            act([one])
    except _REFUSALS:
        with progress.step(done=place, total=total, stage=stage):
            return
