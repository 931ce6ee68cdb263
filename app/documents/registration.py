"""What papers contribute: pages, API, permissions, meter, words of refusals."""

from __future__ import annotations

from flask import Blueprint

from app.api import Api
from app.documents import api, commands, views
from app.documents.readings import registration as readings_registration
from app.kernel import words
from app.kernel.registry import Meter, NavItem, PaletteSource, Permalink, Permission, Registry
from app.kernel.words import _

JOBS = ("app.documents.preview", "app.documents.readings.jobs")
PAPERS = _("Documents")
_NAMES = {
    "document": _("Document"),
    "document_version": _("Content of a document"),
    "document_link": _("Document at a record"),
    "documents": _("Documents"),
    "document.added": _("A document is read and found"),
    "documents.preview": _("Pictures of a document are made"),
}
_ERRORS = {
    "document-class-unknown": _("There is no such class of documents."),
    "document-class-not-yours": _("You do not see documents of this class yourself."),
    "document-class-of-provider": _(
        "Your accountants set who may see this document. You may show it to fewer people,"
        " not to more."
    ),
    "document-of-provider": _("This document was added by your accountants."),
    "document-link-of-provider": _(
        "Your accountants attached this document here. Ask them to take it off."
    ),
    "document-link-settled": _(
        "The document was attached more than a day ago. Ask your accountants to take it off."
    ),
    "document-not-linked": _("This document does not belong there any more."),
    "file-not-kept": _(
        "Files of this kind are not kept. Send a PDF, a picture, an office file, CSV, text"
        " or a mail."
    ),
    "file-archive": _("Unpack the archive first and send the files in it."),
    "file-damaged": _("The file is damaged. Save it anew and send it again."),
    "file-bomb": _("The file unpacks to far more than it should. It is not kept."),
    "file-macros": _("The file holds a program or macros. Save it without, as a PDF."),
    "file-locked": _("The file has a password. Send it without one."),
    "file-virus": _("The file holds a virus. It was not kept."),
}


def register(registry: Registry) -> None:
    """Adds the entries of this package."""
    registry.add(
        Permission("document.read", _("See documents"), PAPERS),
        Permission("document.add", _("Add, link and remove documents"), PAPERS),
        Meter(commands.METER, _("Document kept"), "document", "accounting"),
        *readings_registration.ENTRIES,
        NavItem(
            "documents",
            PAPERS,
            "file-text",
            "documents.index",
            "client",
            permission="document.read",
            order=50,
            shortcut="F",
        ),
        NavItem(
            "documents",
            PAPERS,
            "file-text",
            "documents_portal.own_papers",
            "portal",
            permission="document.read",
            order=25,
        ),
        PaletteSource("documents", PAPERS, views.find, "document.read", order=80),
        Permalink("document", views.permalink),
    )
    words.declare_names(_NAMES | readings_registration.NAMES)
    words.declare_errors(_ERRORS | readings_registration.ERRORS)


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of staff and of the portal."""
    return (views.pages, views.portal)


def apis() -> tuple[Api, ...]:
    """The operations on papers."""
    return (api.api,)
