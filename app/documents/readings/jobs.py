"""The jobs that read a paper and learn from its correction, each in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from app.documents import queries
from app.documents.happened import DocumentAdded
from app.documents.readings import keeping, learning, learning_order, learnt, order, run, taught
from app.documents.readings import queries as readings
from app.documents.readings.models import ReadingView
from app.kernel import events, workroom
from app.kernel.errors import NotFound
from app.kernel.jobs import Progress, job


@job(order.JOB, queue="bulk", retries=2, lease=90, steps=True)
def read(args: dict[str, Any], progress: Progress) -> None:
    """Reads the newest content of a paper and keeps what it says; once more it reads anew."""
    if progress.done:
        return
    document_id = UUID(args["document"])
    with progress.step(total=1, stage="Fetching"):
        try:
            paper = keeping.paper(document_id)
            pieces = queries.content(document_id)
        except NotFound:
            return  # removed meanwhile
        templates = learnt.living(paper.line, paper.document_class)
    answer = taught.with_lessons(answer_of(pieces, paper.media_type), templates)
    with progress.step(done=1, total=1, stage="Keeping"):
        keeping.keep(paper, answer, over=args.get("over", {}))


@job(learning_order.JOB, queue="bulk", retries=2, lease=90, steps=True)
def learn(args: dict[str, Any], progress: Progress) -> None:
    """Reads a corrected paper's words once more, to see where the right values stand."""
    if progress.done:
        return
    with progress.step(total=1, stage="Fetching"):
        try:
            found = _confirmed(UUID(args["reading"]))
            paper = keeping.paper(found.document_id)
            pieces = queries.content(found.document_id)
        except NotFound:
            return  # removed, or read anew meanwhile
    if found.version_id != paper.version_id:
        return  # replaced by another content
    who = learning.supplier(found.values)
    if who is None:
        return
    sheets = taught.sheets(answer_of(pieces, paper.media_type))
    lessons = taught.lessons(found, [str(one) for one in args["fields"]], sheets)
    with progress.step(done=1, total=1, stage="Keeping"):
        try:
            _confirmed(found.id)
        except NotFound:
            return
        if lessons:
            learnt.keep(
                who, lessons, reading_id=found.id, document_id=found.document_id, line=found.line
            )


def _confirmed(reading_id: UUID) -> ReadingView:
    """The reading as somebody confirmed it; raises NotFound where that was taken back."""
    found = readings.one(reading_id)
    if found.state != "confirmed":
        raise NotFound
    return found


def answer_of(pieces: Iterator[bytes], media_type: str) -> run.Answer:
    """What a content says, read in a process of its own."""
    with workroom.folder("reading") as folder:
        return run.read(b"".join(pieces), media_type, folder=folder)


@events.on(DocumentAdded)
def order_first(added: DocumentAdded) -> None:
    """Every accepted content is read once."""
    try:
        paper = keeping.paper(added.document_id)
    except NotFound:
        return  # removed meanwhile
    order.first(paper.version_id, paper.id, line=paper.line)
