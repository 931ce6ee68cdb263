"""The books over the API: accounts, entries, trial balance and profit and loss."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.accounting import commands, queries
from app.accounting.ledger import EntryDraft, PostingInput
from app.accounting.papers import approved
from app.api import Api, Page, PageRequest
from app.api.schema import CurrencyCode, In, MinorUnits, Out
from app.kernel import paging

api = Api("accounting")

Text = Annotated[str, Field(max_length=500)]


class AccountOut(Out):
    """An account of the chart."""

    id: UUID
    code: str
    name: str
    type: str
    subtype: str | None
    currency: str | None
    control: str | None
    archived: bool


class AccountIn(In):
    """A new account."""

    code: Annotated[str, Field(max_length=20, pattern=r"^[0-9A-Za-z][0-9A-Za-z.\-]*$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    type: Annotated[str, Field(pattern="^(asset|liability|equity|income|expense)$")]


class PostingIn(In):
    """One posting: debit positive, credit negative, in minor units of its currency."""

    account_id: UUID
    amount_minor: MinorUnits
    currency: CurrencyCode
    base_minor: MinorUnits | None = None
    counterparty_id: UUID | None = None
    tax_code: Annotated[str, Field(max_length=20)] | None = None
    memo: Text | None = None


class EntryIn(In):
    """A balanced entry; `key` makes the call safe to repeat for ever."""

    journal: Annotated[str, Field(max_length=10)] = "GEN"
    date: dt.date
    description: Annotated[str, Field(min_length=1, max_length=500)]
    key: Annotated[str, Field(min_length=1, max_length=200)]
    postings: Annotated[list[PostingIn], Field(min_length=2, max_length=2000)]


class PostedOut(Out):
    """The number an entry got; `replayed` when the key was known already."""

    id: UUID
    journal: str
    fiscal_year: int
    number: int
    replayed: bool


class PostingOut(Out):
    """A posting as it stands."""

    no: int
    account_id: UUID
    code: str
    name: str
    currency: str
    amount: MinorUnits
    base: MinorUnits
    counterparty_id: UUID | None
    tax_code: str | None
    memo: str | None


class EntryOut(Out):
    """An entry as it stands."""

    id: UUID
    date: dt.date
    journal: str
    fiscal_year: int
    number: int
    description: str
    kind: str
    reverses_id: UUID | None
    reversed_by_id: UUID | None
    postings: list[PostingOut]


class EntryHeadOut(Out):
    """An entry in a list; `amount` is its total debit in the base currency."""

    id: UUID
    date: dt.date
    journal: str
    fiscal_year: int
    number: int
    description: str
    amount: MinorUnits
    kind: str
    reversed: bool


class JournalFilter(In):
    """Which entries: a journal and a span of days."""

    journal: Annotated[str, Field(max_length=10)] | None = None
    first: dt.date | None = None
    last: dt.date | None = None


class ReverseIn(In):
    """The day of the reversal; none takes the entry's own day or the first open one."""

    date: dt.date | None = None
    key: Annotated[str, Field(min_length=1, max_length=200)]


class BalanceOut(Out):
    """An account's side of the trial balance, in minor units of the base currency."""

    account_id: UUID
    code: str
    name: str
    type: str
    debit: MinorUnits
    credit: MinorUnits
    balance: MinorUnits


class TrialBalanceOut(Out):
    """Debit and credit of all accounts up to a day."""

    on: dt.date
    currency: str
    debit: MinorUnits
    credit: MinorUnits
    rows: list[BalanceOut]


class OnFilter(In):
    """The day."""

    on: dt.date


@api.get(
    "/clients/<client>/accounts",
    needs="accounting.read",
    response=AccountOut,
    paged=True,
    summary="Chart of accounts",
)
def accounts(page: PageRequest) -> Page[queries.Account]:
    """All accounts by code."""
    cursor = paging.keys(page.after, str)
    found = [
        account
        for account in queries.accounts(include_archived=True)
        if cursor is None or account.code > cursor[0]
    ]
    cut = paging.page(found[: page.limit + 1], limit=page.limit, key=lambda one: (one.code,))
    return Page(items=cut.rows, next=cut.next)


@api.post(
    "/clients/<client>/accounts",
    needs="accounting.accounts",
    request=AccountIn,
    response=AccountOut,
    status=201,
    summary="Add an account",
)
def create_account(body: AccountIn) -> object:
    """Adds an account to the chart."""
    made = commands.create_account(code=body.code, name=body.name, type=body.type)
    return queries.account(made)


@api.get(
    "/clients/<client>/entries",
    needs="accounting.read",
    query=JournalFilter,
    response=EntryHeadOut,
    paged=True,
    summary="Journal entries, newest first",
)
def entries(query: JournalFilter, page: PageRequest) -> Page[queries.EntryRow]:
    """Heads of entries."""
    found = queries.journal_page(
        journal=query.journal,
        first=query.first,
        last=query.last,
        after=paging.keys(page.after, dt.date.fromisoformat, UUID),
        limit=page.limit,
    )
    return Page(items=found.rows, next=paging.encode(found.next) if found.next else None)


@api.post(
    "/clients/<client>/entries",
    needs="accounting.post",
    request=EntryIn,
    response=PostedOut,
    status=201,
    summary="Post an entry",
)
def post_entry(body: EntryIn) -> object:
    """Posts a balanced entry; the same key with the same content answers the same entry.

    409 `approval-needed` over the limit of a rule: then it is sent for approval.
    """
    return commands.post_entry(
        journal=body.journal,
        date=body.date,
        description=body.description,
        key=body.key,
        postings=_postings(body),
    )


def _postings(body: EntryIn) -> list[PostingInput]:
    return [
        PostingInput(
            account_id=posting.account_id,
            amount=posting.amount_minor,
            currency=posting.currency,
            base=posting.base_minor,
            counterparty_id=posting.counterparty_id,
            tax_code=posting.tax_code,
            memo=posting.memo,
        )
        for posting in body.postings
    ]


class AskedOut(Out):
    """The approval that an entry waits for."""

    approval_id: UUID


@api.post(
    "/clients/<client>/entries/approval",
    needs="accounting.post",
    request=EntryIn,
    response=AskedOut,
    status=201,
    summary="Send an entry for approval",
)
def ask_approval(body: EntryIn) -> object:
    """It is posted once it is approved; sent again with other content, decisions begin anew."""
    made = EntryDraft(
        journal=body.journal,
        date=body.date,
        description=body.description,
        postings=tuple(_postings(body)),
        key=body.key,
    )
    return {"approval_id": approved.ask(made)}


@api.get(
    "/clients/<client>/entries/<uuid:entry_id>",
    needs="accounting.read",
    response=EntryOut,
    summary="One entry with its postings",
)
def entry(entry_id: UUID) -> object:
    """An entry as it stands."""
    return queries.entry(entry_id)


@api.post(
    "/clients/<client>/entries/<uuid:entry_id>/reverse",
    needs="accounting.post",
    request=ReverseIn,
    response=PostedOut,
    status=201,
    summary="Reverse an entry",
)
def reverse(entry_id: UUID, body: ReverseIn) -> object:
    """Reverses an entry by a new one."""
    return commands.reverse_entry(entry_id=entry_id, key=body.key, date=body.date)


@api.get(
    "/clients/<client>/trial-balance",
    needs="accounting.read",
    query=OnFilter,
    response=TrialBalanceOut,
    summary="Trial balance at a day",
)
def trial_balance(query: OnFilter) -> object:
    """Debit and credit of every account up to and including the day."""
    return queries.trial_balance(on=query.on)
