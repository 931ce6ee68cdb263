"""What reading contributes; the documents' registration adds it."""

from __future__ import annotations

from app.documents.readings import keeping
from app.kernel.registry import Meter, NavItem, PaletteCommand, Permission
from app.kernel.words import _

ENTRIES = (
    Permission(
        "document.check", _("Check and correct what was read off documents"), _("Documents")
    ),
    Meter(keeping.METER, _("Document read"), "document", "accounting"),
    NavItem(
        "papers-to-check",
        _("Documents to look at"),
        "eye",
        "document_readings_desk.index",
        "desk",
        permission="document.check",
        order=45,
    ),
    PaletteCommand(
        "papers-to-check",
        _("Documents to look at"),
        "file-text",
        "document_readings.index",
        "document.read",
        words=_("read check invoice receipt fields"),
        order=40,
    ),
)
NAMES = {
    "document_text": _("Text of a document"),
    "document_reading": _("What was read off a document"),
    "document_field": _("Field of a document"),
    "reading_template": _("What was learnt of a supplier's documents"),
    "documents.read": _("A document is read"),
    "documents.learn": _("A correction is learnt"),
}
ERRORS = {
    "reading-changed": _(
        "Somebody changed what is read off this document meanwhile. Look at it once more."
    ),
    "reading-worked-on": _(
        "Somebody checked or corrected this document. Have it read again on its page, or send the"
        " version of its reading."
    ),
    "currency-not-known": _("Enter a currency by its three letters, such as EUR."),
    "nothing-learnt": _("Nothing was learnt of this supplier yet."),
    "sums-differ": _("Net and tax do not add up to the total: %(difference)s differ."),
    "due-over-total": _("The amount due is over the total by %(difference)s."),
    "tax-unusual": _("The tax is no usual part of the net amount."),
    "day-ahead": _("This day is still to come."),
    "day-old": _("This is more than two years ago."),
    "due-before-issue": _("It is due before it was issued."),
    "iban-digits": _("The check digits of this account number are wrong."),
    "vat-digits": _("The check digits of this VAT number are wrong."),
}
