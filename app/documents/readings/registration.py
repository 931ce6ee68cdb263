"""What reading contributes; the documents' registration adds it."""

from __future__ import annotations

from app.documents.readings import keeping
from app.kernel.registry import Meter, Permission
from app.kernel.words import _

ENTRIES = (
    Permission(
        "document.check", _("Check and correct what was read off documents"), _("Documents")
    ),
    Meter(keeping.METER, _("Document read"), "document", "accounting"),
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
    "currency-not-known": _("Enter a currency by its three letters, such as EUR."),
}
