"""Read papers in the books on screen: attached, drafted, posted, sent for approval."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for

from app.accounting import queries, schemas
from app.accounting.ledger import EntryDraft
from app.accounting.papers import approved, commands, drafting
from app.accounting.views import BLANK_ROWS, grid_postings
from app.documents import queries as documents
from app.documents.readings import lots
from app.documents.readings import queries as readings
from app.documents.readings.offers import facts
from app.kernel import ids, reads, undo, words
from app.kernel.errors import Conflict, NotFound
from app.kernel.words import _
from app.web import forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast

pages = Pages("accounting_papers", __name__, surface=Surface.CLIENT)
PAPER = "/c/<client>/documents/<uuid:document_id>/books"
POST = "accounting.post"


class AttachForm(forms.Schema):
    """The bank line that a paper belongs to."""

    line_id: UUID


@pages.post(f"{PAPER}/attach", needs="document.add")
def attach(document_id: UUID) -> Response:
    """Attaches a read paper to its bank line."""
    form = forms.bind(AttachForm)
    token = commands.attach(document_id, line_id=form.line_id, no=lots.asked())
    toast(_("Attached. The line needs no other document."), undo=url_for(".take_back", token=token))
    return redirect_back(_reading(document_id))


@pages.post("/c/<client>/documents/books/undo/<uuid:token>", needs="document.add")
def take_back(token: UUID) -> Response:
    """Takes the attaching back."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for("document_readings.index"))


def entry(document_id: UUID) -> Response:
    """The draft of an entry, as it would be posted."""
    head = documents.head(document_id)
    found = readings.current(document_id, lots.asked())
    if found is None:
        raise NotFound
    reads.leave(reads.Look("document", head.line, head.id))
    try:
        proposal = drafting.propose(facts(found))
    except Conflict as fault:
        toast(words.error_text(fault.code, fault.params), tone="bad")
        return redirect_to(
            "document_readings.show", document_id=document_id, **lots.named(lots.asked())
        )
    return render(
        "accounting/paper_entry.html",
        document=head,
        proposal=proposal,
        pages=documents.preview_pages(document_id),
        form=forms.current(schemas.EntryForm, values=_values(proposal)),
        accounts=queries.accounts(),
        contact_options=[(str(one.id), one.name) for one in queries.counterparties()],
        tax_options=[(one.code, f"{one.code} {one.name}") for one in queries.tax_codes()],
        book=queries.book(),
        rows=BLANK_ROWS,
        draft_name=f"paper-{document_id}-{lots.asked()}",
        which=lots.named(lots.asked()),
    )


pages.get(f"{PAPER}/entry", needs=POST, endpoint="entry")(entry)


def _values(proposal: drafting.Proposal) -> dict[str, Any]:
    """The draft as the grid shows it, the cost's row first even where nobody knows its account."""
    chart = {one.id: one for one in queries.accounts()}
    currency = queries.book().base_currency
    values: dict[str, Any] = {
        "key": str(ids.uuid7()),
        "on": proposal.on.isoformat() if proposal.on else "",
        "description": proposal.description,
    }
    first = 0 if proposal.cost else 1
    rest = -sum(one.amount for one in proposal.postings)
    if first:
        name = "debit" if rest > 0 else "credit"
        values[f"lines.0.{name}"] = words.format_minor(abs(rest), currency)
        values["lines.0.tax_code"] = proposal.tax_code or ""
    for place, one in enumerate(proposal.postings, first):
        account = chart[one.account_id]
        at = f"lines.{place}."
        values[f"{at}account"] = f"{account.code} {account.name}"[:40]
        name = "debit" if one.amount > 0 else "credit"
        values[f"{at}{name}"] = words.format_minor(abs(one.amount), currency)
        values[f"{at}contact"] = str(one.counterparty_id or "")
        values[f"{at}tax_code"] = one.tax_code or ""
    return values


@pages.post(f"{PAPER}/entry", needs=POST, again=entry)
def post_entry(document_id: UUID) -> Response:
    """Posts the draft as it stands in the grid; over a policy's limit it waits for approval."""
    made = _drafted(document_id)
    if approved.wanted(made):
        return _ask(made)
    posted = commands.post(made)
    toast(
        _("Entry %(label)s posted.", label=posted.label),
        undo=url_for("accounting.reverse", entry_id=posted.id),
    )
    return redirect_to("accounting.entry", entry_id=posted.id)


@pages.post(f"{PAPER}/entry/approval", needs=POST, again=entry)
def ask_approval(document_id: UUID) -> Response:
    """Sends the draft for somebody else's approval."""
    return _ask(_drafted(document_id))


def _ask(made: EntryDraft) -> Response:
    asked = approved.ask(made)
    toast(_("Sent for approval. It is posted as soon as it is approved."))
    return redirect_to("tasks.show", approval_id=asked)


def _reading(document_id: UUID) -> str:
    """The page of what was read, of the invoice that this address names."""
    return url_for("document_readings.show", document_id=document_id, **lots.named(lots.asked()))


def _drafted(document_id: UUID) -> EntryDraft:
    documents.head(document_id)
    form = forms.bind(schemas.EntryForm)
    return commands.draft(
        document_id,
        on=form.on,
        description=form.description,
        postings=grid_postings(form.lines),
        key=form.key,
        no=lots.asked(),
    )
