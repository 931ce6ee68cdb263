"""What papers contribute: pages, API, permissions, meter, words of refusals."""

from __future__ import annotations

from flask import Blueprint

from app.api import Api
from app.documents import (
    api,
    api_papers,
    api_uploads,
    commands,
    mail_in,
    views,
    views_held,
    views_keys,
)
from app.documents.finding import registration as finding_registration
from app.documents.keeping import registration as keeping_registration
from app.documents.readings import api as reading_api
from app.documents.readings import registration as readings_registration
from app.documents.readings import views as reading_views
from app.documents.views_organise import pages
from app.documents.views_shares import public
from app.kernel import rewrapping, words
from app.kernel.registry import (
    Meter,
    NavItem,
    PaletteCommand,
    PaletteSource,
    Permalink,
    Permission,
    Registry,
    SubjectSource,
)
from app.kernel.words import _

JOBS = (
    "app.documents.preview",
    "app.documents.readings.jobs",
    "app.documents.intake",
    *keeping_registration.JOBS,
)
PAPERS = _("Documents")
_NAMES = {
    "document": _("Document"),
    "document_version": _("Content of a document"),
    "document_link": _("Document at a record"),
    "documents": _("Documents"),
    "document.added": _("A document is read and found"),
    "client.keys": _("Key"),
    "document.shared": _("Document shared by a link"),
    "document_address": _("Address for papers by mail"),
    "document_share": _("Share link"),
    "document_share_view": _("Document opened by a link"),
    "document_again": _("Document added again"),
    "documents.take-in": _("What was sent is looked at"),
    "documents.uploads": _("Uploads that stopped are ended"),
    "document.upload-ended": _("What was sent has been looked at"),
    "held_file": _("File in quarantine"),
    "quarantine": _("Quarantine"),
    "upload": _("Upload"),
    "upload_part": _("Part of an upload"),
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
        "Files of this kind become no documents. Send a PDF, a picture, an office file, CSV, text"
        " or a mail."
    ),
    "file-archive": _("Unpack the archive first and send the files in it."),
    "file-damaged": _("The file is damaged. Save it anew and send it again."),
    "file-bomb": _("The file unpacks to far more than it should."),
    "file-macros": _("The file holds a program or macros. Save it without, as a PDF."),
    "file-locked": _("The file has a password. Send it without one."),
    "file-virus": _("The file holds a virus. It is no document."),
    "file-unscanned": _("The file is too large for the virus scanner."),
    "document-version-taken": _("Somebody replaced it at the same moment. Look again and retry."),
    "key-name-differs": _("This is not the client's name."),
    "mail-not-signed": _("The message is not signed by the mail server of this installation."),
    "nothing-to-change": _("Say what is to be changed."),
    "share-days": _("A link is open for 1 to 30 days."),
    "tag-too-long": _("A tag has at most %(most)s signs."),
    "too-many-tags": _("A document has at most %(most)s tags."),
    "held-decided": _("Somebody has decided on this file already."),
    "held-own": _("You added this file yourself. Somebody else has to look at it."),
    "held-virus": _("A file with a virus is not let in, by nobody."),
    "scanner-unavailable": _("The virus scanner does not answer. Nothing was kept; try again."),
    "too-many-uploads": _("There are 500 unfinished uploads. Finish them or wait for a day."),
    "upload-changed": _("What arrived is not what was announced. Send the file again."),
    "upload-ended": _("This upload has ended. Begin it anew."),
    "upload-incomplete": _("Parts of the file are missing. Send them first."),
    "upload-part-differs": _("This part came before with other content. Begin the upload anew."),
    "upload-part-wrong": _("This part does not have the length that its place has."),
}


def register(registry: Registry) -> None:
    """Adds the entries of this package."""
    registry.add(
        Permission("document.read", _("See documents"), PAPERS),
        Permission("document.add", _("Add, link and remove documents"), PAPERS),
        Permission("document.share", _("Share documents by link"), PAPERS),
        Permission("document.release", _("Decide on files in quarantine"), PAPERS),
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
        SubjectSource("document", "accounting", views.as_subjects),
        PaletteCommand(
            "quarantine",
            _("Open the quarantine"),
            "shield",
            "documents.quarantine",
            permission="document.read",
        ),
    )
    finding_registration.register(registry)
    keeping_registration.register(registry)
    rewrapping.declare(mail_in.SEALED)
    words.declare_names(_NAMES | readings_registration.NAMES)
    words.declare_errors(_ERRORS | readings_registration.ERRORS)


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of staff, of the portal, and of whoever holds a link."""
    assert pages is views_held.pages is views_keys.pages
    return (
        pages,
        views.portal,
        public,
        reading_views.pages,
        reading_views.desk,
        *finding_registration.blueprints(),
        *keeping_registration.blueprints(),
    )


def apis() -> tuple[Api, ...]:
    """The operations on papers."""
    return (
        api.api,
        api_uploads.api,
        api_papers.api,
        reading_api.api,
        *finding_registration.apis(),
        *keeping_registration.apis(),
    )
