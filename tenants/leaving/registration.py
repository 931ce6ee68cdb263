"""What leaving contributes: permissions, the portal's card, ways in, words of its refusals."""

from __future__ import annotations

from typing import Any

from app.kernel import words
from app.kernel.approvals import ApprovalKind
from app.kernel.registry import Meter, NavItem, PaletteCommand, Permission, Registry
from app.kernel.words import _
from tenants.leaving import erasing, jobs, views

_GROUP = _("Clients")

ERRORS: dict[str, Any] = {
    "client-is-here": _("This client is here already. Nothing was taken in."),
    "erasure-asked-already": _("This was asked for already."),
    "erasure-running": _("Another run is carrying this out; its certificate says how far it is."),
    "erasure-held": _("It is held and cannot be erased: %(why)s"),
    "erasure-not-approved": _(
        "Nobody has approved this. Ask for it under Clients, Erase; a second person approves it."
    ),
    "export-column-unknown": _("%(table)s has no column %(column)s here. Update first."),
    "export-does-not-agree": _("The file does not agree with itself: %(fault)s."),
    "export-entry-missing": _("The file lacks %(entry)s."),
    "export-entry-unknown": _("The file holds %(entry)s, which no export of ours has."),
    "export-hash-wrong": _("%(entry)s is not what the manifest says. Fetch the export again."),
    "export-row-refused": _("A row of %(table)s cannot be. Nothing was taken in."),
    "export-table-unknown": _("The file holds %(table)s, which is unknown here. Update first."),
    "export-too-large": _("This file unpacks to more than any export of ours."),
    "export-too-new": _(
        "The file has format %(format)s; this installation knows up to %(known)s. Update first."
    ),
    "export-too-old": _("The file has format %(format)s, which can no longer be read."),
    "export-unreadable": _("This is no export of ours, or it is damaged."),
    "no-restoring-address": _("Set DATABASE_RESTORE_URL: only its role may do this."),
    "person-differs": _(
        "Somebody of the file is here under another address. Nothing was taken in."
    ),
}

NAMES = {
    "client": _("Client"),
    "client.erase": _("Erase a client"),
    "client.erased": _("Client erased"),
    "client.expire-exports": _("Old exports are removed"),
    "client.export": _("Export of everything"),
    "client.exported": _("Everything exported"),
    "client_export": _("Export of everything"),
    "erasure_certificate": _("Certificate of an erasure"),
}


def register(registry: Registry) -> None:
    """Adds the entries of this part."""
    words.declare_errors(ERRORS)
    words.declare_names(NAMES)
    registry.add(
        Permission(jobs.PERMISSION, _("Take everything of a client along"), _GROUP),
        Permission(views.ERASE, _("Ask for a client to be erased"), _GROUP),
        ApprovalKind(
            erasing.KIND,
            _("Erasing a client"),
            shown=erasing.shown,
            names_subject=True,
            order=90,
        ),
        Permission(f"approve.{erasing.KIND}", _("Approve erasing a client"), _GROUP),
        Meter(jobs.METER, _("Export of everything"), "export", "member"),
        views.CARD,
        NavItem(
            "leaving",
            _("Take everything along"),
            "download",
            "leaving.index",
            "client",
            permission=jobs.PERMISSION,
            order=960,
        ),
        NavItem(
            "erasures",
            _("Erasures"),
            "trash-2",
            "erasing.index",
            "desk",
            permission=views.ERASE,
            order=960,
        ),
        PaletteCommand(
            "leaving",
            _("Take everything along"),
            "download",
            "leaving.index",
            jobs.PERMISSION,
            words=_("export archive move leave"),
            order=90,
        ),
    )
