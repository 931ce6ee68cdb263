"""What taking statements in contributes: the desk's drop, the portal's page, the close check."""

from __future__ import annotations

from flask import Blueprint

from app.accounting.bank import complete as bank_complete
from app.accounting.bank import desk_views as bank_desk_views
from app.accounting.bank import intake_api as bank_intake_api
from app.accounting.bank import intake_views as bank_intake_views
from app.accounting.bank import intake_words as bank_intake_words
from app.accounting.bank import portal_views as bank_portal_views
from app.accounting.bank import tray_api
from app.api import Api
from app.kernel import words
from app.kernel.registry import CloseCheck, NavItem, PaletteCommand, PortalCard, Registry
from app.kernel.words import _


def register(registry: Registry) -> None:
    """Adds navigation, a command, the close check and the words."""
    bank_intake_words.declare()
    registry.add(*_doors())
    registry.add(
        CloseCheck(
            "statements",
            _("Statements are complete, without a gap"),
            "accounting",
            bank_complete.count_left,
            "accounting_intake.gaps",
            zero=_("Nothing is missing"),
            left=lambda n: words.ngettext("%(n)s gap", "%(n)s gaps", n),
            short=_("Statements"),
            order=10,
        ),
    )


def _doors() -> tuple[NavItem | PortalCard | PaletteCommand, ...]:
    """How people come to the pages of statements."""
    return (
        NavItem(
            "statements",
            _("Statements"),
            "upload",
            "desk_statements.index",
            "desk",
            order=30,
            shortcut="U",
        ),
        NavItem(
            "statements",
            _("Statements"),
            "upload",
            "portal_statements.statements",
            "portal",
            permission="accounting.import",
            order=30,
        ),
        PortalCard("statements", "accounting/_portal_send.html", bank_portal_views.card, order=35),
        PaletteCommand(
            "drop",
            _("Drop statements of any client"),
            "upload",
            "desk_statements.index",
            surface="desk",
            words=_("import upload bank files zip"),
            order=20,
        ),
    )


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of statement files."""
    return (bank_intake_views.pages, bank_desk_views.pages, bank_portal_views.pages)


def apis() -> tuple[Api, ...]:
    """The operations of statement files."""
    return (bank_intake_api.api, tray_api.api)
