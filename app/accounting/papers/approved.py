"""Entries that somebody else approves before they are posted: of papers, and written by hand.

A policy asks from an amount on: the entry's sum of debits in the books' own currency, at the rate
it is booked at. Anybody may ask of their own accord. Approved, it is posted in its maker's name.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from flask import url_for

from app.accounting import ledger, queries
from app.accounting.ledger import EntryDraft, PostingInput
from app.accounting.papers import commands
from app.accounting.papers.queries import SOURCE, no_of, posted
from app.documents import queries as documents
from app.documents.readings import lots
from app.kernel import approvals, words
from app.kernel.approvals import ApprovalView
from app.kernel.errors import Conflict, Invalid
from app.web import context

KIND = "entry.post"
SUBJECT = "entry_draft"


def amount_of(made: EntryDraft) -> int:
    """The sum of debits in minor units of the books' currency, as the database adds it up."""
    bases = (one.amount if one.base is None else one.base for one in made.postings)
    return sum(base for base in bases if base > 0)


def wanted(made: EntryDraft) -> bool:
    """Whether a policy wants this entry approved before it is posted.

    Not once it is posted: the same request sent again is answered by the ledger as before.
    """
    if posted(made.key) is not None:
        return False
    book = queries.book()
    return approvals.needed(KIND, amount_minor=amount_of(made), currency=book.base_currency)


def ask(made: EntryDraft) -> UUID:
    """Sends a draft for approval, or puts it in the place of what one asked about it before.

    Raises Invalid for a draft that the ledger would refuse, Conflict (`paper-booked`) where the
    paper has an entry, `entry-posted` where this draft is one, and `approval-waits-already` where
    somebody else asked.
    """
    commands.demand_unbooked(made)
    there = posted(made.key)
    if there is not None:
        raise Conflict("entry-posted", label=there.label)
    book = queries.book()
    faults = ledger.validate(made, book)
    if faults:
        raise Invalid("invalid", {"lines": [problem for _no, problem in faults.found]})
    sha = ledger.request_sha(made, book).hex()
    told: dict[str, Any] = {
        "title": made.description,
        "content": {"_draft": _written(made)},
        "content_sha": sha,
        "amount_minor": amount_of(made),
        "currency": book.base_currency,
    }
    asked = approvals.ask_once(
        KIND, subject_type=SUBJECT, subject_id=_subject(made), line="accounting", **told
    )
    return asked.id


def _subject(made: EntryDraft) -> UUID:
    """The paper, or a name for one invoice of a lot or what was written by hand: asked once."""
    if made.source_id is None:
        return uuid5(NAMESPACE_URL, f"entry:{made.key}")
    first = made.source_type == SOURCE
    return made.source_id if first else uuid5(made.source_id, str(made.source_type))


def carry_out(found: ApprovalView) -> None:
    """Posts what was approved in the maker's name; runs as a job of the system."""
    made = _covered(found)
    if made is None:
        raise Conflict("approval-content-changed")
    commands.post(made, approved_ref=found.id)


def page(found: ApprovalView) -> str | None:
    """The paper that the draft was made of, in the reader's own pages."""
    made, surface = _covered(found), context.place().surface
    no = no_of(made.source_type) if made is not None else None
    if made is None or no is None or surface not in ("client", "portal"):
        return None
    if surface == "portal":
        return url_for("documents_portal.paper", document_id=made.source_id)
    return url_for("document_readings.show", document_id=made.source_id, **lots.named(no))


def shown(found: ApprovalView) -> dict[str, Any] | None:
    """What is read of an approval, drawn from the draft that the hash covers and that is posted."""
    made = _covered(found)
    try:
        return None if made is None else {**_told(made), "_draft": found.content["_draft"]}
    except (KeyError, TypeError, ValueError):
        return None  # its hash covers what no entry holds, such as an account that there is not


def _covered(found: ApprovalView) -> EntryDraft | None:
    """The draft of an approval; None where its hash covers none, as in what no page asked."""
    try:
        made = _read(found.content["_draft"])
        covers = ledger.request_sha(made, queries.book()).hex() == found.content_sha
    except (AttributeError, Conflict, KeyError, TypeError, ValueError):
        return None
    return made if covers else None


def _told(made: EntryDraft) -> dict[str, Any]:
    chart = {one.id: one for one in queries.accounts(include_archived=True)}
    told: dict[str, Any] = {
        "date": words.format_date(made.date),
        "description": made.description,
        "postings": [
            f"{chart[one.account_id].code} {chart[one.account_id].name}:"
            f" {words.format_money(one.amount, one.currency)}"
            for one in made.postings
        ],
    }
    papers = documents.heads([made.source_id]) if made.source_id is not None else []
    return {"document": papers[0].name, **told} if papers else told


def _written(made: EntryDraft) -> dict[str, Any]:
    return {
        "journal": made.journal,
        "date": made.date.isoformat(),
        "description": made.description,
        "key": made.key,
        "source_type": made.source_type,
        "source_id": str(made.source_id) if made.source_id else None,
        "postings": [
            {
                name: str(one) if isinstance(one, UUID) else one
                for name, one in asdict(posting).items()
                if one is not None
            }
            for posting in made.postings
        ],
    }


def _read(kept: dict[str, Any]) -> EntryDraft:
    return EntryDraft(
        journal=kept["journal"],
        date=dt.date.fromisoformat(kept["date"]),
        description=kept["description"],
        postings=tuple(_posting(one) for one in kept["postings"]),
        key=kept["key"],
        source_type=kept["source_type"],
        source_id=UUID(kept["source_id"]) if kept["source_id"] else None,
    )


def _posting(kept: dict[str, Any]) -> PostingInput:
    ids = {name: UUID(one) for name, one in kept.items() if name.endswith("_id") and one}
    return PostingInput(**{**kept, **ids})
