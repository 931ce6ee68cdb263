"""What moving in contributes; the line's service_line calls it."""

from __future__ import annotations

from flask import Blueprint

from app.accounting.moving import api as moving_api
from app.accounting.moving import carrying as moving_import
from app.accounting.moving import views as moving_views
from app.api import Api
from app.kernel import words
from app.kernel.registry import Meter, NavItem, PaletteCommand, Permalink, Registry
from app.kernel.words import _

JOBS = ("app.accounting.moving.jobs",)


def register(registry: Registry) -> None:
    """Adds navigation, the meter, the permalink and the words of refusals."""
    registry.add(
        NavItem(
            "moving-in",
            _("Moving in"),
            "upload",
            "accounting_moving.index",
            "client",
            "accounting.accounts",
            90,
        ),
        PaletteCommand(
            "moving-in",
            _("Bring books over from another package"),
            "upload",
            "accounting_moving.index",
            "accounting.accounts",
            words=_("import xero quickbooks sage datev chart opening balance ledger migrate"),
            order=90,
        ),
        Meter(
            moving_import.METER, _("Entry taken over from another package"), "entry", "accounting"
        ),
        Permalink("moving_file", moving_views.permalink),
    )
    words.declare_names(
        {
            "moving_account": _("Account of another package"),
            "moving_file": _("File of another package"),
            "moving_tax": _("Tax of another package"),
        }
    )
    words.declare_errors(_of_files() | _of_rows())


def _of_files() -> dict[str, words.Lazy]:
    return {
        "cell-too-long": _("A cell holds more than %(most)s characters."),
        "column-missing": _("Say which column is: %(column)s."),
        "control-missing": _("The chart has no account of %(control)s. Make one first."),
        "date-order-unsure": _(
            "Days like 03/04 can be read in two ways. Say how days are written."
        ),
        "date-order-wrong": _("Row %(row)s has a day that cannot be written in this order."),
        "dates-two-orders": _(
            "Days are written in two orders: rows %(first)s and %(second)s contradict each other."
            " Correct the file and drop it again."
        ),
        "moving-blocked": _("Correct what is marked first; nothing was imported."),
        "moving-column-twice": _("Two columns are said to be: %(column)s. Choose one."),
        "moving-day-missing": _("Say of which day the balances are."),
        "moving-not-imported": _("This file is not imported."),
        "moving-not-readable": _("This file cannot be read as a table."),
        "moving-not-waiting": _("This file is imported already, or is being imported."),
        "moving-none-held": _(
            "No entry of it can be held, of %(n)s: the reasons stand with the rows below."
        ),
        "moving-nothing": _("No entry was found in this file. See which column is which."),
        "moving-undone-too-often": _("These entries were undone too often. Change the file."),
        "not-csv": _("The file is no table of comma-separated values. Save it anew."),
        "nul-byte": _("The file holds characters that cannot be stored. Save it anew as CSV."),
        "opening-unbalanced": _(
            "Debit and credit differ by %(difference)s. Correct the file, or say which account"
            " takes the difference."
        ),
        "signs-flipped": _(
            "The signs look turned around: assets or costs stand in credit, income or debts in"
            " debit. Turn them, or say that you are sure."
        ),
        "table-header-only": _("The file has a header and nothing below it."),
        "table-no-header": _(
            "No header was found. The first rows must name the columns, such as Account and Debit."
        ),
        "table-not-readable": _("This workbook cannot be read. Save it anew, or as CSV."),
        "table-old-excel": _("This is an old Excel format. Save it as XLSX or CSV."),
        "too-many-columns": _("The file has more than %(most)s columns."),
        "too-many-lines": _("The file has more than %(most)s rows. Split it."),
    }


def _of_rows() -> dict[str, words.Lazy]:
    return {
        "account-missing": _("This row names no account."),
        "contact-missing": _("This row names no contact."),
        "moving-account-currency": _(
            "Row %(row)s: account %(account)s keeps %(currency)s, this row is in %(other)s. Take"
            " another account for it."
        ),
        "moving-base-differs": _(
            "This row is in the base currency, but its two amounts differ by %(difference)s."
            " Correct the row, or leave one of the two columns out."
        ),
        "moving-foreign-missing": _(
            "Row %(row)s is in %(currency)s. Say which column holds the amount in %(currency)s or"
            " the exchange rate, or leave the currency out to take all amounts as %(base)s."
        ),
        "moving-foreign-sign": _(
            "One amount of this row is a debit and the other a credit. Correct its signs."
        ),
        "moving-rate-contradicts": _(
            "Amount, %(currency)s and rate of this row differ by %(difference)s, more than"
            " rounding leaves. Correct the row, or leave the rate out."
        ),
        "moving-rate-missing": _(
            "This row is in %(currency)s and has neither a rate nor an amount in %(base)s."
        ),
        "rate-direction-unsure": _(
            "Row %(row)s: the rate can be read in two ways. Say whether it is %(base)s for one"
            " %(currency)s, or the other way round."
        ),
        "formula-without-value": _(
            "The cell holds a formula without its value. Open the file, save it and drop it again."
        ),
        "unbalanced-entry": _("Its rows differ by %(difference)s; see row %(row)s."),
    }


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of moving in."""
    return (moving_views.pages,)


def apis() -> tuple[Api, ...]:
    """The operations of moving in."""
    return (moving_api.api,)
