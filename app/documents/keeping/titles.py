"""What the words of keeping are called on screen."""

from __future__ import annotations

from typing import Any

from app.kernel.words import _

KINDS: dict[str, Any] = {
    "books": _("Books and annual accounts"),
    "voucher": _("Vouchers: invoices, receipts, bank statements"),
    "letter": _("Business letters and contracts"),
    "payroll": _("Payroll"),
    "identity": _("Proof of identity"),
}
RUNS_FROM: dict[str, Any] = {
    "paper": _("the date of the paper"),
    "calendar_year": _("the end of its calendar year"),
    "fiscal_year": _("the end of its fiscal year"),
    "tax_year": _("the end of its tax year"),
    "engagement": _("the end of the engagement"),
    "engagement_year": _("the end of the year in which the engagement ends"),
}
BASES: dict[str, Any] = {"contract": _("A contract"), "choice": _("Our own choice")}
COVERS: dict[str, Any] = {
    "client": _("Everything of this client"),
    "days": _("Papers of some days"),
    "papers": _("Single papers"),
}
SIDES: dict[str, Any] = {
    "provider": _("The provider"),
    "client": _("The client"),
    "firm": _("The provider, at all its clients"),
}
STATES: dict[str, tuple[Any, str]] = {
    "waiting": (_("Waiting for approval"), "warn"),
    "approved": (_("Being carried out"), "info"),
    "refused": (_("Refused"), "bad"),
    "withdrawn": (_("Withdrawn"), ""),
    "done": (_("Done"), "good"),
}
SETTLED: dict[str, tuple[Any, str]] = {
    "listed": (_("Listed"), ""),
    "disposed": (_("Destroyed"), "good"),
    "held": (_("Spared: a hold covers it"), "warn"),
    "kept": (_("Spared: kept longer now"), "warn"),
    "gone": (_("Destroyed before"), ""),
}
