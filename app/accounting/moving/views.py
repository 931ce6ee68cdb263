"""Moving in on screen: the steps, a file's mapping with its preview, confirm and undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.accounting import queries
from app.accounting.moving import columns as moving_columns
from app.accounting.moving import commands as moving_commands
from app.accounting.moving import queries as moving_queries
from app.accounting.moving.queries import MovingFile
from app.accounting.moving.table import MAX_BYTES
from app.accounting.moving.values import Settings
from app.kernel import people, reads, undo, words
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.web import forms, lists
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("accounting_moving", __name__, surface=Surface.CLIENT)
ROOM = 1024 * 1024
NEEDS = "accounting.accounts"
KINDS = {
    "chart": _("Chart of accounts"),
    "contacts": _("Contacts"),
    "opening": _("Opening balances"),
    "items": _("Open items"),
    "ledger": _("General ledger"),
}
STATES = {
    "refused": lists.Tag(_("Refused"), "bad"),
    "mapping": lists.Tag(_("To look at"), "warn"),
    "importing": lists.Tag(_("Being imported"), "info"),
    "imported": lists.Tag(_("Imported"), "good"),
    "undone": lists.Tag(_("Undone"), ""),
}
FIELDS = {
    "date": _("Date"),
    "entry": _("Entry number"),
    "account_code": _("Account code"),
    "account_name": _("Account name"),
    "account_type": _("Account type"),
    "contra": _("Other account"),
    "description": _("Description"),
    "contact": _("Contact"),
    "debit": _("Debit"),
    "credit": _("Credit"),
    "amount": _("Amount"),
    "side": _("Debit or credit sign"),
    "currency": _("Currency"),
    "foreign": _("Amount in its currency"),
    "foreign_debit": _("Debit in its currency"),
    "foreign_credit": _("Credit in its currency"),
    "base": _("Amount in the base currency"),
    "rate": _("Exchange rate"),
    "tax": _("Tax code"),
    "reference": _("Reference"),
    "due": _("Due date"),
}
TYPES = {
    "asset": _("Asset"),
    "liability": _("Liability"),
    "equity": _("Equity"),
    "income": _("Income"),
    "expense": _("Expense"),
}
SIDES = {"sales": _("on sales"), "purchases": _("on purchases")}
RATES = {"": None, "base": False, "other": True}
ORDERS = {"ymd": _("2026-03-31"), "dmy": _("31/03/2026"), "mdy": _("03/31/2026")}


def _index() -> Response:
    """The steps with how far they are, the file drop, and the files so far."""
    return render(
        "accounting/moving.html",
        steps=_steps(),
        files=moving_queries.files(),
        kinds=KINDS,
        states=STATES,
        form=forms.current(),
    )


def _steps() -> list[dict[str, Any]]:
    found = moving_queries.progress()
    rows = (
        ("chart", found.accounts > 0, found.accounts, "accounting.accounts"),
        ("contacts", found.contacts > 0, found.contacts, "accounting_moving.index"),
        ("opening", found.opening, None, "accounting_moving.index"),
        ("items", found.items > 0, found.items, "accounting_moving.index"),
        ("ledger", found.entries > 0, found.entries, "accounting.journal"),
        ("bank", found.lines_booked > 0, found.lines_booked, "accounting_bank.files"),
    )
    titles = {**KINDS, "bank": _("First bank line booked")}
    hints = {
        "chart": _("Codes, names and types. What the chart lacks is proposed."),
        "contacts": _("Customers and suppliers by name."),
        "opening": _("The trial balance of the day you take over."),
        "items": _("What customers and suppliers still owe or are owed, by invoice."),
        "ledger": _("Entries of past months, for comparison and history."),
        "bank": _("Drop a statement and book its first line."),
    }
    return [
        {
            "key": key,
            "title": titles[key],
            "hint": hints[key],
            "done": done,
            "n": number,
            "url": url_for(endpoint),
        }
        for key, done, number, endpoint in rows
    ]


pages.get("/c/<client>/books/moving-in", needs="accounting.read", endpoint="index")(_index)


@pages.post("/c/<client>/books/moving-in", needs=NEEDS, again=_index, max_bytes=MAX_BYTES + ROOM)
def upload() -> Response:
    """Takes a file of another package in."""
    chosen = forms.upload("file", max_bytes=MAX_BYTES)
    if chosen is None:
        raise Invalid.of("file", "file-missing")
    kind = request.form.get("kind") or None
    if kind is not None and kind not in moving_columns.KINDS:
        raise Invalid.of("kind", "not-a-choice")
    made = moving_commands.upload(data=chosen.data, name=chosen.name, kind=kind)
    return redirect_to(".file", moving_id=made)


def _file_page(moving_id: UUID) -> Response:
    """One file: its mapping, what it would do, and what speaks against it."""
    found = moving_queries.file(moving_id)
    report = found.report
    chart = queries.accounts(include_archived=False)
    faults = report.get("faults", [])
    return render(
        "accounting/moving_file.html",
        file=found,
        read_as=found.read_as if found.settings else None,
        report=report,
        blocking=[one for one in faults if one["row"] == 0 and not one["warning"]],
        listed=[one for one in faults if one["row"]],
        told=_told,
        day_of=date.fromisoformat,
        error=_told(found.error) if found.error else "",
        kinds=KINDS,
        states=STATES,
        fields=FIELDS,
        types=TYPES,
        orders=ORDERS,
        chart=chart,
        base=queries.book().base_currency,
        codes=queries.tax_codes(),
        sides=SIDES,
        uploader=people.names([found.uploaded_by]).get(found.uploaded_by, ""),
        form=forms.current(),
    )


def _told(fault: Any) -> str:
    """A fault in words."""
    params = dict(fault.get("params") or {})
    for name in ("column", "control"):
        if name in params:
            params[name] = str({**FIELDS, **_CONTROLS}.get(params[name], params[name]))
    if "difference_minor" in params:
        currency = params.get("currency") or queries.book().base_currency
        if fault["code"] != "unbalanced-entry":
            currency = queries.book().base_currency
        params["difference"] = words.format_money(int(params["difference_minor"]), currency)
    text = words.error_text(fault["code"], params)
    row = params.get("row")
    if row and not fault.get("row") and str(row) not in text:
        return str(_("Row %(row)s: %(text)s", row=row, text=text))
    return text


_CONTROLS = {"receivable": _("receivables"), "payable": _("payables")}


@pages.get("/c/<client>/books/moving-in/<uuid:moving_id>", needs="accounting.read")
def file(moving_id: UUID) -> Response:
    """One file of another package."""
    reads.leave(reads.Look(kind="moving_file", object_id=moving_id, line="accounting"))
    return _file_page(moving_id)


_AT = "/c/<client>/books/moving-in/<uuid:moving_id>"


@pages.post(f"{_AT}/mapping", needs=NEEDS, again=_file_page)
def mapping(moving_id: UUID) -> Response:
    """Corrects how a file is read."""
    found = moving_queries.file(moving_id)
    moving_commands.correct(file_id=moving_id, settings=_settings(found), version=_version())
    toast(_("Read anew."))
    return redirect_to(".file", moving_id=moving_id)


def _version() -> int:
    text = request.form.get("version", "")
    if not text.isdecimal() or len(text) > 9:
        raise Invalid.of("version", "not-a-number")
    return int(text)


def _settings(found: MovingFile) -> Settings:
    sent = request.form
    kind = sent.get("kind", found.kind or "ledger")
    order, comma = sent.get("order") or None, sent.get("comma", "")
    signs = sent.get("signs", "")
    rate = sent.get("rate", "")
    wrong = kind not in moving_columns.KINDS or order not in (None, *ORDERS) or rate not in RATES
    if wrong or comma not in ("", "point", "comma") or signs not in ("", "flip", "sure"):
        raise Invalid("not-a-choice")
    return replace(
        found.read_as,
        kind=kind,  # type: ignore[arg-type]  # checked above
        columns=_columns(len(found.header)),
        order=order,  # type: ignore[arg-type]  # checked above
        comma={"": None, "point": False, "comma": True}[comma],
        flipped=signs == "flip",
        sure=signs == "sure",
        on=_day(sent.get("on", "")),
        suspense=sent.get("suspense", "").split(" ")[0][:20],
        contact=sent.get("contact", "").strip()[:200],
        control="payable" if sent.get("control") == "payable" else "receivable",
        inverse=RATES[rate],
    )


def _columns(width: int) -> dict[str, int]:
    """Each column's field, as chosen; a field that is chosen twice is refused."""
    found: dict[str, int] = {}
    for place in range(width):
        field = request.form.get(f"column.{place}", "")
        if not field:
            continue
        if field not in moving_columns.FIELDS or field in found:
            raise Invalid("moving-column-twice", column=str(FIELDS.get(field, field)))
        found[field] = place
    return found


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid.of("on", "not-a-date") from None


