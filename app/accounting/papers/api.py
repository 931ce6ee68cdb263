"""Read papers in the books over the API: which bank lines fit, attaching one, a proposed entry."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from app.accounting.papers import commands, drafting, queries
from app.accounting.papers.fits import Fit
from app.api import Api
from app.api.schema import In, MinorUnits, Out
from app.documents import queries as documents
from app.documents.readings import queries as readings
from app.documents.readings.api import InvoiceQuery
from app.documents.readings.offers import PaperFacts, facts
from app.kernel.errors import NotFound

api = Api("accounting_papers")
PAPER = "/clients/<client>/documents/<uuid:document_id>"


class FitOut(Out):
    """A bank line that fits: `score` of 1, and by what, the strongest first."""

    line_id: UUID
    score: float
    why: list[str]


class FitsOut(Out):
    """The bank lines that fit a paper, the best first."""

    fits: list[FitOut]


class AttachIn(In):
    """The bank line."""

    line_id: UUID


class ProposedPostingOut(Out):
    """One posting of the draft; amounts in minor units, debit positive."""

    account_id: UUID
    amount: MinorUnits
    currency: str
    tax_code: str | None
    counterparty_id: UUID | None


class DraftOut(Out):
    """A draft entry; without `cost_account_id` nobody booked this supplier before."""

    on: date | None
    description: str
    counterparty_id: UUID | None
    cost_account_id: UUID | None
    tax_code: str | None
    postings: list[ProposedPostingOut]


@api.get(
    f"{PAPER}/bank-lines",
    needs="accounting.read",
    query=InvoiceQuery,
    response=FitsOut,
    summary="Bank lines that fit a document",
)
def bank_lines(document_id: UUID, query: InvoiceQuery) -> object:
    """Lines without a document, of the same amount; 404 while the document was not read."""
    return {"fits": [_fit(one) for one, _line in queries.lines_for(_facts(document_id, query))]}


@api.post(
    f"{PAPER}/bank-lines",
    needs="document.add",
    query=InvoiceQuery,
    request=AttachIn,
    response=FitsOut,
    summary="Attach a document to the bank line it fits",
)
def attach(document_id: UUID, body: AttachIn, query: InvoiceQuery) -> object:
    """409 where line or document changed meanwhile."""
    commands.attach(document_id, line_id=body.line_id, no=query.invoice)
    return {"fits": [_fit(one) for one, _line in queries.lines_for(_facts(document_id, query))]}


@api.get(
    f"{PAPER}/entry-draft",
    needs="accounting.read",
    query=InvoiceQuery,
    response=DraftOut,
    summary="A draft entry of a document",
)
def entry_draft(document_id: UUID, query: InvoiceQuery) -> object:
    """The cost as last booked, tax by its rate, what is owed; post it as any entry."""
    found = drafting.propose(_facts(document_id, query))
    return {
        "on": found.on,
        "description": found.description,
        "counterparty_id": found.contact.id if found.contact else None,
        "cost_account_id": found.cost.id if found.cost else None,
        "tax_code": found.tax_code,
        "postings": list(found.postings),
    }


def _facts(document_id: UUID, query: InvoiceQuery) -> PaperFacts:
    found = readings.current(documents.head(document_id).id, query.invoice)
    if found is None:
        raise NotFound
    return facts(found)


def _fit(found: Fit) -> dict[str, object]:
    return {"line_id": found.line_id, "score": found.score, "why": list(found.why)}
