"""What reconciling contributes; the accounting line's bank part calls it."""

from __future__ import annotations

from flask import Blueprint

from app.accounting.matching import words as matching_words
from app.accounting.reconcile import checks as reconcile_checks
from app.accounting.reconcile import paper_api, paper_views
from app.accounting.reconcile import words as reconcile_words
from app.accounting.rules import views as rule_views
from app.api import Api
from app.kernel import words
from app.kernel.registry import NavItem, PaletteCommand, Registry
from app.kernel.words import _

JOBS = ("app.accounting.reconcile.certain_jobs",)
NAMES = {
    "bank_rule": _("Bank rule"),
    "bank_line_entry": _("Entry of a bank line"),
    "bank_transaction.coding.kept": _("Coding kept for a pending line"),
    "bank_transaction.coding.dropped": _("Coding of a pending line forgotten"),
    "bank_transaction.coding.restored": _("Coding of a pending line restored"),
    "reconcile_setting": _("Setting of which lines need a document"),
}


def register(registry: Registry) -> None:
    """Adds navigation, palette commands and the words of refusals."""
    registry.add(
        NavItem(
            "reconcile",
            _("Reconcile"),
            "list-checks",
            "accounting_reconcile.start",
            "client",
            permission="accounting.read",
            order=9,
            shortcut="K",
            near=("books/rules",),
        ),
        PaletteCommand(
            "rules",
            _("Bank rules"),
            "list-checks",
            "accounting_rules.index",
            "accounting.read",
            words=_("rule automatic suggestion"),
            order=30,
        ),
        PaletteCommand(
            "new-rule",
            _("New bank rule"),
            "plus",
            "accounting_rules.new",
            "accounting.post",
            words=_("rule automatic suggestion"),
            order=31,
        ),
    )
    registry.add(*reconcile_checks.CHECKS)
    words.declare_errors(reconcile_words.ERRORS)
    words.declare_names(NAMES)
    matching_words.declare()


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of reconciling and of its rules; the acts are routes of the same blueprint."""
    return (paper_views.pages, rule_views.pages)


def apis() -> tuple[Api, ...]:
    """The operations of reconciling."""
    return (paper_api.api,)
