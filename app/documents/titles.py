"""Classes and origins of papers in words."""

from __future__ import annotations

from app.kernel.words import _

CLASS_TITLES = {
    "payroll": _("Payroll"),
    "owner_only": _("Owner only"),
}
"""The mark of what not everybody sees; all else has none."""
CLASS_READERS = {
    "normal": _("Everybody with access here"),
    "payroll": _("Payroll: people whose access includes payroll"),
    "owner_only": _("Owner: people whose access includes what is for the owner only"),
}
"""Who sees it, where a class is chosen or told: of documents, tasks and repeats alike."""
SOURCE_TITLES = {
    "staff": _("added by staff"),
    "portal": _("sent at the portal"),
    "question": _("came with an answer"),
    "api": _("came over the API"),
    "camera": _("photographed"),
    "link": _("sent by a link"),
    "mail": _("came by mail"),
}
TYPE_TITLES = {
    "": _("Not said"),
    "invoice": _("Invoice"),
    "receipt": _("Receipt"),
    "credit_note": _("Credit note"),
    "contract": _("Contract"),
    "statement": _("Statement"),
    "payroll": _("Payroll document"),
    "tax": _("Tax document"),
    "filing_receipt": _("Filing receipt"),
    "letter": _("Letter"),
    "other": _("Other"),
}
SHARE_ACTS = {"shown": _("shown"), "downloaded": _("downloaded")}
