"""What the rules of approvals contribute: pages, operations, where they are found."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import Api
from app.kernel import approval_rules, approvals, words
from app.kernel.registry import Meter, NavItem, PaletteCommand, Registry
from app.kernel.words import _
from app.tasks.approving import api, delegation_views, views

JOBS: tuple[str, ...] = ()


def register(registry: Registry) -> None:
    """Adds navigation, commands of the palette and words of the log."""
    may = approval_rules.PERMISSION
    registry.add(
        Meter(approvals.METER, _("Approval asked for"), "approval", "member"),
        NavItem(
            "approval-rules",
            _("Rules of approvals"),
            "users",
            "approval_rules_provider.index",
            "desk",
            permission=may,
            order=950,
        ),
        PaletteCommand(
            "approval-rules",
            _("Rules of approvals"),
            "users",
            "approval_rules.index",
            may,
            words=_("policy second person limit four eyes"),
        ),
        PaletteCommand(
            "delegate-approvals",
            _("Delegate my approvals"),
            "users",
            "delegation.index",
            surface="account",
            words=_("stead holiday deputy"),
        ),
    )
    words.declare_names({"approval_rules": _("Rules of approvals")})


def blueprints() -> tuple[Blueprint, ...]:
    """Rules in a client, at the portal and of the provider; delegation."""
    return (views.pages, views.portal, views.provider, delegation_views.pages)


def apis() -> tuple[Api, ...]:
    """The operations on rules and delegations."""
    return (api.api,)


def install(app: Flask) -> None:
    """Nothing of the application itself changes."""
