"""The books on screen: journal, entries, accounts and months."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.accounting import commands, queries, schemas
from app.accounting.codes import queries as codes_queries
from app.accounting.ledger import EntryDraft, PostingInput
from app.accounting.open_items import settling
from app.accounting.papers import approved
from app.accounting.papers import commands as paper_commands
from app.accounting.reports import origins
from app.kernel import ids, money, paging, people, reads, scope, words
from app.kernel.errors import Invalid, NotFound, Problem
from app.kernel.words import _
from app.tasks import around
from app.web import forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("accounting", __name__, surface=Surface.CLIENT)

BLANK_ROWS = 6
PAGE = 50


def _day(name: str) -> date | None:
    text = request.args.get(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid.of(name, "not-a-date") from None


def _corrected() -> bool:
    """Whether entries and their reversals of one month are asked for; else they fold away."""
    return request.args.get("corrected") == "1"


def _looked(kind: str, object_id: UUID | None = None) -> None:
    reads.leave(reads.Look(kind=kind, object_id=object_id, line="accounting"))


@pages.get("/c/<client>/books/journal", needs="accounting.read")
def journal() -> Response:
    """All entries, newest first."""
    after = paging.keys(request.args.get("after"), date.fromisoformat, UUID)
    found = queries.journal_page(
        journal=request.args.get("journal") or None,
        first=_day("first"),
        last=_day("last"),
        after=after,
        limit=PAGE,
        fold=not _corrected(),
    )
    _looked("journal")
    return render(
        "accounting/journal.html",
        page=found,
        book=queries.book(),
        journals=queries.journals(),
        next=paging.encode(found.next) if found.next else None,
    )


@pages.get("/c/<client>/books/entries/<uuid:entry_id>", needs="accounting.read")
def entry(entry_id: UUID) -> Response:
    """One entry with its postings, where it came from and what reversed it."""
    found = queries.entry(entry_id)
    _looked("entry", entry_id)
    return render(
        "accounting/entry.html",
        entry=found,
        book=queries.book(),
        author=_author(found.made_by),
        came=origins.of([entry_id]).get(entry_id, origins.NOWHERE),
        reverse_charge=codes_queries.reverse_codes(),
        form=forms.current(schemas.ReverseForm),
        items=settling.of_entry(found),
        around=around.of("entry", entry_id),
    )


def _author(person_id: UUID) -> str:
    return people.names([person_id]).get(person_id, "")


def new_entry() -> Response:
    """The grid of a new entry."""
    values: dict[str, Any] = {"key": str(ids.uuid7())}
    return render(
        "accounting/entry_form.html",
        form=forms.current(schemas.EntryForm, values=values),
        accounts=queries.accounts(),
        contact_options=[(str(one.id), one.name) for one in queries.counterparties()],
        tax_options=[(one.code, f"{one.code} {one.name}") for one in queries.tax_codes()],
        book=queries.book(),
        rows=BLANK_ROWS,
    )


pages.get("/c/<client>/books/entries/new", needs="accounting.post", endpoint="new_entry")(new_entry)


@pages.post("/c/<client>/books/entries/new", needs="accounting.post", again=new_entry)
def post_entry() -> Response:
    """Posts an entry of the grid; over a policy's limit it waits for approval."""
    form = forms.bind(schemas.EntryForm)
    made = EntryDraft(
        journal="GEN",
        date=form.on,
        description=form.description,
        postings=tuple(grid_postings(form.lines)),
        key=form.key,
    )
    if approved.wanted(made):
        toast(_("Sent for approval. It is posted as soon as it is approved."))
        return redirect_to("tasks.show", approval_id=approved.ask(made))
    posted = paper_commands.post(made)
    toast(
        _("Entry %(label)s posted.", label=posted.label),
        undo=url_for("accounting.reverse", entry_id=posted.id),
    )
    return redirect_to("accounting.entry", entry_id=posted.id)


def grid_postings(lines: list[schemas.PostingForm]) -> list[PostingInput]:
    """The grid's rows as postings; every fault is named at its field."""
    currency = queries.book().base_currency
    known = {account.code: account.id for account in queries.accounts()}
    contacts = {str(contact.id): contact.id for contact in queries.counterparties()}
    faults: dict[str, list[Problem]] = {}
    postings: list[PostingInput] = []
    for number, line in enumerate(lines):
        account = known.get(line.account.split(" ")[0])
        if account is None:
            faults[f"lines.{number}.account"] = [Problem("account-unknown")]
        amount = _amount(line, currency, number, faults)
        if account and amount is not None:
            postings.append(
                PostingInput(
                    account_id=account,
                    amount=amount,
                    currency=currency,
                    counterparty_id=contacts.get(line.contact or ""),
                    tax_code=line.tax_code,
                    memo=line.memo,
                )
            )
    if faults:
        raise Invalid("invalid", faults)
    return postings


