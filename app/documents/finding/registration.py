"""What the search contributes: pages, API, an entry of the desk."""

from __future__ import annotations

from flask import Blueprint

from app.api import Api
from app.documents.finding import api, views
from app.kernel.registry import NavItem, PortalCard, Registry
from app.kernel.words import _


def register(registry: Registry) -> None:
    """Adds the desk's entry and the box at a person's firms; in one it stands on the list."""
    registry.add(PortalCard("find", "documents/_portal_seek.html", views.seek, firms=True))
    registry.add(
        NavItem(
            "find",
            _("Find documents"),
            "search",
            "finding_desk.find_everywhere",
            "desk",
            permission="document.read",
            order=45,
        )
    )


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of staff, of the portal and of the desk."""
    return (views.pages, views.portal, views.desk)


def apis() -> tuple[Api, ...]:
    """The operations of the search."""
    return (api.api,)
