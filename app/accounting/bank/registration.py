"""What the bank part of accounting contributes; the line's service_line calls it."""

from __future__ import annotations

from flask import Blueprint

from app.accounting import subjects
from app.accounting.bank import api as bank_api
from app.accounting.bank import intake_registration as bank_intake_registration
from app.accounting.bank import views as bank_views
from app.accounting.close import question_checks
from app.accounting.matching import words as matching_words
from app.accounting.reconcile import lines as reconcile_lines
from app.accounting.reconcile import registration as reconcile_registration
from app.api import Api
from app.kernel import words
from app.kernel.registry import (
    DeskColumn,
    Meter,
    NavItem,
    Permalink,
    Registry,
)
from app.kernel.words import _

JOBS = ("app.accounting.bank.jobs", *reconcile_registration.JOBS)
FIGURE = "bank_lines_to_do"
NAMES = {
    "bank_account": _("Bank account"),
    "bank_account.number_assigned": _("Number of a bank account assigned"),
    "bank_accounts": _("Bank accounts"),
    "bank_lines": _("Bank lines"),
    "bank_transaction": _("Bank line"),
    "exchange_rate": _("Exchange rate"),
    "statement_file": _("Statement file"),
}
ERRORS = {
    "bank-number-missing": _("Write the IBAN or the account number."),
    "bank-number-taken": _("%(number)s belongs to a bank account already."),
    "bank-account-currency": _("This account is in %(other)s, not in %(currency)s."),
    "bank-account-taken": _("Another bank account stands there in the books already."),
    "bank-account-needed": _("The file names no account. Choose the bank account."),
    "bank-line-booked": _("This line has been booked meanwhile."),
    "bank-line-to-do": _("This line is not booked."),
    "bank-line-pending": _("The bank has not booked this line yet."),
    "bank-line-own-account": _("Choose another account than the bank's own."),
    "changed-meanwhile": _("Somebody else changed this meanwhile. Look again."),
    "rate-missing": _("Write what one %(currency)s is worth in %(base)s."),
    "rate-of-base": _("The books are in %(currency)s; it needs no rate."),
    "rate-out-of-range": _("A rate is a number above zero, such as 1.0825."),
    "file-missing": _("Choose a file."),
    "statement-not-waiting": _("This file has its account already."),
    "statement-account-unknown": _("Say first which bank account this file belongs to."),
    "statement-refused": _("The file cannot be read: %(message)s"),
}


def register(registry: Registry) -> None:
    """Adds navigation, the desk's column, the meter, permalinks and the words of refusals."""
    registry.add(
        NavItem(
            "bank",
            _("Bank"),
            "landmark",
            "accounting_bank.lines",
            "client",
            permission="accounting.read",
            order=10,
            figure=FIGURE,
            shortcut="B",
        ),
        DeskColumn("accounting", FIGURE, _("Bank lines"), "accounting_bank.lines", order=10),
        Meter(reconcile_lines.METER, _("Bank line booked"), "line", "accounting"),
        Permalink("bank_transaction", bank_views.permalink),
        *subjects.SOURCES,
        question_checks.CHECK,
    )
    matching_words.declare()
    bank_intake_registration.register(registry)
    reconcile_registration.register(registry)
    words.declare_names(NAMES)
    words.declare_errors(ERRORS)


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of the bank."""
    return (
        bank_views.pages,
        *bank_intake_registration.blueprints(),
        *reconcile_registration.blueprints(),
    )


def apis() -> tuple[Api, ...]:
    """The operations of the bank."""
    return (bank_api.api, *bank_intake_registration.apis(), *reconcile_registration.apis())
