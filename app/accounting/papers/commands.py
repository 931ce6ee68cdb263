"""A read paper in the books: attached to its bank line, drafted, posted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.accounting import commands
from app.accounting.ledger import EntryDraft, PostedEntry, PostingInput
from app.accounting.papers import queries as paper_queries
from app.documents import commands as documents
from app.documents import queries as document_queries
from app.documents.readings import keeping
from app.documents.readings import queries as readings
from app.documents.readings.offers import facts
from app.kernel import undo
from app.kernel.errors import Conflict

UNDO = "accounting.paper"
LINE_SUBJECT = "bank_transaction"


def attach(document_id: UUID, *, line_id: UUID, no: int = 1) -> UUID:
    """Attaches a read paper to the bank line it fits; returns the token of the way back.

    `no` says which of the invoices that the file holds is paid there.

    Raises NotFound, and Conflict (`paper-fits-not`) where line or paper changed meanwhile.
    """
    document_queries.head(document_id)
    found = readings.current(document_id, no)
    fitting = paper_queries.lines_for(facts(found)) if found else []
    if all(one.line_id != line_id for one, _line in fitting):
        raise Conflict("paper-fits-not")
    documents.link(document_id, subject_type=LINE_SUBJECT, subject_id=line_id, part=no)
    return undo.offer(UNDO, {"document": str(document_id), "line": str(line_id)})


@undo.handler(UNDO)
def _detach(args: dict[str, Any]) -> None:
    documents.unlink(
        UUID(args["document"]), subject_type=LINE_SUBJECT, subject_id=UUID(args["line"])
    )


def draft(
    document_id: UUID,
    *,
    on: dt.date,
    description: str,
    postings: Sequence[PostingInput],
    key: str,
    no: int = 1,
) -> EntryDraft:
    """An entry of a paper, as it will be asked for; whether there is one already says `post`."""
    return EntryDraft(
        journal="GEN",
        date=on,
        description=description,
        postings=tuple(postings),
        key=key,
        source_type=paper_queries.source(no),
        source_id=document_id,
    )


def post(made: EntryDraft, *, approved_ref: UUID | None = None) -> PostedEntry:
    """Posts the entry of a paper and attaches the paper to it.

    Two people who book one paper at once come one after the other: the second is refused by
    Conflict (`paper-booked`), which names the entry there is. Raises also as `post_entry` does.
    """
    demand_unbooked(made)
    posted = commands.post_entry(
        journal=made.journal,
        date=made.date,
        description=made.description,
        postings=made.postings,
        key=made.key,
        source_type=made.source_type,
        source_id=made.source_id,
        approved_ref=approved_ref,
    )
    if made.source_id is not None:
        documents.link(made.source_id, subject_type="entry", subject_id=posted.id)
    return posted


def demand_unbooked(made: EntryDraft) -> None:
    """Raises Conflict (`paper-booked`) where the draft's paper has an entry already.

    The same request sent once more is let through, for the ledger to answer as before.
    """
    if made.source_id is None or made.source_type is None:
        return
    keeping.hold(made.source_id)
    booked = paper_queries.booked(made.source_id, source_type=made.source_type)
    if booked is not None and booked.key != made.key:
        raise Conflict("paper-booked", label=booked.label)
