"""The job that reads a paper: its bytes out, a process of its own, what was read in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.documents import queries
from app.documents.happened import DocumentAdded
from app.documents.readings import keeping, order, run
from app.kernel import events, workroom
from app.kernel.errors import NotFound
from app.kernel.jobs import Progress, job


@job(order.JOB, queue="bulk", retries=2, lease=90, steps=True)
def read(args: dict[str, Any], progress: Progress) -> None:
    """Reads the newest content of a paper and keeps what it says; once more it reads anew."""
    if progress.done:
        return
    document_id = UUID(args["document"])
    with progress.step(total=2, stage="Fetching"):
        try:
            paper = keeping.paper(document_id)
            pieces = queries.content(document_id)
        except NotFound:
            return  # removed meanwhile
    with workroom.folder("reading") as folder:
        answer = run.read(b"".join(pieces), paper.media_type, folder=folder)
    with progress.step(done=1, total=1, stage="Keeping"):
        keeping.keep(paper, answer)


@events.on(DocumentAdded)
def order_first(added: DocumentAdded) -> None:
    """Every accepted content is read once."""
    try:
        paper = keeping.paper(added.document_id)
    except NotFound:
        return  # removed meanwhile
    order.first(paper.version_id, paper.id, line=paper.line)
