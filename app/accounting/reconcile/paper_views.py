"""Asking for the documents of many lines at once, and from which amount on lines need one."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for

from app.accounting.bank import queries as bank_queries
from app.accounting.reconcile import forms as schemas
from app.accounting.reconcile import papers as reconcile_papers
from app.accounting.reconcile import queries as reading
from app.accounting.reconcile.acts import ASK, BASE, POST, pages
from app.accounting.reconcile.answers import Outcome, once
from app.kernel import money, reads, words
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.tasks import questions
from app.web import forms
from app.web.render import redirect_to, render, toast

__all__ = ["pages"]
ACCOUNT = f"{BASE}/<uuid:bank_account_id>"


def papers(bank_account_id: UUID) -> Response:
    """The lines to ask about, all of them ticked, and the words."""
    bank = bank_queries.bank_account(bank_account_id)
    reads.leave(reads.Look(kind="bank_account", object_id=bank_account_id, line="accounting"))
    rows = reading.lines(reconcile_papers.unasked(bank_account_id)).rows
    values = {"text": words.gettext("Please send the receipt or the invoice.")}
    return render(
        "accounting/reconcile_papers.html",
        bank=bank,
        rows=rows,
        form=forms.current(schemas.PapersForm, values=values),
    )


pages.get(f"{ACCOUNT}/papers", needs=ASK, endpoint="papers")(papers)


@pages.post(f"{ACCOUNT}/papers", needs=ASK, again=papers)
def ask_papers(bank_account_id: UUID) -> Response:
    """Asks the client for the document of each ticked line."""
    form = forms.bind(schemas.PapersForm)

    def act() -> Outcome:
        made = reconcile_papers.ask(bank_account_id, form.lines, text=form.text)
        told = words.ngettext(
            "The client is asked for %(n)s document.",
            "The client is asked for %(n)s documents.",
            len(made),
        )
        return Outcome(told, questions.offer_unask(made))

    done = once(form.key, act)
    toast(done.text, undo=url_for(".undo", token=done.undo) if done.undo else None)
    return redirect_to(".account_page", bank_account_id=bank_account_id, tab="papers")


@pages.post(f"{ACCOUNT}/papers/from", needs=POST)
def papers_from(bank_account_id: UUID) -> Response:
    """Says from which amount on this client's lines need a document."""
    form = forms.bind(schemas.PapersFromForm)
    try:
        amount = money.parse_decimal(form.amount, decimal_comma=words.decimal_comma())
    except money.NotAnAmount as fault:
        raise Invalid.of("amount", "amount-out-of-range") from fault
    reconcile_papers.set_amount_from(amount)
    toast(_("Kept. It holds for all bank accounts of this client."))
    return redirect_to(".account_page", bank_account_id=bank_account_id, tab="papers")
