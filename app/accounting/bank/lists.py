"""The lists of the bank screens: their columns, filters and views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import url_for
from markupsafe import Markup

from app.accounting.bank import queries as bank_queries
from app.accounting.bank.queries import BankAccount, BankLine, LineFilter, Rate, StatementFileView
from app.kernel import money, words
from app.kernel.words import _
from app.web import lists

FILE_STATES = {
    "mapping": (_("Needs its columns"), "warn"),
    "waiting": (_("Needs an account"), "warn"),
    "importing": (_("Importing"), "info"),
    "imported": (_("Imported"), "good"),
    "refused": (_("Refused"), "bad"),
}
SOURCES = {
    "staff": _("Staff, in the client"),
    "desk": _("Staff, on the desk"),
    "tray": _("Staff, from the tray"),
    "portal": _("The client, at the portal"),
    "api": _("A program"),
}


def _account_options() -> Sequence[tuple[str, Any]]:
    return [(str(one.id), one.name) for one in bank_queries.bank_accounts()]


def _line_state(row: BankLine) -> lists.Tag:
    if row.state == "booked":
        return lists.Tag(_("Booked"), "good")
    if row.status == "pending":
        return lists.Tag(_("Pending"), "info")
    return lists.Tag(_("To do"), "warn")


def _file_state(row: StatementFileView) -> lists.Tag:
    text, tone = FILE_STATES[row.state]
    return lists.Tag(text, tone)  # type: ignore[arg-type]  # the table holds tones only


def _to_do(row: BankAccount) -> Markup:
    """The figure leads to the account's lines that are to do."""
    address = url_for("accounting_bank.lines", account=row.id)
    return Markup('<a href="{}">{}</a>').format(address, words.format_number(row.to_do))


def _rate(row: Rate) -> str:
    places = max(2, -int(row.rate.normalize().as_tuple().exponent))
    return words.format_number(row.rate, decimals=places)


LINES = lists.ListView(
    id="bank-lines",
    caption=_("Bank lines"),
    label="title",
    columns=(
        lists.Column("booked_on", _("Date"), kind="date", phone="ax"),
        lists.Column("title", _("Who and what"), main=True, phone="t1"),
        lists.Column("text", _("Text"), wide=True, phone="l2"),
        lists.Column("bank_account", _("Bank account"), wide=True),
        lists.Column("amount", _("Amount"), kind="money", phone="r1"),
        lists.Column("state", _("State"), cell=_line_state, phone="r2"),
    ),
    href=lambda row: url_for("accounting_bank.line", line_id=row.id),
    peek=lambda row: url_for("accounting_bank.line", line_id=row.id, part="peek"),
    filters=(
        lists.Filter("account", _("Bank account"), options=_account_options),
        lists.Filter("q", _("Text"), kind="search"),
        lists.Filter("amount", _("Amount"), kind="search"),
    ),
    views=(
        lists.View("to_do", _("To do"), {"state": "to_do"}),
        lists.View("booked", _("Booked"), {"state": "booked"}),
        lists.View("all", _("All"), {"state": "all"}),
    ),
    actions=(
        lists.Action(
            "ask",
            _("Ask the client"),
            "accounting_bank.ask_about",
            key="Q",
            icon="circle-help",
            permission="request.ask",
        ),
    ),
    empty=lists.Empty(
        "inbox",
        _("No bank lines here. Upload a statement to bring them in."),
        href=lambda: url_for("accounting_bank.files"),
        action=_("Upload a statement"),
    ),
)

ACCOUNTS = lists.ListView(
    id="bank-accounts",
    caption=_("Bank accounts"),
    label="name",
    columns=(
        lists.Column("name", _("Name"), main=True, phone="t1"),
        lists.Column("number", _("Number"), phone="l2"),
        lists.Column("currency", _("Currency")),
        lists.Column("stated", _("Balance at the bank"), kind="money", phone="r1"),
        lists.Column("stated_on", _("On"), kind="date"),
        lists.Column("to_do", _("To do"), cell=_to_do, kind="number", phone="r2"),
    ),
    href=lambda row: url_for("accounting_bank.account", bank_account_id=row.id),
    empty=lists.Empty(
        "landmark",
        _("No bank account yet. Add one, or upload a statement and name it then."),
        href=lambda: url_for("accounting_bank.files"),
        action=_("Upload a statement"),
    ),
)

RATES = lists.ListView(
    id="exchange-rates",
    caption=_("Exchange rates"),
    label="currency",
    columns=(
        lists.Column("currency", _("Currency"), main=True, phone="t1"),
        lists.Column("rated_on", _("From"), kind="day", phone="l2"),
        lists.Column("rate", _("Rate"), cell=_rate, kind="number", phone="r1"),
    ),
    empty=lists.Empty(
        "scale", _("No rate yet. One is needed before a line in another currency is booked.")
    ),
)

FILES = lists.ListView(
    id="statement-files",
    caption=_("Statement files"),
    label="name",
    columns=(
        lists.Column("name", _("File"), main=True, phone="t1"),
        lists.Column("format", _("Format"), phone="l2"),
        lists.Column("lines_total", _("Bank lines"), kind="number"),
        lists.Column("lines_new", _("New"), kind="number", phone="r2"),
        lists.Column("uploaded_at", _("Uploaded"), kind="instant"),
        lists.Column("state", _("State"), cell=_file_state, phone="r1"),
    ),
    href=lambda row: url_for("accounting_bank.file", file_id=row.id),
    empty=lists.Empty("upload", _("No statement has been uploaded yet.")),
    limit=50,
)


def wanted(filters: Mapping[str, str]) -> LineFilter:
    """The filter of the query string; an amount that is none finds nothing by text either."""
    account = filters.get("account")
    typed = filters.get("amount")
    return LineFilter(
        state=filters.get("state", "all"),
        bank_account_id=UUID(account) if account else None,
        text=filters.get("q") or None,
        amount_minor=_minor(typed, account) if typed else None,
    )


def _minor(typed: str, account: str | None) -> int:
    """What was typed in minor units of the account's currency; -1 finds nothing."""
    currency = "EUR"
    known: list[BankAccount] = bank_queries.bank_accounts()
    if known:
        currency = next(
            (one.currency for one in known if str(one.id) == account), known[0].currency
        )
    try:
        decimal = money.parse_decimal(typed, decimal_comma="," in typed and "." not in typed)
        return abs(money.to_minor(decimal, currency))
    except money.NotAnAmount:
        return money.MAX_MINOR + 1
