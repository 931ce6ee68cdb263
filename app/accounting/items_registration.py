"""What open items, contacts and re-coding contribute; the line's service_line calls it."""

from __future__ import annotations

from flask import Blueprint

from app.accounting.codes import api as codes_api
from app.accounting.codes import views as codes_views
from app.accounting.contacts import api as contacts_api
from app.accounting.contacts import find
from app.accounting.contacts import views as contacts_views
from app.accounting.open_items import api as open_items_api
from app.accounting.open_items import checks as open_items_checks
from app.accounting.open_items import views as open_items_views
from app.accounting.recode import api as recode_api
from app.accounting.recode import commands as recode_commands
from app.accounting.recode import views as recode_views
from app.api import Api
from app.kernel import words
from app.kernel.registry import (
    Meter,
    NavItem,
    PaletteCommand,
    PaletteSource,
    Permalink,
    Registry,
)
from app.kernel.words import _

JOBS = ("app.accounting.recode.jobs",)


def register(registry: Registry) -> None:
    """Adds navigation, meters, permalinks and the words of refusals."""
    registry.add(*_navigation(), *_palette())
    registry.add(
        Meter("settlement", _("Open items settled with each other"), "pair", "accounting"),
        Meter(recode_commands.METER, _("Line re-coded"), "line", "accounting"),
        open_items_checks.CHECK,
        Permalink("recode", recode_views.permalink),
        Permalink("counterparty", contacts_views.permalink),
    )
    words.declare_names(
        {
            "contacts": _("Contacts"),
            "counterparty": _("Contact"),
            "counterparty_alias": _("Alias of a contact"),
            "dimension": _("Dimension"),
            "dimension_value": _("Value of a dimension"),
            "dimensions": _("Dimensions"),
            "open_item": _("Open item"),
            "open_item.described": _("Due day or reference of an open item changed"),
            "open_items": _("Open items"),
            "recode": _("Re-coding"),
            "recode_lines": _("Lines to re-code"),
            "tax_code": _("Tax code"),
            "tax_codes": _("Tax codes"),
        }
    )
    words.declare_errors(_item_errors())
    words.declare_errors(_recode_errors())
    words.declare_errors(_code_errors())


def _navigation() -> tuple[NavItem, ...]:
    return (
        NavItem(
            "contacts",
            _("Contacts"),
            "id-card",
            "accounting_contacts.contacts",
            "client",
            permission="accounting.read",
            order=15,
        ),
        NavItem(
            "open-items",
            _("Open items"),
            "layers",
            "accounting_items.aged",
            "client",
            permission="accounting.read",
            order=15,
            shortcut="O",
        ),
        NavItem(
            "recode",
            _("Re-code"),
            "pencil",
            "accounting_recode.lines",
            "client",
            permission="accounting.post",
            order=17,
        ),
    )


def _palette() -> tuple[PaletteCommand | PaletteSource, ...]:
    return (
        PaletteCommand(
            "tax-codes",
            _("Tax codes"),
            "scale",
            "accounting_codes.taxes",
            "accounting.read",
            words=_("vat sales tax rate"),
            order=32,
        ),
        PaletteCommand(
            "dimensions",
            _("Dimensions"),
            "layers",
            "accounting_codes.dimensions",
            "accounting.read",
            words=_("cost centre project class"),
            order=33,
        ),
        PaletteCommand(
            "recode",
            _("Re-code in bulk"),
            "pencil",
            "accounting_recode.lines",
            "accounting.post",
            words=_("reclassify move change account tax"),
            order=30,
        ),
        PaletteCommand(
            "open-items",
            _("Open items"),
            "layers",
            "accounting_items.aged",
            "accounting.read",
            words=_("aged receivables payables debtors creditors"),
            order=31,
        ),
        PaletteSource("contacts", _("Contacts"), find.contacts, "accounting.read", order=45),
    )


