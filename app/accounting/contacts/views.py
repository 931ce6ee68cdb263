"""Contacts on screen: the list, one contact with items, payments and settlements, its changes."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for

from app.accounting import queries
from app.accounting.contacts import aliases as contacts_aliases
from app.accounting.contacts import commands as contacts_commands
from app.accounting.contacts import lists as contacts_lists
from app.accounting.contacts import queries as contacts_queries
from app.accounting.contacts import schemas
from app.accounting.open_items import commands as open_items_commands
from app.accounting.open_items import pairing
from app.accounting.open_items import queries as open_items_queries
from app.accounting.open_items.values import ItemKey, OpenItem, Pairing
from app.kernel import clock, money, people, reads, words
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.web import forms, saved
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("accounting_contacts", __name__, surface=Surface.CLIENT)
MOST_ITEMS = 200
HISTORY = 50


def contacts() -> Response:
    """Everybody the client deals with, and what is open."""
    asked = contacts_lists.CONTACTS.read()
    found = contacts_queries.contacts(
        state=asked.filters.get("state", "living"),
        kind=asked.filters.get("kind"),
        text=asked.filters.get("q"),
        after=asked.after,
        limit=asked.limit,
    )
    reads.leave(reads.Look(kind="contacts", line="accounting"))
    return render(
        "accounting/contacts.html",
        fragment="list",
        page=contacts_lists.CONTACTS.page(asked, found),
        form=forms.current(schemas.ContactForm),
        kinds=contacts_lists.KINDS,
    )


pages.get("/c/<client>/books/contacts", needs="accounting.read", endpoint="contacts")(contacts)


@pages.post("/c/<client>/books/contacts", needs="accounting.post", again=contacts)
def create() -> Response:
    """Adds a contact."""
    form = forms.bind(schemas.ContactForm)
    made = contacts_commands.create(
        name=form.name, kind=form.kind, account_id=form.account, terms_days=form.terms_days
    )
    toast(_("Contact %(name)s added.", name=form.name))
    return redirect_to(".contact", counterparty_id=made)


def contact(counterparty_id: UUID) -> Response:
    """One contact: open items to settle, what came and went, what settled what, its particulars."""
    found = contacts_queries.contact(counterparty_id)
    if found.merged_into_id:
        return redirect_to(".contact", counterparty_id=found.merged_into_id)
    reads.leave(reads.Look(kind="counterparty", object_id=counterparty_id, line="accounting"))
    items = open_items_queries.open_items(counterparty_id=counterparty_id, limit=MOST_ITEMS)
    settled = open_items_queries.allocations(counterparty_id=counterparty_id)
    values = {
        "name": found.name,
        "kind": found.kind,
        "account": found.account_id,
        "terms_days": found.terms_days,
        "version": found.version,
    }
    return render(
        "accounting/contact.html",
        contact=found,
        items=items,
        suggested=_suggested(items),
        settled=[one for one in settled if not one.of_reversal],
        makers=people.names([one.made_by for one in settled]),
        changed_by=people.names([found.changed_by]) if found.changed_by else {},
        history=contacts_queries.history(counterparty_id, limit=HISTORY),
        today=clock.today(words.time_zone()),
        base=queries.book().base_currency,
        form=forms.current(schemas.ContactForm, values=values),
        settle_form=forms.current(schemas.SettleForm),
        alias_form=forms.current(schemas.AliasForm),
        merge_form=forms.current(schemas.MergeForm),
        kinds=contacts_lists.KINDS,
        alias_kinds=contacts_lists.ALIAS_KINDS,
        accounts=[(str(one.id), f"{one.code} {one.name}") for one in queries.accounts()],
        results=_results(),
        others=[
            (str(one.id), one.name) for one in queries.counterparties() if one.id != counterparty_id
        ],
    )


def _results() -> list[tuple[str, str]]:
    """Accounts that take exchange differences."""
    return [
        (str(one.id), f"{one.code} {one.name}")
        for one in queries.accounts()
        if one.type in ("income", "expense")
    ]


def _suggested(items: tuple[OpenItem, ...]) -> list[tuple[OpenItem, OpenItem, Pairing]]:
    by_key = {one.key: one for one in items}
    found = pairing.suggested(items)
    return [(by_key[one.debit], by_key[one.credit], one) for one in found]


pages.get(
    "/c/<client>/books/contacts/<uuid:counterparty_id>", needs="accounting.read", endpoint="contact"
)(contact)


@pages.post(
    "/c/<client>/books/contacts/<uuid:counterparty_id>", needs="accounting.post", again=contact
)
def change(counterparty_id: UUID) -> Response:
    """Changes a contact's particulars."""
    form = forms.bind(schemas.ContactForm)
    contacts_commands.change(
        counterparty_id,
        version=form.version,
        name=form.name,
        kind=form.kind,
        account_id=form.account,
        terms_days=form.terms_days,
    )
    toast(_("Contact %(name)s changed.", name=form.name))
    return redirect_to(".contact", counterparty_id=counterparty_id)


@pages.post("/c/<client>/books/contacts/<uuid:counterparty_id>/archive", needs="accounting.post")
def archive(counterparty_id: UUID) -> Response:
    """Takes a contact out of the lists to choose from."""
    contacts_commands.archive(counterparty_id)
    toast(_("Contact archived."), undo=url_for(".restore", counterparty_id=counterparty_id))
    return redirect_to(".contacts")


