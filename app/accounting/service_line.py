"""What the accounting line contributes to the platform."""

from __future__ import annotations

from flask import Blueprint

from app.accounting import api as accounting_api
from app.accounting import find, hooks, items_registration, permissions, views
from app.accounting.bank import registration as bank_registration
from app.accounting.close import registration as close_registration
from app.accounting.moving import registration as moving_registration
from app.accounting.papers import registration as papers_registration
from app.accounting.reports import builders as report_builders
from app.api import Api
from app.kernel import words
from app.kernel.registry import (
    Meter,
    NavItem,
    PaletteCommand,
    PaletteSource,
    Permalink,
    Registry,
    ServiceLine,
)
from app.kernel.words import _

# The parts of the line, each with its own register, JOBS, blueprints and apis.
PARTS = (
    bank_registration,
    close_registration,
    items_registration,
    moving_registration,
    papers_registration,
)
JOBS = tuple(name for part in PARTS for name in part.JOBS)


def register(registry: Registry) -> None:
    """Adds the line's permissions, navigation, reports, meters and hooks."""
    registry.add(ServiceLine("accounting", _("Accounting"), "book-open"))
    registry.add(*permissions.PERMISSIONS)
    registry.add(*_navigation(), *report_builders.definitions(), *_palette())
    registry.add(
        Meter("entry", _("Journal entry posted"), "entry", "accounting"),
        Permalink("entry", views.permalink),
    )
    words.declare_errors(_errors())
    words.declare_names(
        {
            "account": _("Account"),
            "accounts": _("Chart of accounts"),
            "entry": _("Journal entry"),
            "journal": _("Journal"),
        }
    )
    registry.on_client_created(hooks.on_client_created, order=20)
    for part in PARTS:
        part.register(registry)


def _navigation() -> tuple[NavItem, ...]:
    read = "accounting.read"
    return (
        NavItem(
            "journal",
            _("Journal"),
            "book-open",
            "accounting.journal",
            "client",
            read,
            14,
            shortcut="J",
            near=("books/entries",),
        ),
        NavItem(
            "accounts",
            _("Accounts"),
            "list-tree",
            "accounting.accounts",
            "client",
            read,
            16,
            near=("books/taxes", "books/dimensions"),
        ),
        NavItem(
            "months", _("Months"), "calendar", "accounting.months", "client", read, 18, shortcut="P"
        ),
    )


def _palette() -> tuple[PaletteCommand | PaletteSource, ...]:
    return (
        PaletteCommand(
            "entry",
            _("New entry"),
            "plus",
            "accounting.new_entry",
            "accounting.post",
            words=_("post journal book"),
            order=10,
        ),
        PaletteCommand(
            "statement",
            _("Upload a statement"),
            "upload",
            "accounting_bank.files",
            "accounting.import",
            words=_("import bank file camt mt940"),
            order=20,
        ),
        PaletteSource("accounts", _("Accounts"), find.accounts, "accounting.read", order=40),
        PaletteSource("entries", _("Entries"), find.entries, "accounting.read", order=50),
        PaletteSource("lines", _("Bank lines"), find.bank_lines, "accounting.read", order=60),
    )


def _errors() -> dict[str, words.Lazy]:
    return {
        "account-unknown": _("This account is not in the chart. Choose one from the list."),
        "account-archived": _("This account is archived. Restore it or choose another."),
        "account-code-taken": _("Another account has this code already."),
        "debit-or-credit": _("Fill in either debit or credit."),
        "unbalanced": _("Debit and credit differ. The entry must balance."),
        "period-closed": _("This month is closed. Choose an open one, or have it reopened."),
        "period-in-review": _("This month is in review. Only reviewers may post into it."),
        "no-period": _("The books have no month for this day yet."),
        "date-out-of-range": _("This day is outside the years 1900 to 2200."),
        "currency-unknown": _("This is no currency of ISO 4217."),
        "amount-too-large": _("This amount is larger than the books can hold."),
        "too-many-decimals": _("%(currency)s has fewer decimals than this amount."),
        "not-an-amount": _("This is no amount. Write it like 1,234.50."),
        "too-many-postings": _("An entry has at most 2,000 postings. Split it in two."),
        "counterparty-required": _("This account needs a contact on every posting."),
        "base-differs": _("In the base currency, amount and base amount must be the same."),
        "already-reversed": _("This entry has been reversed already."),
        "entry-unknown": _("This entry does not exist."),
        "idempotency-key-reused": _(
            "The same form was sent before with other content. Open the page again."
        ),
        "account-currency-differs": _("The account is kept in another currency."),
        "amount-zero": _("A posting of nothing changes nothing. Fill in an amount."),
        "approval-does-not-cover": _("What was approved is not what is to be posted."),
        "approval-maker-left": _("Whoever drafted this may not post entries any more."),
        "approval-one-by-one": _("Entries with an approval are posted one by one."),
        "arrays-differ": _("The entries and their postings do not fit together."),
        "base-missing": _("Say what the amount is worth in %(currency)s."),
        "books-open": _("These books are open already."),
        "contact-changed": _(
            "%(who)s changed this contact meanwhile. Now there is %(what)s. Yours was not saved:"
            " save again to put it in its place."
        ),
        "counterparty-unknown": _("There is no such contact."),
        "dimension-unknown": _("There is no such dimension."),
        "description-length": _("Describe the entry in 1 to %(most)s characters."),
        "entry-kind": _("There is no such kind of entry."),
        "fiscal-start-month": _("A fiscal year begins in one of the months 1 to 12."),
        "journal-unknown": _("There is no such journal."),
        "key-length": _("Give the entry a key of 1 to %(most)s characters."),
        "key-twice": _("Two entries have the same key. Give each its own."),
        "memo-length": _("Shorten the note to %(most)s characters."),
        "no-books": _("This client has no books yet."),
        "no-open-period": _("No open month follows. Have one reopened, or open a new one."),
        "period-state": _("A month is open, in review or closed."),
        "period-unknown": _("There is no such month."),
        "tax-code-unknown": _("There is no such tax code."),
        "too-few-postings": _("An entry needs at least two postings."),
        "own-review": _("A second person closes the month: you handed it in for review."),
        "reason-needed": _("Say why the month is reopened."),
    }


def blueprints() -> tuple[Blueprint, ...]:
    """The line's pages."""
    return (views.pages, *(page for part in PARTS for page in part.blueprints()))


def apis() -> tuple[Api, ...]:
    """The line's part of the API."""
    return (accounting_api.api, *(api for part in PARTS for api in part.apis()))
