"""Why a paper and a bank line fit, in words."""

from __future__ import annotations

from typing import Any

from app.accounting.papers.fits import Fit
from app.kernel import words
from app.kernel.words import _

WHY: dict[str, Any] = {
    "number": _("the invoice number"),
    "iban": _("the account number"),
    "name": _("the name"),
    "day": _("the day"),
    "amount": _("the amount"),
}
ERRORS = {
    "paper-fits-not": _("This document and this bank line do not fit together any more."),
    "paper-foreign": _(
        "The document is in %(currency)s. Attach it to its bank line, which knows the rate."
    ),
    "paper-booked": _("This document is booked already: %(label)s."),
    "entry-posted": _("This entry is posted already: %(label)s."),
    "no-payable-account": _("The chart has no account for what is owed to suppliers."),
}
NAMES = {"entry.post": _("Post an entry")}


def reason(found: Fit) -> str:
    """By what they fit: `the name, the day and the amount are the same`."""
    return words.gettext("The same: %(what)s", what=", ".join(str(WHY[one]) for one in found.why))
