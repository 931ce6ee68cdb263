"""Tying a bank line to what is in the books already, or to the line of another own account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting import commands, queries
from app.accounting.bank import queries as bank_queries
from app.accounting.coding import Coding, Part
from app.accounting.ledger import Book, PostingInput, base_amount
from app.accounting.reconcile import commands as acts
from app.accounting.reconcile import lines
from app.accounting.reconcile.commands import Done
from app.accounting.reconcile.lines import Decision, HeldLine
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound

TRANSFER_DAYS = 10
"""How far apart the two lines of one transfer may be booked, in days."""


def match_entry(
    *, line_id: UUID, version: int, entry_id: UUID, decision: Decision | None = None
) -> Done:
    """Says that a line is what an entry booked already; nothing is posted.

    Raises Conflict (`entry-amount-differs`, `entry-taken` by another line, `entry-reversed`) and
    NotFound (`entry-unknown`) beside what every act on a line raises.
    """
    line = lines.hold_one(line_id, version)
    found = session.execute(
        _ENTRY, {"entry": entry_id, "account": line.account_id, "bank": line.bank_account_id}
    ).one_or_none()
    if found is None:
        raise NotFound("entry-unknown")
    if found.reversed:
        raise Conflict("entry-reversed")
    if found.taken:
        raise Conflict("entry-taken")
    if found.amount != line.amount_minor or found.currency != line.currency:
        raise Conflict("entry-amount-differs")
    lines.tie(line, [entry_id])
    kept = decision or Decision("person", "entry")
    return acts.finish({line.id: entry_id}, {line.id: replace(kept, matched=True)}, [line])


@dataclass(frozen=True, slots=True)
class Other:
    """The other side of a transfer: the own account, and its line when it has come."""

    bank_account_id: UUID
    line_id: UUID | None = None


def transfer(*, line_id: UUID, version: int, to: Other, decision: Decision | None = None) -> Done:
    """Books money that moved between two own accounts, once for both of their lines.

    Where the other line has not come, the entry waits on the other account and is suggested for
    it then. Raises Invalid (`transfer-same-account`, `transfer-line-needed` where currencies
    differ) and Conflict (`transfer-amount-differs`) beside what every act on a line raises.
    """
    wanted = to.line_id or _counterpart(line_id, to.bank_account_id)
    held = lines.hold([line_id, *([wanted] if wanted else [])])
    line, other = held.get(line_id), held.get(wanted) if wanted else None
    if line is None or (to.line_id and other is None):
        raise NotFound
    lines.demand_to_do(line, version)
    if other is not None and (other.state, other.status) != ("to_do", "booked"):
        raise lines.changed(other)
    account = bank_queries.bank_account(to.bank_account_id)
    if account.id == line.bank_account_id:
        raise Invalid.of("to", "transfer-same-account")
    postings = _transfer_postings(line, other, account)
    entry = commands.post_entry(
        journal="BANK",
        date=line.booked_on,
        description=line.described,
        postings=postings,
        key=acts.entry_key(line),
        source_type="bank_transaction",
        source_id=line.id,
    )
    both = [line, *([other] if other else [])]
    kept = decision or Decision("person", "transfer")
    decisions = {one.id: replace(kept, coding=_seen_from(one, both, account)) for one in both}
    return acts.finish({one.id: entry.id for one in both}, decisions, both, entry=entry)


def _seen_from(line: HeldLine, both: list[HeldLine], account: Any) -> Coding:
    """A transfer as a coding of one of its lines: against the account of the other."""
    others = [one.account_id for one in both if one.id != line.id]
    against = others[0] if others else account.account_id
    return Coding((Part(against, -line.amount_minor, line.currency),))


def _transfer_postings(
    line: HeldLine, other: HeldLine | None, account: Any
) -> tuple[PostingInput, PostingInput]:
    book = queries.book()
    amount, currency = -line.amount_minor, account.currency
    if other is not None:
        if other.bank_account_id != account.id:
            raise Invalid.of("to", "transfer-same-account")
        amount, currency = other.amount_minor, other.currency
    if currency != line.currency and other is None:
        raise Invalid.of("to", "transfer-line-needed", currency=currency, other=line.currency)
    if (amount > 0) == (line.amount_minor > 0) or (
        currency == line.currency and amount != -line.amount_minor
    ):
        raise Conflict("transfer-amount-differs")
    base = _transfer_base(line, amount, currency, book)
    ours = PostingInput(line.account_id, line.amount_minor, line.currency, base)
    theirs = PostingInput(account.account_id, amount, currency, None if base is None else -base)
    return _plain(ours, book), _plain(theirs, book)


def _plain(posting: PostingInput, book: Book) -> PostingInput:
    """In the base currency an amount is its own base."""
    return replace(posting, base=None) if posting.currency == book.base_currency else posting


def _transfer_base(line: HeldLine, amount: int, currency: str, book: Book) -> int | None:
    """What the line moved is worth in base: as the side says that is in base currency."""
    if line.currency == book.base_currency:
        return line.amount_minor if currency != line.currency else None
    if currency == book.base_currency:
        return -amount
    rate: Decimal | None = bank_queries.rate(line.currency, line.booked_on)
    if rate is None:
        raise Invalid.of("rate", "rate-missing", currency=line.currency, base=book.base_currency)
    return base_amount(line.amount_minor, line.currency, book, rate)


def _counterpart(line_id: UUID, bank_account_id: UUID) -> UUID | None:
    """The one line of the other account that is the same money; None when unsure."""
    rows = session.execute(
        _COUNTERPART, {"id": line_id, "bank": bank_account_id, "days": TRANSFER_DAYS}
    ).all()
    if len(rows) > 1 and rows[0].apart == rows[1].apart:
        return None
    return rows[0].id if rows else None


_ENTRY = sa.text(
    "select coalesce(sum(p.amount), 0)::bigint as amount, min(p.currency) as currency,"
    " e.kind = 'reversal' or exists (select from ledger.entry r where r.tenant_id = e.tenant_id"
    "   and r.reverses_id = e.id) as reversed,"
    " exists (select from app.bank_transaction t where t.tenant_id = e.tenant_id"
    "   and t.entry_id = e.id and t.bank_account_id = :bank) or exists (select from"
    "   app.bank_line_entry m where m.tenant_id = e.tenant_id and m.bank_account_id = :bank"
    "   and m.entry_id = e.id) as taken"
    " from ledger.entry e join ledger.posting p on p.tenant_id = e.tenant_id"
    "   and p.entry_id = e.id and p.account_id = :account"
    " where e.tenant_id = (select guard.tenant_id()) and e.id = :entry"
    " group by e.tenant_id, e.id, e.kind"
)
_COUNTERPART = sa.text(
    "select o.id, abs(o.booked_on - t.booked_on) as apart from app.bank_transaction t"
    " join app.bank_transaction o on o.tenant_id = t.tenant_id and o.bank_account_id = :bank"
    "   and o.state = 'to_do' and o.status = 'booked' and o.currency = t.currency"
    "   and abs(o.amount_minor) = abs(t.amount_minor) and o.amount_minor = -t.amount_minor"
    "   and o.booked_on between t.booked_on - :days and t.booked_on + :days"
    " where t.tenant_id = (select guard.tenant_id()) and t.id = :id"
    " order by apart, o.id limit 2"
)
