"""The lists of contacts and open items: their columns, filters and views."""

from __future__ import annotations

from flask import url_for

from app.accounting.contacts.queries import ContactRow
from app.kernel import clock, words
from app.kernel.money import Money
from app.kernel.words import _
from app.web import lists

KINDS = (
    ("customer", _("Customer")),
    ("supplier", _("Supplier")),
    ("employee", _("Employee")),
    ("authority", _("Authority")),
    ("other", _("Other")),
)
_NAMES = dict(KINDS)
ALIAS_KINDS = (
    ("iban", _("Bank account")),
    ("name", _("Other name")),
    ("token", _("Word in texts")),
)


def _state(row: ContactRow) -> lists.Tag | str:
    if row.archived:
        return lists.Tag(_("Archived"))
    if row.oldest_due and row.oldest_due < clock.today(words.time_zone()):
        return lists.Tag(_("Overdue"), "warn")
    return ""


CONTACTS = lists.ListView(
    id="contacts",
    caption=_("Contacts"),
    label="name",
    columns=(
        lists.Column("name", _("Name"), main=True, phone="t1"),
        lists.Column("kind", _("Kind"), cell=lambda row: _NAMES[row.kind], phone="l2"),
        lists.Column(
            "receivable",
            _("Owes the client"),
            kind="money",
            cell=lambda row: Money(row.receivable, row.currency),
        ),
        lists.Column(
            "payable",
            _("Is owed"),
            kind="money",
            cell=lambda row: Money(-row.payable, row.currency),
            phone="r1",
        ),
        lists.Column("oldest_due", _("Oldest due"), kind="day"),
        lists.Column("state", _("State"), cell=_state, phone="r2"),
    ),
    href=lambda row: url_for("accounting_contacts.contact", counterparty_id=row.id),
    filters=(
        lists.Filter("kind", _("Kind"), options=KINDS),
        lists.Filter("q", _("Text"), kind="search"),
    ),
    views=(
        lists.View("living", _("In use"), {"state": "living"}),
        lists.View("open", _("Something open"), {"state": "open"}),
        lists.View("archived", _("Archived"), {"state": "archived"}),
    ),
    empty=lists.Empty("id-card", _("No contacts here yet. Add the first one on the right.")),
)