def _item_errors() -> dict[str, words.Lazy]:
    return {
        "alias-taken": _("That leads to another contact already. Remove it there first."),
        "alias-same": _("The contact is known as this already."),
        "alias-unknown": _("This contact has no such alias."),
        "alias-value": _("Write a bank account, a name or a word of 1 to 200 characters."),
        "contact-kind": _("Choose one of the kinds of contacts."),
        "contact-name": _("Name the contact in 1 to 200 characters."),
        "contact-terms": _("Days to pay are 0 to %(most)s."),
        "merge-self": _("Choose another contact than this one."),
        "merge-settled": _(
            "Items of both were settled with each other since. Release those settlements first."
        ),
        "merge-undone": _("These contacts were parted already."),
        "settle-amount-one": _("A part can be given where one item settles one other."),
        "settle-sides": _("Tick at least one claim and one payment of the same account."),
        "control-unknown": _("Control accounts are of receivables or of payables."),
        "item-unknown": _("Pair %(no)s: there is no such open item."),
        "items-one-side": _(
            "Pair %(no)s: a debit item and a credit item settle each other. Choose one of each."
        ),
        "items-account-differs": _("Pair %(no)s: the items are on different control accounts."),
        "items-currency-differs": _("Pair %(no)s: the items are in different currencies."),
        "items-contact-differs": _("Pair %(no)s: the items are of different contacts."),
        "item-base-sign": _("Pair %(no)s: an item's amount and base amount have different signs."),
        "item-exceeded": _(
            "Pair %(no)s: less than that is still open. Somebody may have settled it meanwhile."
        ),
        "allocation-amount": _("Pair %(no)s: fill in an amount larger than zero."),
        "allocation-pairs": _("Settle 1 to %(most)s pairs at once."),
        "allocation-too-early": _("Items settle each other from %(first)s on at the earliest."),
        "allocation-unknown": _("There is no such settlement."),
        "allocation-of-reversal": _("An entry and its reversal stay settled with each other."),
        "difference-account-needed": _(
            "Say where the exchange difference is booked: choose an income or expense account."
        ),
        "difference-account-control": _(
            "An exchange difference goes to an income or expense account, not to a control account."
        ),
    }


def _recode_errors() -> dict[str, words.Lazy]:
    return {
        "recode-lines-or-filter": _("Send either lines or a filter."),
        "recode-nothing": _(
            "Choose what becomes of the lines: account, tax, dimension or contact."
        ),
        "recode-same": _("It reads like that already."),
        "recode-control": _("It stands on a control account. Settle open items instead."),
        "recode-bank": _("It stands on a bank account. Undo the booking of the bank line instead."),
        "recode-to-control": _(
            "A control account cannot be chosen here. Write an entry with its contact instead."
        ),
        "recode-to-bank": _("A bank account cannot be chosen here. Book a transfer instead."),
        "recode-reversal": _("A reversal stays as its original was."),
        "recode-approved": _("This entry was approved as it is. Reverse it and draft another."),
        "recode-settled": _("Its open items are settled. Release them first."),
        "recode-source": _("It was booked by something that would not follow. Change it there."),
        "recode-tax-line": _("This is tax. Change the line that it belongs to."),
        "recode-tax-shared": _(
            "Several lines share this tax. Reverse the entry and write it anew."
        ),
        "recode-sure": _("That is more than 100 lines. Tick that you want to re-code all of them."),
        "recode-unknown": _("There is no such re-coding."),
        "recode-running": _("This re-coding is still running. Wait until it is done."),
        "recode-undone": _("This re-coding was undone already."),
        "recode-undo-blocked": _(
            "%(count)s of the entries were changed or their month was closed since. Nothing was"
            " undone; re-code them by hand."
        ),
    }


def _code_errors() -> dict[str, words.Lazy]:
    return {
        "dimension-archived": _("%(value)s is archived. Restore it or choose another."),
        "dimension-code-taken": _("Another value of this dimension has this code."),
        "tax-reverse-same": _("Under reverse charge the tax owed has an account of its own."),
        "tax-account": _("Tax is booked on an asset or liability that needs no contact."),
        "tax-code-archived": _("Tax code %(tax_code)s is archived. Restore it or choose another."),
        "tax-code-taken": _("Another tax has this code."),
        "tax-rate": _("A rate is a percentage above -100 and up to 1,000."),
    }


def blueprints() -> tuple[Blueprint, ...]:
    """The pages."""
    return (recode_views.pages, contacts_views.pages, open_items_views.pages, codes_views.pages)


def apis() -> tuple[Api, ...]:
    """The operations."""
    return (contacts_api.api, open_items_api.api, recode_api.api, codes_api.api)