@pages.post("/c/<client>/books/contacts/<uuid:counterparty_id>/restore", needs="accounting.post")
def restore(counterparty_id: UUID) -> Response:
    """Takes an archived contact back."""
    contacts_commands.archive(counterparty_id, archived=False)
    toast(_("Contact restored."))
    return redirect_to(".contact", counterparty_id=counterparty_id)


@pages.post(
    "/c/<client>/books/contacts/<uuid:counterparty_id>/aliases",
    needs="accounting.post",
    again=contact,
)
def add_alias(counterparty_id: UUID) -> Response:
    """Says what else a contact is known as, for finding it in what a bank writes."""
    form = forms.bind(schemas.AliasForm)
    token = contacts_aliases.add(counterparty_id, kind=form.alias_kind, value=form.value)
    text = _("%(value)s leads to this contact now.", value=form.value)
    toast(text, undo=saved.address("take_back", token=token))
    return redirect_to(".contact", counterparty_id=counterparty_id)


@pages.post(
    "/c/<client>/books/contacts/<uuid:counterparty_id>/aliases/<uuid:alias_id>",
    needs="accounting.post",
    again=lambda counterparty_id, alias_id: contact(counterparty_id),
)
def change_alias(counterparty_id: UUID, alias_id: UUID) -> Response:
    """Puts another alias in the place of one."""
    form = forms.bind(schemas.AliasForm)
    token = contacts_aliases.change(
        counterparty_id, alias_id, kind=form.alias_kind, value=form.value
    )
    text = _("%(value)s leads to this contact now.", value=form.value)
    toast(text, undo=saved.address("take_back", token=token))
    return redirect_to(".contact", counterparty_id=counterparty_id)


@pages.post(
    "/c/<client>/books/contacts/<uuid:counterparty_id>/aliases/<uuid:alias_id>/remove",
    needs="accounting.post",
)
def remove_alias(counterparty_id: UUID, alias_id: UUID) -> Response:
    """A contact is no longer known by an alias."""
    token = contacts_aliases.remove(counterparty_id, alias_id)
    toast(_("Alias removed."), undo=saved.address("take_back", token=token))
    return redirect_to(".contact", counterparty_id=counterparty_id)


@pages.post(
    "/c/<client>/books/contacts/<uuid:counterparty_id>/merge",
    needs="accounting.post",
    again=contact,
)
def merge(counterparty_id: UUID) -> Response:
    """Says that this contact is another one."""
    form = forms.bind(schemas.MergeForm)
    token = contacts_commands.merge(counterparty_id, into=form.into)
    toast(_("Merged. Both are one contact now."), undo=saved.address("take_back", token=token))
    return redirect_to(".contact", counterparty_id=form.into)


def _key(text: str) -> ItemKey:
    entry, _colon, no = text.partition(":")
    try:
        return UUID(entry), int(no)
    except ValueError:
        raise Invalid("not-an-id") from None


@pages.post(
    "/c/<client>/books/contacts/<uuid:counterparty_id>/settle",
    needs="accounting.post",
    again=contact,
)
def settle(counterparty_id: UUID) -> Response:
    """Settles the ticked items with each other, the longest due first."""
    form = forms.bind(schemas.SettleForm)
    items = open_items_queries.items([_key(one) for one in form.items])
    pairs = _pairs(list(items.values()), form.amount)
    act = open_items_commands.allocate(
        pairs=pairs, on=form.on, difference_account_id=form.difference
    )
    toast(
        _("Settled."), undo=url_for(".release", counterparty_id=counterparty_id, allocation_id=act)
    )
    return redirect_to(".contact", counterparty_id=counterparty_id)


def _pairs(items: list[OpenItem], amount: str | None) -> tuple[Pairing, ...]:
    pairs = pairing.oldest_first(items)
    if not pairs:
        raise Invalid.of("items", "settle-sides")
    if not amount:
        return pairs
    if len(pairs) != 1:
        raise Invalid.of("amount", "settle-amount-one")
    currency = items[0].currency
    try:
        minor = money.parse_amount(amount, currency, decimal_comma=words.decimal_comma())
    except money.NotAnAmount as fault:
        raise Invalid.of("amount", fault.code, currency=currency) from None
    return (Pairing(pairs[0].debit, pairs[0].credit, minor),)


@pages.post(
    "/c/<client>/books/contacts/<uuid:counterparty_id>/settlements/<uuid:allocation_id>/release",
    needs="accounting.post",
    again=lambda counterparty_id, allocation_id: contact(counterparty_id),
)
def release(counterparty_id: UUID, allocation_id: UUID) -> Response:
    """Takes a settlement back: its items are open again."""
    token = open_items_commands.release_with_undo(allocation_id)
    toast(_("The items are open again."), undo=saved.address("take_back", token=token))
    return redirect_to(".contact", counterparty_id=counterparty_id)


def permalink(counterparty_id: UUID) -> str:
    """The page of a contact."""
    found = contacts_queries.contact(counterparty_id)
    return url_for("accounting_contacts.contact", counterparty_id=found.id)