@pages.post(f"{_AT}/accounts", needs=NEEDS, again=_file_page)
def accounts(moving_id: UUID) -> Response:
    """Says where the file's accounts go."""
    found = moving_queries.file(moving_id)
    known = found.report.get("accounts", [])
    choices = {
        one["key"]: request.form.get(f"account.{place}", "") for place, one in enumerate(known)
    }
    moving_commands.decide(file_id=moving_id, choices=choices, version=_version())
    toast(_("Kept for every file of this client."))
    return redirect_to(".file", moving_id=moving_id)


@pages.post(f"{_AT}/taxes", needs=NEEDS, again=_file_page)
def taxes(moving_id: UUID) -> Response:
    """Says which tax codes the file's taxes become."""
    known = moving_queries.file(moving_id).report.get("taxes", [])
    choices = {one["key"]: request.form.get(f"tax.{place}", "") for place, one in enumerate(known)}
    moving_commands.decide_taxes(file_id=moving_id, choices=choices, version=_version())
    toast(_("Kept for every file of this client."))
    return redirect_to(".file", moving_id=moving_id)


@pages.post(f"{_AT}/import", needs=NEEDS, again=_file_page)
def confirm(moving_id: UUID) -> Response:
    """Imports the file, all or nothing."""
    state = moving_commands.confirm(file_id=moving_id, version=_version())
    if state == "importing":
        toast(_("The import is running; it goes on when you leave."))
        return redirect_to(".file", moving_id=moving_id)
    token = undo.offer(moving_commands.UNDO, {"file_id": str(moving_id)})
    toast(_("Imported."), undo=url_for("saved.client_take_back", token=token))
    return redirect_to(".file", moving_id=moving_id)


@pages.post(f"{_AT}/undo", needs=NEEDS, again=_file_page)
def take_back(moving_id: UUID) -> Response:
    """Undoes a whole import."""
    state = moving_commands.take_back(file_id=moving_id)
    toast(
        _("The import is taken back; its entries are reversed.")
        if state == "undone"
        else _("The import is being taken back.")
    )
    return redirect_to(".file", moving_id=moving_id)


def permalink(object_id: UUID) -> str | None:
    """The page of a file."""
    return url_for("accounting_moving.file", moving_id=moving_queries.file(object_id).id)
