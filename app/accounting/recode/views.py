"""Bulk re-coding on screen: find lines, choose what becomes of them, see the effect, undo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.accounting import queries
from app.accounting.codes import queries as codes_queries
from app.accounting.recode import arithmetic as recode
from app.accounting.recode import commands as recode_commands
from app.accounting.recode import queries as recode_queries
from app.accounting.recode.queries import Line, LineFilter
from app.accounting.recode.schemas import NONE, PlanForm
from app.kernel import money, paging, people, reads, words
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.web import forms, lists
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("accounting_recode", __name__, surface=Surface.CLIENT)
ASKS = 100
"""More lines than this are re-coded only when the reader says so once more."""
SHOWN = 200


def _accounts() -> Sequence[tuple[str, Any]]:
    return [(str(one.id), f"{one.code} {one.name}") for one in queries.accounts()]


def _contacts() -> Sequence[tuple[str, Any]]:
    return [(str(one.id), one.name) for one in queries.counterparties()]


def _taxes() -> Sequence[tuple[str, Any]]:
    return codes_queries.tax_options()


def _values() -> Sequence[tuple[str, Any]]:
    found = queries.dimension_values()
    return [(str(one.id), f"{one.dimension}: {one.code} {one.name}") for one in found]


def _journals() -> Sequence[tuple[str, Any]]:
    return [(one.code, f"{one.code} {one.name}") for one in queries.journals()]


def _tags(row: Line) -> str:
    return " · ".join(part for part in (row.tax_code, row.dim1, row.dim2) if part)


def _account(row: Line) -> str:
    return f"{row.code} {row.account}"


LINES = lists.ListView(
    id="recode-lines",
    caption=_("Postings"),
    label="description",
    key=lambda row: row.key,
    columns=(
        lists.Column("date", _("Date"), kind="day", phone="ax"),
        lists.Column("label", _("Entry")),
        lists.Column("description", _("Description"), main=True, phone="t1"),
        lists.Column("account", _("Account"), cell=_account, wide=True, phone="l2"),
        lists.Column("counterparty", _("Contact")),
        lists.Column("tags", _("Tax and dimensions"), cell=_tags, phone="r2"),
        lists.Column(
            "amount",
            _("Amount"),
            cell=lambda r: money.Money(r.amount, r.currency),
            kind="money",
            phone="r1",
        ),
    ),
    href=lambda row: url_for("accounting.entry", entry_id=row.entry_id),
    filters=(
        lists.Filter("account", _("Account"), options=_accounts),
        lists.Filter("first", _("From"), kind="date"),
        lists.Filter("last", _("To"), kind="date"),
        lists.Filter("q", _("Text"), kind="search"),
        lists.Filter("contact", _("Contact"), options=_contacts),
        lists.Filter("from", _("Amount from"), kind="search"),
        lists.Filter("to", _("Amount to"), kind="search"),
        lists.Filter("tax", _("Tax"), options=_taxes),
        lists.Filter("dimension", _("Dimension"), options=_values),
        lists.Filter("journal", _("Journal"), options=_journals),
    ),
    actions=(
        lists.Action(
            "recode",
            _("Re-code"),
            "accounting_recode.chosen",
            key="R",
            icon="pencil",
            permission="accounting.post",
        ),
    ),
    empty=lists.Empty("list-checks", _("No postings here yet.")),
)


def wanted(filters: Mapping[str, str]) -> LineFilter:
    """The filter of the query string; raises Invalid for a day or an amount that is none."""
    currency = queries.book().base_currency
    return LineFilter(
        account_id=_id(filters.get("account")),
        first=_day(filters, "first"),
        last=_day(filters, "last"),
        counterparty_id=_id(filters.get("contact")),
        text=filters.get("q") or None,
        amount_from=_amount(filters, "from", currency),
        amount_to=_amount(filters, "to", currency),
        tax_code=filters.get("tax") or None,
        dimension_id=_id(filters.get("dimension")),
        journal=filters.get("journal") or None,
    )


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _day(filters: Mapping[str, str], name: str) -> dt.date | None:
    text = filters.get(name)
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid.of(name, "not-a-date") from None


def _amount(filters: Mapping[str, str], name: str, currency: str) -> int | None:
    text = filters.get(name)
    if not text:
        return None
    try:
        return abs(money.parse_amount(text, currency, decimal_comma=words.decimal_comma()))
    except money.NotAnAmount as fault:
        raise Invalid.of(name, fault.code, currency=currency) from None


def lines() -> Response:
    """Postings of entries that stand, by any filter; the ticked ones can be re-coded."""
    asked = LINES.read()
    after = paging.keys(asked.after, dt.date.fromisoformat, UUID, int)
    found = recode_queries.lines(wanted(asked.filters), after=after, limit=asked.limit)
    reads.leave(reads.Look(kind="recode_lines", line="accounting"))
    return render(
        "accounting/recode.html",
        fragment="list",
        page=LINES.page(asked, found.rows, after=paging.encode(found.next) if found.next else None),
        batches=recode_queries.batches(limit=5),
        query=request.query_string.decode(),
    )


pages.get("/c/<client>/books/recode", needs="accounting.post", endpoint="lines")(lines)


@pages.post("/c/<client>/books/recode/chosen", needs="accounting.post", again=lines)
def chosen() -> Response:
    """What becomes of the ticked lines, or of all that fit the filter."""
    if request.args.get("all"):
        found = recode_queries.lines(wanted(LINES.read().filters), limit=recode.MOST_LINES)
        if found.next:
            raise Invalid("too-many-selected", most=recode.MOST_LINES)
        keys = [row.key for row in found.rows]
    else:
        keys = request.form.getlist("ids")
    parsed = _parse(" ".join(keys))
    return _page(parsed, forms.Form(values={"chosen": _written(parsed)}))


def _parse(text: str) -> dict[UUID, list[int]]:
    keys = []
    for one in text.split():
        entry, _colon, no = one.partition(":")
        try:
            keys.append((UUID(entry), int(no)))
        except ValueError:
            raise Invalid("not-an-id") from None
    return recode_commands.chosen_of(keys)


def _written(found: Mapping[UUID, Sequence[int]]) -> str:
    return " ".join(f"{entry}:{no}" for entry, nos in found.items() for no in nos)


def _again() -> Response:
    form = forms.current(PlanForm)
    return _page(_parse(str(form.value("chosen"))), form)


@pages.post("/c/<client>/books/recode/plan", needs="accounting.post", again=_again)
def plan() -> Response:
    """Shows what would come of it, or does it."""
    form = forms.bind(PlanForm)
    found, change = _parse(form.chosen), form.change()
    planned = recode_commands.planned(found, change)
    if form.act == "preview":
        return _page(found, forms.Form(values=request.form), planned)
    if planned.lines > ASKS and not form.sure:
        raise Invalid.of("sure", "recode-sure", count=planned.lines)
    done = recode_commands.apply(chosen=found, change=change)
    toast(
        _("%(count)s lines are being re-coded.", count=done.lines)
        if done.job_id
        else _("%(count)s lines re-coded.", count=done.lines),
        undo=None if done.job_id else url_for(".undo", recode_id=done.id),
    )
    return redirect_to(".batch", recode_id=done.id)


def _page(
    found: dict[UUID, list[int]], form: forms.Form, planned: recode.Plan | None = None
) -> Response:
    keys = [(entry, no) for entry, nos in found.items() for no in nos]
    rows = recode_queries.lines_of(keys)
    dimensions = queries.dimension_values()
    slots = {slot: [one for one in dimensions if one.slot == slot] for slot in (1, 2)}
    return render(
        "accounting/recode_plan.html",
        form=form,
        rows=rows[:SHOWN],
        count=len(keys),
        planned=planned,
        effects=recode_queries.effects(planned) if planned else None,
        refusals={(one.entry_id, one.no): one.code for one in planned.refused} if planned else {},
        asks=planned is not None and planned.lines > ASKS,
        accounts=_accounts(),
        taxes=[(NONE, _("No tax")), *_taxes()],
        contacts=[(NONE, _("No contact")), *_contacts()],
        slots={
            slot: (
                values[0].dimension,
                [(NONE, _("None")), *((str(v.id), f"{v.code} {v.name}") for v in values)],
            )
            for slot, values in slots.items()
            if values
        },
        reason=words.error_text,
    )


def batch(recode_id: UUID) -> Response:
    """One act of re-coding: what changed, what was refused, and the way back."""
    found = recode_queries.batch(recode_id)
    reads.leave(reads.Look(kind="recode", object_id=recode_id, line="accounting"))
    refused = [(UUID(one["entry"]), int(one["no"])) for one in found.refused]
    return render(
        "accounting/recode_batch.html",
        batch=found,
        entries=recode_queries.batch_entries(recode_id)[:SHOWN],
        refused=found.refused[:SHOWN],
        labels=_labels([entry for entry, _no in refused[:SHOWN]]),
        author=people.names([found.made_by]).get(found.made_by, ""),
        form=forms.current(),
        reason=words.error_text,
    )


def _labels(ids: Sequence[UUID]) -> dict[str, str]:
    found = recode_queries.entries(list(dict.fromkeys(ids)), may_review=True)
    return {str(one.id): one.label for one in found}


pages.get("/c/<client>/books/recode/<uuid:recode_id>", needs="accounting.post", endpoint="batch")(
    batch
)


@pages.post("/c/<client>/books/recode/<uuid:recode_id>/undo", needs="accounting.post", again=batch)
def undo(recode_id: UUID) -> Response:
    """Takes the whole act back."""
    count = recode_commands.undo(recode_id)
    toast(_("Undone: %(count)s entries say again what they said before.", count=count))
    return redirect_to(".batch", recode_id=recode_id)


def permalink(object_id: UUID) -> str:
    """The page of an act of re-coding."""
    return url_for("accounting_recode.batch", recode_id=recode_queries.batch(object_id).id)
