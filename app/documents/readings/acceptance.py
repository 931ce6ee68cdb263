"""What is accepted without a person: only what proves itself (99.5 % precision); pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.documents.readings.run import Answer

ACCEPTED = 0.995
"""A field believed at least so far is taken without a person's look."""
NEEDED = ("invoice_number", "issue_date", "currency", "seller_name", "total_minor")
"""What an invoice must say before a paper as a whole is taken."""


def state(answer: Answer) -> str:
    """The first state of a reading: `machine` where all of it is accepted and nothing is wrong."""
    if answer.state != "read":
        return answer.state
    sure = {one.field for one in answer.fields if one.confidence >= ACCEPTED}
    whole = sure.issuperset(NEEDED) and len(sure) == len(answer.fields)
    complete = answer.pages_read == answer.pages and answer.further == len(answer.others)
    return "machine" if whole and complete and not answer.faults else "to_check"
