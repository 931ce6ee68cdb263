"""Statement files on screen beyond the upload: the columns of a table, trying again, gaps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import complete as bank_complete
from app.accounting.bank import intake as bank_import
from app.accounting.bank import intake_schemas as schemas
from app.accounting.bank import intake_words as bank_intake_words
from app.accounting.bank import mapping as bank_mapping
from app.accounting.bank import queries as bank_queries
from app.accounting.bank import words as bank_words
from app.accounting.bank.intake_words import outcome
from app.kernel import money, reads
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.web import forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast
from connectors.catalog.bank.table import Mapping

pages = Pages("accounting_intake", __name__, surface=Surface.CLIENT)


def _mapping_page(file_id: UUID, mapping: Mapping | None = None) -> Response:
    """The columns of a table as they are read now, with the first lines as they would be booked."""
    kept, data = bank_mapping.of_file(file_id)
    shown = bank_mapping.shown(data, mapping or kept)
    file = bank_queries.file(file_id)
    accounts = bank_queries.bank_accounts()
    numbers = {one["number"] for one in file.accounts} - {""}
    values = _form_values(mapping or kept) | _account_said()
    return render(
        "accounting/bank_mapping.html",
        file=file,
        shown=shown,
        refusal=bank_words.shown(shown.refusal) if shown.refusal else None,
        doubts=[
            {"line": line, "message": bank_words.worded(text)}
            for line, text in (bank_mapping.doubts(data) if mapping is None else ())
        ],
        numbers=sorted(numbers),
        form=forms.current(schemas.MappingForm, values=values),
        roles=bank_intake_words.role_options(),
        orders=bank_intake_words.ORDERS,
        reason=bank_words.worded,
        sure=bank_intake_words.sure,
        currencies=[(code, code) for code in money.CURRENCIES],
        options=[(str(one.id), f"{one.name} · {one.currency}") for one in accounts],
    )


def _account_said() -> dict[str, str]:
    """Which account it is, as the tray or an earlier look at this page said it."""
    said = request.form if request.method == "POST" else request.args
    return {name: said[name] for name in ("bank_account_id", "name", "currency") if said.get(name)}


def _form_values(mapping: Mapping) -> dict[str, Any]:
    return {
        "columns": [{"role": one.role} for one in mapping.columns],
        "date_order": mapping.date_order,
        "decimal": mapping.decimal,
        "turned": mapping.sign < 0,
        "currency": mapping.currency,
    }


@pages.get("/c/<client>/books/bank/files/<uuid:file_id>/columns", needs="accounting.import")
def mapping(file_id: UUID) -> Response:
    """What the columns of a table mean: guessed, to be corrected and confirmed."""
    reads.leave(reads.Look(kind="statement_file", object_id=file_id, line="accounting"))
    return _mapping_page(file_id)


@pages.post(
    "/c/<client>/books/bank/files/<uuid:file_id>/columns",
    needs="accounting.import",
    again=_mapping_page,
)
def set_mapping(file_id: UUID) -> Response:
    """Shows the table as corrected, or imports it and remembers how it is read."""
    form = forms.bind(schemas.MappingForm)
    choice = bank_mapping.Choice(
        roles=tuple(one.role for one in form.columns),
        date_order=form.date_order,
        decimal=form.decimal,
        turned=form.turned,
        currency=form.currency,
    )
    if form.act == "preview":
        kept, _data = bank_mapping.of_file(file_id)
        return _mapping_page(file_id, bank_mapping.corrected(kept, choice))
    account = form.bank_account_id or _new_account(file_id, form)
    done = bank_import.confirm_mapping(file_id=file_id, choice=choice, bank_account_id=account)
    toast(outcome(done))
    return redirect_to("accounting_bank.file", file_id=file_id)


def _new_account(file_id: UUID, form: schemas.MappingForm) -> UUID | None:
    """A new bank account where a name is typed; None leaves the choice to the file's page."""
    if not form.name:
        return None
    file = bank_queries.file(file_id)
    pairs = [(one["number"], one["currency"]) for one in file.accounts]
    number, currency = pairs[0] if len(pairs) == 1 else ("", "")
    currency = form.currency or currency
    if not currency:
        raise Invalid.of("currency", "mapping-currency")
    return bank_commands.create_bank_account(
        number=number or form.name.upper(), name=form.name, currency=currency
    )


@pages.post("/c/<client>/books/bank/files/<uuid:file_id>/again", needs="accounting.import")
def again(file_id: UUID) -> Response:
    """Reads a refused file once more, as after an update."""
    toast(outcome(bank_import.read_again(file_id)))
    return redirect_to("accounting_bank.file", file_id=file_id)


def gaps() -> Response:
    """What is missing between the statements of each bank account, and what contradicts itself."""
    found = bank_complete.of_accounts()
    accounts = bank_queries.bank_accounts()
    return render(
        "accounting/bank_gaps.html",
        accounts=[(one, found[one.id]) for one in accounts if one.id in found],
        note=lambda gap: bank_complete.gap_note(gap)["message"],
        form=forms.current(schemas.ExplainForm),
    )


pages.get("/c/<client>/books/bank/gaps", needs="accounting.read", endpoint="gaps")(gaps)


def _gaps_again(statement_id: UUID) -> Response:
    return gaps()


@pages.post(
    "/c/<client>/books/bank/gaps/<uuid:statement_id>", needs="accounting.import", again=_gaps_again
)
def explain(statement_id: UUID) -> Response:
    """Says why nothing is missing before a statement."""
    form = forms.bind(schemas.ExplainForm)
    bank_complete.explain_gap(statement_id=statement_id, why=form.why)
    toast(_("The gap is explained."), undo=url_for(".reopen", statement_id=statement_id))
    return redirect_to(".gaps")


@pages.post(
    "/c/<client>/books/bank/gaps/<uuid:statement_id>/reopen",
    needs="accounting.import",
    again=_gaps_again,
)
def reopen(statement_id: UUID) -> Response:
    """Takes an explanation back."""
    bank_complete.forget_explanation(statement_id)
    toast(_("It is a gap again."))
    return redirect_to(".gaps")
