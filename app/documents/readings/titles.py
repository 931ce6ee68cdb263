"""Fields, states and methods of readings in words."""

from __future__ import annotations

from typing import Any

from app.kernel.words import _

FIELDS: dict[str, Any] = {
    "invoice_number": _("Invoice number"),
    "issue_date": _("Invoice date"),
    "due_date": _("Due date"),
    "kind": _("Kind of invoice"),
    "seller_name": _("Supplier"),
    "seller_vat": _("Supplier's VAT number"),
    "seller_iban": _("Supplier's account"),
    "buyer_name": _("Customer"),
    "currency": _("Currency"),
    "net_minor": _("Net amount"),
    "tax_minor": _("Tax"),
    "total_minor": _("Total"),
    "payable_minor": _("Amount due"),
}
"""In the order in which they are walked."""
KINDS: dict[str, Any] = {
    "380": _("Invoice"),
    "381": _("Credit note"),
    "384": _("Corrected invoice"),
    "326": _("Partial invoice"),
    "386": _("Prepayment invoice"),
    "389": _("Self-billed invoice"),
}
STATES: dict[str, Any] = {
    "to_check": (_("To look at"), "warn"),
    "machine": (_("Accepted by the machine"), "info"),
    "confirmed": (_("Checked"), "good"),
    "nothing": (_("No invoice"), ""),
    "refused": (_("Not readable"), "bad"),
}
METHODS: dict[str, Any] = {
    "xml": _("from the e-invoice"),
    "text": _("from the text"),
    "ocr": _("from the picture"),
    "template": _("as learnt"),
    "person": _("by a person"),
}
CODES: dict[str, Any] = {
    "not-an-invoice": _("Nothing on it looks like an invoice: neither a number nor a total."),
    "an-order": _("This is an order, not an invoice."),
    "no-text": _("The pages hold no words."),
    "xml-broken": _("The XML is broken. Ask the sender for the file again."),
    "xml-entities": _("The XML declares a document type, which no invoice needs."),
    "set-aside": _("Somebody said that it is no invoice."),
    "ocr-missing": _("The pages are pictures, and no program that reads pictures is installed."),
    "file-not-drawn": _("The pages cannot be drawn, or are too large."),
    "file-damaged": _("The file is damaged. Ask the sender for it again."),
    "file-locked": _("The file has a password. Ask the sender for it without one."),
    "file-virus": _("A file inside it holds a virus. Nothing was read."),
    "reading-too-long": _("Reading took too long and was ended. Type the fields yourself."),
    "reading-failed": _("The file broke its reader. Ask the sender for it again, as a PDF."),
}