def _amount(
    line: schemas.PostingForm, currency: str, number: int, faults: dict[str, list[Problem]]
) -> int | None:
    if bool(line.debit) == bool(line.credit):
        faults[f"lines.{number}.debit"] = [Problem("debit-or-credit")]
        return None
    name, text, sign = ("debit", line.debit, 1) if line.debit else ("credit", line.credit, -1)
    try:
        return sign * money.parse_amount(text or "", currency, decimal_comma=words.decimal_comma())
    except money.NotAnAmount as error:
        faults[f"lines.{number}.{name}"] = [Problem(error.code, {"currency": currency})]
        return None


@pages.post(
    "/c/<client>/books/entries/<uuid:entry_id>/reverse", needs="accounting.post", again=entry
)
def reverse(entry_id: UUID) -> Response:
    """Reverses an entry by a new one; the first stays as it is."""
    form = forms.bind(schemas.ReverseForm)
    made = commands.reverse_entry(entry_id=entry_id, key=f"reverse:{entry_id}", date=form.on)
    toast(_("Reversed by entry %(label)s.", label=made.label))
    return redirect_to("accounting.entry", entry_id=made.id)


@pages.get("/c/<client>/books/accounts", needs="accounting.read")
def accounts() -> Response:
    """The chart of accounts with today's balances."""
    found = queries.accounts(include_archived=True)
    book = queries.book()
    balances = {
        row.account_id: row.balance for row in queries.trial_balance(on=date(2200, 12, 31)).rows
    }
    _looked("accounts")
    return render(
        "accounting/accounts.html",
        accounts=found,
        balances=balances,
        book=book,
        form=forms.current(schemas.AccountForm),
        may_change=scope.current().rights.may("accounting.accounts"),
    )


@pages.post("/c/<client>/books/accounts", needs="accounting.accounts", again=accounts)
def create_account() -> Response:
    """Adds an account to the chart."""
    form = forms.bind(schemas.AccountForm)
    account_id = commands.create_account(code=form.code, name=form.name, type=form.type)
    toast(_("Account %(code)s added.", code=form.code))
    return redirect_to("accounting.account_page", account_id=account_id)


@pages.post("/c/<client>/books/accounts/<uuid:account_id>/archive", needs="accounting.accounts")
def archive_account(account_id: UUID) -> Response:
    """Takes an account out of use; its postings stay."""
    commands.archive_account(account_id=account_id)
    toast(_("Account archived."), undo=url_for("accounting.restore_account", account_id=account_id))
    return redirect_to("accounting.accounts")


@pages.post("/c/<client>/books/accounts/<uuid:account_id>/restore", needs="accounting.accounts")
def restore_account(account_id: UUID) -> Response:
    """Takes an archived account back into use."""
    commands.restore_account(account_id=account_id)
    toast(_("Account restored."))
    return redirect_to("accounting.accounts")


@pages.get("/c/<client>/books/accounts/<uuid:account_id>", needs="accounting.read")
def account_page(account_id: UUID) -> Response:
    """The postings of an account with the running balance."""
    after = paging.keys(request.args.get("after"), date.fromisoformat, UUID, int)
    first, last = _day("first"), _day("last")
    found = queries.account_page(
        account_id=account_id,
        first=first,
        last=last,
        after=after,
        limit=PAGE,
        fold=not _corrected(),
    )
    _looked("account", account_id)
    return render(
        "accounting/account.html",
        page=found,
        first=first,
        last=last,
        next=paging.encode(found.next) if found.next else None,
        total=sum((row.base for row in found.rows), 0),
        may_change=scope.current().rights.may("accounting.accounts"),
    )


@pages.get("/c/<client>/books/months", needs="accounting.read")
def months() -> Response:
    """The months of the books and whether they are open."""
    return render(
        "accounting/months.html",
        periods=sorted(queries.periods(), key=lambda period: period.starts, reverse=True),
    )


def permalink(object_id: UUID) -> str | None:
    """The page of an entry, for /x/<client>/<id>."""
    try:
        queries.entry(object_id)
    except NotFound:
        return None
    return url_for("accounting.entry", entry_id=object_id)
