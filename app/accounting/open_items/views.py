"""Open items by contact and age on screen, with the proof that they equal the control accounts."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from flask import Response, request, url_for

from app.accounting import queries
from app.accounting.contacts import schemas
from app.accounting.open_items import commands as open_items_commands
from app.accounting.open_items import queries as open_items_queries
from app.accounting.open_items.values import CONTROLS, RECEIVABLE, Aged, AgedRow
from app.kernel import clock, paging, reads, words
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.web import forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("accounting_items", __name__, surface=Surface.CLIENT)
ROWS = 200
HEADS = (
    _("Not due yet"),
    _("Due today"),
    _("1–30 days"),
    _("31–60 days"),
    _("61–90 days"),
    _("Over 90 days"),
)


def _asked() -> tuple[str, dt.date]:
    control = request.args.get("control", RECEIVABLE)
    text = request.args.get("on")
    try:
        on = dt.date.fromisoformat(text) if text else clock.today(words.time_zone())
    except ValueError:
        raise Invalid.of("on", "not-a-date") from None
    return (control if control in CONTROLS else RECEIVABLE), on


def _rows_after(found: Aged, after: str | None) -> tuple[tuple[AgedRow, ...], str | None]:
    """A page of rows by name; the totals are those of all rows."""
    cursor = paging.keys(after, str, UUID)
    rows = [
        row
        for row in found.rows
        if cursor is None or (row.name.lower(), row.counterparty_id) > cursor
    ]
    rows.sort(key=lambda row: (row.name.lower(), row.counterparty_id))
    cut = paging.page(
        rows[: ROWS + 1], limit=ROWS, key=lambda row: (row.name.lower(), row.counterparty_id)
    )
    return tuple(cut.rows), cut.next


@pages.get("/c/<client>/books/open-items", needs="accounting.read")
def aged() -> Response:
    """What each contact owes or is owed on a day, by days over due."""
    control, on = _asked()
    found = open_items_queries.aged(control=control, on=on)
    rows, after = _rows_after(found, request.args.get("after"))
    reads.leave(reads.Look(kind="open_items", line="accounting"))
    return render(
        "accounting/open_items.html",
        found=found,
        rows=rows,
        next=url_for(".aged", control=control, on=on.isoformat(), after=after) if after else None,
        sign=1 if control == RECEIVABLE else -1,
        heads=HEADS,
        accounts=[one for one in queries.accounts() if one.control == control],
    )


def item(entry_id: UUID, no: int) -> Response:
    """One open item: what settled it, and when it falls due."""
    found = open_items_queries.item(entry_id, no)
    reads.leave(reads.Look(kind="entry", object_id=entry_id, line="accounting"))
    values = {"due_on": found.due_on, "reference": found.reference}
    return render(
        "accounting/open_item.html",
        item=found,
        settled=open_items_queries.allocations_of(entry_id, no),
        form=forms.current(schemas.ItemForm, values=values),
    )


_RULE = "/c/<client>/books/open-items/<uuid:entry_id>/<int:no>"
pages.get(_RULE, needs="accounting.read", endpoint="item")(item)


@pages.post(_RULE, needs="accounting.post", again=item)
def describe(entry_id: UUID, no: int) -> Response:
    """Says when an item falls due and what it is known by."""
    form = forms.bind(schemas.ItemForm)
    open_items_commands.describe((entry_id, no), due_on=form.due_on, reference=form.reference)
    toast(_("Open item changed."))
    return redirect_to(".item", entry_id=entry_id, no=no)
