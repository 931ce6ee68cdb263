"""What keeping contributes: pages, API, permissions, words of refusals and of the audit."""

from __future__ import annotations

from flask import Blueprint

from app.api import Api
from app.documents.keeping import api, jobs, stored, views
from app.kernel import words
from app.kernel.approvals import ApprovalKind
from app.kernel.registry import DeskColumn, Meter, NavItem, Permalink, Permission, Registry
from app.kernel.words import _

JOBS = (
    "app.documents.keeping.jobs",
    "app.documents.keeping.locking",
    "app.documents.keeping.scrub",
    "app.documents.keeping.stored",
)
PAPERS = _("Documents")
_NAMES = {
    "disposal": _("Destruction of documents"),
    "legal_hold": _("Hold"),
    "retention_own": _("Longer keeping"),
    "documents.dispose": _("Documents are destroyed"),
    "documents.scrub": _("Stored files are read again"),
    "documents.lock": _("Stored files are locked"),
    "documents.stored": _("Stored files are measured"),
}
_ERRORS = {
    "retention-not-longer": _(
        "The law already asks for %(years)s years from then (%(source)s). Enter more."
    ),
    "retention-of-other-side": _("The other side keeps these documents longer; it ends that."),
    "hold-days-invalid": _("Enter the first and the last day; the last is not before the first."),
    "hold-papers-missing": _("Choose the documents to hold, at most 500."),
    "hold-released": _("The hold was released already."),
    "hold-asked-already": _("The release waits for a second person already."),
    "client-held": _("The hold “%(title)s” stands: nothing of this client can be deleted."),
    "document-held": _("A hold covers this document: it cannot be deleted."),
    "document-kept": _("This document is still kept: its file cannot be deleted."),
    "document-disposed": _("This document was destroyed; it cannot be brought back."),
    "disposal-empty": _("Choose the documents, at most 500."),
    "disposal-not-due": _(
        "One of these documents is not due any more, or a hold covers it. Load the list again."
    ),
    "disposal-not-done": _("There is a certificate once the documents have been destroyed."),
}


def register(registry: Registry) -> None:
    """Adds the entries of keeping."""
    registry.add(
        Permission("document.keep", _("Keep documents longer"), PAPERS),
        Permission("document.hold", _("Place holds and ask for their release"), PAPERS),
        Permission("document.dispose", _("Propose documents for destruction"), PAPERS),
        Permission("approve.document.dispose", _("Approve destruction of documents"), PAPERS),
        Permission("approve.hold.release", _("Approve the release of a hold"), PAPERS),
        Permission(
            "approve.hold.release_client", _("Approve the release of a client's own hold"), PAPERS
        ),
        Meter(jobs.METER, _("Document destroyed"), "document", "member"),
        Meter(stored.METER, _("Stored for a day"), "GB", "member"),
        NavItem(
            "keeping",
            _("Keeping at all clients"),
            "archive",
            "keeping_desk.index",
            "desk",
            permission="document.keep",
            order=955,
        ),
        ApprovalKind(
            "document.dispose", _("Destroying documents"), page=views.list_to_decide, order=40
        ),
        ApprovalKind(
            "hold.release", _("Releasing a hold of the provider"), page=views.holds, order=50
        ),
        ApprovalKind(
            "hold.release_client", _("Releasing a hold of the client"), page=views.holds, order=51
        ),
        DeskColumn("accounting", "files_damaged", _("Files damaged"), "keeping.index", order=95),
        Permalink("disposal", views.permalink),
    )
    words.declare_names(_NAMES)
    words.declare_errors(_ERRORS)


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of staff, of the portal and of the desk."""
    return (views.pages, views.portal, views.desk)


def apis() -> tuple[Api, ...]:
    """The operations of keeping."""
    return (api.api,)
