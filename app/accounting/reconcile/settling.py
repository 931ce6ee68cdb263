"""Settling open items by a bank line: the payment is booked on the control account and paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from app.accounting.coding import Coding, Part
from app.accounting.ledger import PostedEntry
from app.accounting.matching.values import ItemShare
from app.accounting.open_items import commands as open_items_commands
from app.accounting.open_items.values import Pairing
from app.accounting.reconcile import commands as acts
from app.accounting.reconcile import foreign, lines
from app.accounting.reconcile.commands import Done
from app.accounting.reconcile.lines import Decision, HeldLine
from app.kernel.errors import Invalid

MOST_ITEMS = 90


def settle(
    *,
    line_id: UUID,
    version: int,
    items: Sequence[ItemShare],
    rest: Coding | None = None,
    rate: Decimal | None = None,
    decision: Decision | None = None,
) -> Done:
    """Books a line against open items, with a fee or discount in `rest`, and pairs them.

    Items and rest add up to the line; items of one other currency take what the rest leaves of the
    line, and what rates make of it is booked as realised. Raises Invalid (`items-needed`,
    `items-one-currency`, `items-foreign-rest`, `items-foreign-side`, `rate-missing`,
    `split-differs` with what is left), Conflict (`item-exceeded` when somebody settled one
    meanwhile) and what every act on a line raises.
    """
    line = lines.hold_one(line_id, version)
    kept = decision or Decision("person", "open_item")
    if foreign.is_foreign(line, items):
        return _exchanged(line, items, rest, rate, kept)
    coding = coding_of(line, items, rest)
    entry = acts.post(line, coding, rate=rate)
    kept = replace(kept, coding=coding, allocation_id=pair(entry, items))
    return acts.finish({line.id: entry.id}, {line.id: kept}, [line], entry=entry)


def _exchanged(
    line: HeldLine,
    items: Sequence[ItemShare],
    rest: Coding | None,
    rate: Decimal | None,
    kept: Decision,
) -> Done:
    """Settles items of one other currency by the line less the fee; what rates make is realised."""
    foreign.demand_one_currency(line, items)
    if not 0 < len(items) <= MOST_ITEMS:
        raise Invalid.of("items", "items-needed", most=MOST_ITEMS)
    paid = foreign.paid(line, rest, rate)
    account = foreign.difference_account(gain=foreign.gains(items, paid.worth_minor))
    entry = foreign.post(line, items, paid)
    parts = tuple(
        Part(item.account_id, -share, line.currency, counterparty_id=item.counterparty_id)
        for item, share in zip(items, foreign.shares(items, paid.amount_minor), strict=True)
    )
    made = pair(entry, items, difference_account_id=account)
    why = {**(kept.reason or {}), "abroad": "fee"} if rest else kept.reason
    coding = Coding((*parts, *(rest.parts if rest else ())))
    kept = replace(kept, coding=coding, allocation_id=made, reason=why)
    return acts.finish({line.id: entry.id}, {line.id: kept}, [line], entry=entry)


def coding_of(line: HeldLine, items: Sequence[ItemShare], rest: Coding | None = None) -> Coding:
    """The parts of a settlement: first one for each item, then the rest."""
    if not 0 < len(items) <= MOST_ITEMS:
        raise Invalid.of("items", "items-needed", most=MOST_ITEMS)
    parts = [
        Part(
            account_id=item.account_id,
            amount_minor=-item.amount_minor,
            currency=line.currency,
            counterparty_id=item.counterparty_id,
            memo=item.reference,
        )
        for item in items
    ]
    return Coding((*parts, *(rest.parts if rest else ())))


def pair(
    entry: PostedEntry, items: Sequence[ItemShare], *, difference_account_id: UUID | None = None
) -> UUID:
    """Settles the items with the postings just made: the bank's is the first, items follow.

    It counts from the later day of the two: a claim may be dated after its payment.
    """
    pairs = [
        _pairing((item.entry_id, item.no), (entry.id, place), item.amount_minor)
        for place, item in enumerate(items, 2)
    ]
    return open_items_commands.allocate(pairs=pairs, difference_account_id=difference_account_id)


def _pairing(item: tuple[UUID, int], ours: tuple[UUID, int], amount: int) -> Pairing:
    debit, credit = (item, ours) if amount > 0 else (ours, item)
    return Pairing(debit=debit, credit=credit, amount_minor=abs(amount))
