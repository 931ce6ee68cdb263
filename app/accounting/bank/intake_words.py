"""The words of taking statements in: meanings of columns, outcomes, refusals."""

from __future__ import annotations

from typing import Any

from app.accounting.bank import intake as bank_import
from app.kernel import words
from app.kernel.words import _

ROLES: dict[str, Any] = {
    "ignore": _("Not used"),
    "date": _("Booking date"),
    "value_date": _("Value date"),
    "amount": _("Amount"),
    "debit": _("Money out"),
    "credit": _("Money in"),
    "flag": _("Debit or credit mark"),
    "balance": _("Balance"),
    "opening": _("Opening balance"),
    "closing": _("Closing balance"),
    "currency": _("Currency"),
    "foreign_amount": _("Amount in another currency"),
    "foreign_currency": _("The other currency"),
    "account": _("Own account number"),
    "counterparty": _("Other party"),
    "counterparty_account": _("Account of the other party"),
    "reference": _("Reference"),
    "bank_id": _("The bank's id"),
    "text": _("Text"),
    "status": _("Pending or booked"),
}
ORDERS = (
    ("YMD", _("year, month, day")),
    ("DMY", _("day, month, year")),
    ("MDY", _("month, day, year")),
    ("DYM", _("day, year, month")),
)
TRAY_REASONS = {
    "unknown": _("No client of yours knows this account number."),
    "several": _("More than one client knows these account numbers."),
    "no_number": _("The file names no account."),
    "refused": _("The file cannot be read."),
}
AT_THE_PORTAL = {
    "mapping": (_("With your accountant"), "info"),
    "waiting": (_("With your accountant"), "info"),
    "importing": (_("Being taken in"), "info"),
    "imported": (_("Received"), "good"),
    "refused": (_("Could not be read"), "bad"),
}
ERRORS = {
    "mapping-columns": _("The file has other columns by now. Open the page again."),
    "mapping-twice": _("Two columns cannot have the same meaning, except text."),
    "mapping-no-date": _("Say which column is the booking date."),
    "mapping-no-amount": _("Say which column is the amount, or which are money out and in."),
    "mapping-currency": _("The file names no currency. Choose one for the new account."),
    "statement-no-mapping": _("This file is no table, or its lines are here already."),
    "gap-why": _("Say in up to 500 characters why nothing is missing."),
    "drop-too-many": _("Drop at most %(most)s files at once."),
    "zip-broken": _("The zip is broken. Pack it again, or drop the files themselves."),
    "zip-locked": _("The zip has a password. Unpack it and drop the files."),
    "zip-too-large": _("The zip holds more than %(most)s MB. Split it."),
    "zip-bomb": _("The zip unpacks to far more than it weighs, so it was not opened."),
    "zip-nested": _("A zip inside a zip is not opened. Drop it by itself."),
    "statement-client-unknown": _(
        "No client you may import for knows this account. Open the client and upload it there."
    ),
    "tray-done": _("Somebody else has dealt with this file meanwhile."),
    "tray-claimed": _("Somebody else is giving this file to a client. Look again in ten minutes."),
    "tray-account": _("Choose the bank account, or name a new one."),
}
NAMES = {
    "statement_gap.reopened": _("Gap between statements opened again"),
    "statement_gap_note": _("Explanation of a gap"),
    "statement_mapping": _("Columns of a statement"),
    "statement_tray": _("Statement in the tray"),
}


def declare() -> None:
    """Names of kinds and words of refusals."""
    words.declare_names(NAMES)
    words.declare_errors(ERRORS)


def role_options() -> list[tuple[str, Any]]:
    """What a column may be, for a choice."""
    return list(ROLES.items())


def sure(confidence: int) -> tuple[Any, str]:
    """A confidence as words and tone."""
    if confidence >= 90:
        return _("Sure"), "good"
    return (_("Likely"), "info") if confidence >= 60 else (_("Check this"), "warn")


def outcome(done: bank_import.Uploaded) -> Any:
    """What became of a file, in one sentence."""
    if done.repeated:
        return _("This file was here before; nothing was added twice.")
    if done.state == "refused":
        return _("The file could not be read. It was kept, with the reason.")
    if done.state == "mapping":
        return _("Check what the columns mean, then import.")
    if done.state == "waiting":
        return _("Say which bank account this is.")
    if done.state == "importing":
        return _("The lines are being imported.")
    return _("%(new)s new bank lines of %(total)s.", new=done.lines_new, total=done.lines_total)


def portal_outcome(done: bank_import.Uploaded) -> Any:
    """What became of a file, for the client's own people."""
    if done.repeated:
        return _("We have this file already. Thank you.")
    if done.state == "refused":
        return _("We could not read this file. Your accountant sees it and the reason.")
    if done.state in ("mapping", "waiting"):
        return _("Thank you. Your accountant will look at it.")
    return _("Thank you. %(total)s bank lines received.", total=done.lines_total)
