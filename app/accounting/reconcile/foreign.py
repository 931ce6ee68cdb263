"""Settling open items of another currency by a bank line: the rates' difference is realised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from app.accounting import commands, queries
from app.accounting.bank import queries as bank_queries
from app.accounting.coding import Coding
from app.accounting.ledger import Book, PostedEntry, PostingInput, base_amount
from app.accounting.matching.values import ItemShare
from app.accounting.open_items import commands as open_items_commands
from app.accounting.open_items import queries as open_items_queries
from app.accounting.reconcile import commands as acts
from app.accounting.reconcile.lines import HeldLine
from app.kernel import money
from app.kernel.db import session
from app.kernel.errors import Invalid

# The account of the chart that says so in its name, of the kind asked for.
_EXCHANGE = sa.text(
    "select id from ledger.account where tenant_id = (select guard.tenant_id())"
    " and type in ('income', 'expense') and control is null and archived_at is null"
    " and name ilike '%exchange%' order by type = :type desc, code limit 1"
)


@dataclass(frozen=True, slots=True)
class Paid:
    """What of a line its items take, in its currency and in base currency, and the fee beside."""

    amount_minor: int
    worth_minor: int
    bank_minor: int
    """What the bank's posting is worth in base currency: the items less the fee."""
    beside: tuple[PostingInput, ...]


def is_foreign(line: HeldLine, items: Sequence[ItemShare]) -> bool:
    """Whether items of another currency than the line's are to be settled."""
    return any(item.currency not in (None, line.currency) for item in items)


def post(line: HeldLine, items: Sequence[ItemShare], paid: Paid) -> PostedEntry:
    """The entry of a line that pays items of one other currency: bank first, then each item.

    Each item is taken in its own currency at what is paid for it; what an item in base currency
    leaves is an exchange difference of this entry, what others leave comes with their settling.
    The bank's fee stands beside, in postings of its own.
    """
    return commands.post_entry(
        journal="BANK",
        date=line.booked_on,
        description=line.described,
        postings=_postings(line, items, paid, queries.book()),
        key=acts.entry_key(line),
        source_type="bank_transaction",
        source_id=line.id,
    )


def paid(line: HeldLine, rest: Coding | None, rate: Decimal | None) -> Paid:
    """What of a line is paid for its items, and the postings of the fee that the rest is.

    Raises Invalid (`items-foreign-rest`) where the fee leaves nothing for the items.
    """
    fee = rest.total_minor if rest else 0
    amount = line.amount_minor + fee
    if not amount or (amount > 0) != (line.amount_minor > 0):
        raise Invalid.of("rest", "items-foreign-rest")
    whole = worth(line, rate, amount_minor=amount)
    if rest is None:
        return Paid(amount, whole, whole, ())
    bank, *beside = acts.postings(replace(line, amount_minor=-fee), rest, rate=rate)
    of_bank = bank.amount if bank.base is None else bank.base
    return Paid(amount, whole, whole + of_bank, tuple(beside))


def worth(line: HeldLine, rate: Decimal | None = None, *, amount_minor: int) -> int:
    """What so much of a line is worth in base currency, by the rate given, else the day's.

    Raises Invalid `rate-missing`.
    """
    book = queries.book()
    if line.currency == book.base_currency:
        return amount_minor
    rate = rate or bank_queries.rate(line.currency, line.booked_on)
    if rate is None:
        raise Invalid.of("rate", "rate-missing", currency=line.currency, base=book.base_currency)
    return base_amount(amount_minor, line.currency, book, rate)


def difference_account(*, gain: bool) -> UUID | None:
    """Where a realised difference goes: the chart's own account of gains or of losses."""
    wanted = {"type": "income" if gain else "expense"}
    found: UUID | None = session.execute(_EXCHANGE, wanted).scalar_one_or_none()
    return found or open_items_commands.difference_account()


def demand_one_currency(line: HeldLine, items: Sequence[ItemShare]) -> None:
    """Refuses items of several currencies or both sides: no rate says how the line is shared."""
    found = sorted({item.currency or line.currency for item in items})
    if len(found) > 1:
        raise Invalid.of("items", "items-one-currency", currencies=", ".join(found))
    if any((item.amount_minor > 0) != (line.amount_minor > 0) for item in items):
        raise Invalid.of("items", "items-foreign-side")


def shares(items: Sequence[ItemShare], total_minor: int) -> tuple[int, ...]:
    """What of a line goes to each item, in proportion, adding up exactly."""
    return tuple(money.split(total_minor, [abs(item.amount_minor) for item in items]))


def gains(items: Sequence[ItemShare], worth_minor: int) -> bool:
    """Whether the line is worth more than what the items were booked at."""
    known = open_items_queries.items([(item.entry_id, item.no) for item in items])
    booked = 0
    for item in items:
        found = known.get((item.entry_id, item.no))
        if found is not None and found.residual:
            booked += found.residual_base * item.amount_minor // found.residual
    return worth_minor >= booked


def _postings(
    line: HeldLine, items: Sequence[ItemShare], paid: Paid, book: Book
) -> tuple[PostingInput, ...]:
    base = book.base_currency
    bank = PostingInput(
        line.account_id,
        line.amount_minor,
        line.currency,
        None if line.currency == base else paid.bank_minor,
    )
    parts = [
        PostingInput(
            item.account_id,
            -item.amount_minor,
            item.currency or line.currency,
            None if item.currency == base else -share,
            counterparty_id=item.counterparty_id,
            memo=item.reference,
        )
        for item, share in zip(items, shares(items, paid.worth_minor), strict=True)
    ]
    rest = paid.worth_minor - sum(item.amount_minor for item in items if item.currency == base)
    if items[0].currency != base or not rest:
        return (bank, *parts, *paid.beside)
    account = difference_account(gain=rest > 0)
    if account is None:
        raise Invalid("difference-account-needed", difference_minor=rest, currency=base)
    return (bank, *parts, PostingInput(account, -rest, base), *paid.beside)
