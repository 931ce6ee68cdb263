"""Lines that need a document, over the API: which, from which amount on, and asking for them."""

from __future__ import annotations

from uuid import UUID

from app.accounting.bank import queries as bank_queries
from app.accounting.reconcile import papers as reconcile_papers
from app.accounting.reconcile.api import BANK, POST, READ, api
from app.accounting.reconcile.schemas import PapersAskedOut, PapersAskIn, PapersFromIn, PapersOut

__all__ = ["api"]


@api.get(f"{BANK}/papers", needs=READ, response=PapersOut, summary="Lines that need a document")
def papers(bank_account_id: UUID) -> object:
    """How many lines need a document, and which of them the client was not asked about."""
    bank_queries.bank_account(bank_account_id)
    found = reconcile_papers.missing(bank_account_id)
    return {
        "amount_from": reconcile_papers.amount_from(),
        "count": found.count,
        "more": found.more,
        "unasked": reconcile_papers.unasked(bank_account_id),
    }


@api.post(
    f"{BANK}/papers",
    needs="request.ask",
    request=PapersAskIn,
    response=PapersAskedOut,
    status=201,
    summary="Ask for documents",
)
def ask_papers(bank_account_id: UUID, body: PapersAskIn) -> object:
    """One question a line; what was asked or attached meanwhile is left out, 404 when all were."""
    made = reconcile_papers.ask(bank_account_id, body.line_ids, text=body.text)
    return {"question_ids": list(made)}


@api.post(
    f"{BANK}/papers/from",
    needs=POST,
    request=PapersFromIn,
    response=PapersOut,
    summary="Say from which amount on lines need a document",
)
def set_papers_from(bank_account_id: UUID, body: PapersFromIn) -> object:
    """Holds for all bank accounts of the client."""
    bank_queries.bank_account(bank_account_id)
    reconcile_papers.set_amount_from(body.amount_from)
    return papers(bank_account_id)
