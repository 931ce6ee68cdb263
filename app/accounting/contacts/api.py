"""Contacts and their aliases over the API."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.accounting.contacts import aliases as contacts_aliases
from app.accounting.contacts import commands as contacts_commands
from app.accounting.contacts import queries as contacts_queries
from app.api import Api, Page, PageRequest
from app.api.schema import In, MinorUnits, Out

api = Api("accounting_contacts")

Kind = Annotated[str, Field(pattern="^(customer|supplier|employee|authority|other)$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class AliasOut(Out):
    """What else a contact is known as; `learnt_from` is the bank line that taught it."""

    id: UUID
    kind: str
    value: str
    learnt_from: UUID | None
    learnt_on: dt.date | None


class ContactOut(Out):
    """A contact with its aliases."""

    id: UUID
    name: str
    kind: str
    account_id: UUID | None
    terms_days: int
    archived: bool
    merged_into_id: UUID | None
    version: int
    changed_by: UUID | None
    changed_at: dt.datetime | None
    aliases: list[AliasOut]


class ContactHeadOut(Out):
    """A contact in a list with what is open now, debit positive, in base currency."""

    id: UUID
    name: str
    kind: str
    archived: bool
    receivable: MinorUnits
    payable: MinorUnits
    items: int
    oldest_due: dt.date | None


class ContactFilter(In):
    """Which contacts."""

    state: Annotated[str, Field(pattern="^(living|open|archived|all)$")] = "living"
    kind: Kind | None = None
    text: Annotated[str, Field(max_length=200)] | None = None


class ContactIn(In):
    """A contact."""

    name: Name
    kind: Kind = "other"
    account_id: UUID | None = None
    terms_days: Annotated[int, Field(ge=0, le=730)] = 0


class ContactChangeIn(ContactIn):
    """A contact as it shall be, and the version that the caller has seen."""

    version: Annotated[int, Field(ge=1, lt=2**31)]


class AliasIn(In):
    """What else a contact is known as."""

    kind: Annotated[str, Field(pattern="^(iban|name|token)$")]
    value: Name


@api.get(
    "/clients/<client>/contacts",
    needs="accounting.read",
    query=ContactFilter,
    response=ContactHeadOut,
    paged=True,
    summary="Contacts by name",
)
def contacts(query: ContactFilter, page: PageRequest) -> Page[contacts_queries.ContactRow]:
    """Contacts with what is open."""
    found = contacts_queries.contacts(
        state=query.state, kind=query.kind, text=query.text, after=page.after, limit=page.limit
    )
    return Page(items=found.rows, next=found.next)


@api.post(
    "/clients/<client>/contacts",
    needs="accounting.post",
    request=ContactIn,
    response=ContactOut,
    status=201,
    summary="Add a contact",
)
def create_contact(body: ContactIn) -> object:
    """Adds a contact."""
    made = contacts_commands.create(
        name=body.name, kind=body.kind, account_id=body.account_id, terms_days=body.terms_days
    )
    return contacts_queries.contact(made)


@api.get(
    "/clients/<client>/contacts/<uuid:counterparty_id>",
    needs="accounting.read",
    response=ContactOut,
    summary="One contact",
)
def contact(counterparty_id: UUID) -> object:
    """A contact."""
    return contacts_queries.contact(counterparty_id)


@api.put(
    "/clients/<client>/contacts/<uuid:counterparty_id>",
    needs="accounting.post",
    request=ContactChangeIn,
    response=ContactOut,
    summary="Change a contact",
)
def change_contact(counterparty_id: UUID, body: ContactChangeIn) -> object:
    """Changes a contact's particulars, unless somebody changed them since that version."""
    contacts_commands.change(
        counterparty_id,
        version=body.version,
        name=body.name,
        kind=body.kind,
        account_id=body.account_id,
        terms_days=body.terms_days,
    )
    return contacts_queries.contact(counterparty_id)


class ArchivedIn(In):
    """Whether it is out of use."""

    archived: bool


@api.post(
    "/clients/<client>/contacts/<uuid:counterparty_id>/archived",
    needs="accounting.post",
    request=ArchivedIn,
    response=ContactOut,
    summary="Archive or restore a contact",
)
def archive_contact(counterparty_id: UUID, body: ArchivedIn) -> object:
    """Takes a contact out of use or back into it."""
    contacts_commands.archive(counterparty_id, archived=body.archived)
    return contacts_queries.contact(counterparty_id)


@api.post(
    "/clients/<client>/contacts/<uuid:counterparty_id>/aliases",
    needs="accounting.post",
    request=AliasIn,
    response=ContactOut,
    status=201,
    summary="Add an alias of a contact",
)
def add_alias(counterparty_id: UUID, body: AliasIn) -> object:
    """A bank account, another name or a word that leads to the contact."""
    contacts_commands.add_alias(counterparty_id, kind=body.kind, value=body.value)
    return contacts_queries.contact(counterparty_id)


@api.put(
    "/clients/<client>/contacts/<uuid:counterparty_id>/aliases/<uuid:alias_id>",
    needs="accounting.post",
    request=AliasIn,
    response=ContactOut,
    summary="Change an alias of a contact",
)
def change_alias(counterparty_id: UUID, alias_id: UUID, body: AliasIn) -> object:
    """Puts another alias in the place of one."""
    contacts_aliases.change(counterparty_id, alias_id, kind=body.kind, value=body.value)
    return contacts_queries.contact(counterparty_id)


@api.post(
    "/clients/<client>/contacts/<uuid:counterparty_id>/aliases/<uuid:alias_id>/remove",
    needs="accounting.post",
    response=ContactOut,
    summary="Remove an alias of a contact",
)
def remove_alias(counterparty_id: UUID, alias_id: UUID) -> object:
    """The contact is no longer known by it, and it is not learnt again."""
    contacts_aliases.remove(counterparty_id, alias_id)
    return contacts_queries.contact(counterparty_id)


class MergeIn(In):
    """Who a contact turned out to be."""

    into: UUID


@api.post(
    "/clients/<client>/contacts/<uuid:counterparty_id>/merge",
    needs="accounting.post",
    request=MergeIn,
    response=ContactOut,
    summary="Merge a contact into another",
)
def merge_contact(counterparty_id: UUID, body: MergeIn) -> object:
    """Both are one contact afterwards; answers the one that stays."""
    contacts_commands.merge(counterparty_id, into=body.into)
    return contacts_queries.contact(body.into)
