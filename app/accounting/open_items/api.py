"""Open items, their age and their settlements over the API."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.accounting.open_items import commands as open_items_commands
from app.accounting.open_items import queries as open_items_queries
from app.accounting.open_items.values import Aged, Allocation, OpenItem, Pairing
from app.api import Api, Page, PageRequest
from app.api.schema import In, MinorUnits, Out
from app.kernel import paging

api = Api("accounting_items")

Control = Annotated[str, Field(pattern="^(receivable|payable)$")]


class ItemOut(Out):
    """An open item; debit positive, residuals with the sign of the amount."""

    entry_id: UUID
    no: int
    account_id: UUID
    counterparty_id: UUID
    counterparty: str
    control: str
    booked_on: dt.date
    due_on: dt.date
    reference: str
    currency: str
    amount: MinorUnits
    base: MinorUnits
    residual: MinorUnits
    residual_base: MinorUnits


class ItemFilter(In):
    """Which open items, and as they stood on which day (none: now)."""

    counterparty_id: UUID | None = None
    control: Control | None = None
    on: dt.date | None = None


@api.get(
    "/clients/<client>/open-items",
    needs="accounting.read",
    query=ItemFilter,
    response=ItemOut,
    paged=True,
    summary="Open items, longest due first",
)
def items(query: ItemFilter, page: PageRequest) -> Page[OpenItem]:
    """What is open."""
    found = open_items_queries.page(
        counterparty_id=query.counterparty_id,
        control=query.control,
        on=query.on,
        after=paging.keys(page.after, dt.date.fromisoformat, UUID, int),
        limit=page.limit,
    )
    return Page(items=found.rows, next=paging.encode(found.next) if found.next else None)


class AgedRowOut(Out):
    """A contact by age: not due, due on the day, 1-30, 31-60, 61-90 and over 90 days over due."""

    counterparty_id: UUID
    name: str
    buckets: list[MinorUnits]
    total: MinorUnits
    items: int
    oldest_due: dt.date | None


class AgedOut(Out):
    """Open items by contact and age; `total` equals `account_balance`."""

    control: str
    on: dt.date
    currency: str
    rows: list[AgedRowOut]
    totals: list[MinorUnits]
    total: MinorUnits
    account_balance: MinorUnits
    agrees: bool


class AgedFilter(In):
    """Of which control accounts and on which day."""

    control: Control
    on: dt.date


@api.get(
    "/clients/<client>/open-items/aged",
    needs="accounting.read",
    query=AgedFilter,
    response=AgedOut,
    summary="Open items by contact and age",
)
def aged(query: AgedFilter) -> Aged:
    """The aged list of a day with its proof."""
    return open_items_queries.aged(control=query.control, on=query.on)


class PairIn(In):
    """A debit item and a credit item, and how much of their currency both share."""

    debit_entry_id: UUID
    debit_no: Annotated[int, Field(ge=1, le=2000)]
    credit_entry_id: UUID
    credit_no: Annotated[int, Field(ge=1, le=2000)]
    amount_minor: MinorUnits


class SettleIn(In):
    """Pairs that settle each other, all or none; `id` makes the call safe to repeat."""

    pairs: Annotated[list[PairIn], Field(min_length=1, max_length=500)]
    on: dt.date | None = None
    difference_account_id: UUID | None = None
    id: UUID | None = None


class AllocationOut(Out):
    """One pair of an act of settling."""

    id: UUID
    no: int
    debit_entry_id: UUID
    debit_no: int
    credit_entry_id: UUID
    credit_no: int
    on: dt.date
    currency: str
    amount: MinorUnits
    base: MinorUnits
    difference_entry_id: UUID | None
    released_on: dt.date | None


class ActOut(Out):
    """An act of settling."""

    id: UUID
    pairs: list[AllocationOut]


def _act(allocation_id: UUID) -> dict[str, Any]:
    found = open_items_queries.act(allocation_id)
    return {"id": allocation_id, "pairs": [_pair(one) for one in found]}


def _pair(one: Allocation) -> dict[str, Any]:
    return {
        "id": one.id,
        "no": one.no,
        "debit_entry_id": one.debit[0],
        "debit_no": one.debit[1],
        "credit_entry_id": one.credit[0],
        "credit_no": one.credit[1],
        "on": one.on,
        "currency": one.currency,
        "amount": one.amount,
        "base": one.base,
        "difference_entry_id": one.difference_entry_id,
        "released_on": one.released_on,
    }


@api.post(
    "/clients/<client>/settlements",
    needs="accounting.post",
    request=SettleIn,
    response=ActOut,
    status=201,
    summary="Settle open items with each other",
)
def settle(body: SettleIn) -> object:
    """Settles pairs and books an exchange difference where there is one."""
    made = open_items_commands.allocate(
        pairs=[
            Pairing(
                (one.debit_entry_id, one.debit_no),
                (one.credit_entry_id, one.credit_no),
                one.amount_minor,
            )
            for one in body.pairs
        ],
        on=body.on,
        difference_account_id=body.difference_account_id,
        allocation_id=body.id,
    )
    return _act(made)


@api.get(
    "/clients/<client>/settlements/<uuid:allocation_id>",
    needs="accounting.read",
    response=ActOut,
    summary="One act of settling",
)
def settlement(allocation_id: UUID) -> object:
    """Its pairs."""
    return _act(allocation_id)


@api.post(
    "/clients/<client>/settlements/<uuid:allocation_id>/release",
    needs="accounting.post",
    response=ActOut,
    summary="Take a settlement back",
)
def release(allocation_id: UUID) -> object:
    """Opens its items again; twice is as well as once."""
    open_items_commands.release(allocation_id)
    return _act(allocation_id)
