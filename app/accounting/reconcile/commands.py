"""What a person does with a bank line: book, accept, set aside, and take any of it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.accounting import coding, commands, queries
from app.accounting.bank import queries as bank_queries
from app.accounting.coding import Coding, Tax
from app.accounting.ledger import PostedEntry, PostingInput
from app.accounting.reconcile import learning, lines
from app.accounting.reconcile.lines import Decision, HeldLine
from app.kernel import undo as undoing
from app.kernel.errors import Conflict, NotFound

UNDO = "bank-lines"


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an act: the lines with their new versions, the entry, and the way back."""

    line_ids: tuple[UUID, ...]
    entry: PostedEntry | None
    undo: UUID


def book(
    *,
    line_id: UUID,
    version: int,
    coding: Coding,
    rate: Decimal | None = None,
    decision: Decision | None = None,
) -> Done:
    """Posts a line against its parts and meters it, in the caller's transaction.

    Raises NotFound, Conflict (`bank-line-decided` with who and when, `changed-meanwhile`,
    `bank-line-booked`, `bank-line-pending`), Invalid by part and whatever the ledger refuses.
    """
    line = lines.hold_one(line_id, version)
    entry = post(line, coding, rate=rate)
    kept = decision or Decision("person", "coding", coding=coding)
    return finish({line.id: entry.id}, {line.id: kept}, [line], entry=entry)


def post(line: HeldLine, parts: Coding, *, rate: Decimal | None = None) -> PostedEntry:
    """The entry of a locked line; its first posting is the bank's, the others follow the parts."""
    return commands.post_entry(
        journal="BANK",
        date=line.booked_on,
        description=line.described,
        postings=postings(line, parts, rate=rate),
        key=entry_key(line),
        source_type="bank_transaction",
        source_id=line.id,
    )


def entry_key(line: HeldLine) -> str:
    """The key of the entry that a decision of this version makes."""
    return f"bank-line:{line.id}:{line.version}"


def postings(
    line: HeldLine, parts: Coding, *, rate: Decimal | None = None
) -> tuple[PostingInput, ...]:
    """The postings of a line with the tax codes, rate and currencies of the books."""
    book = queries.book()
    foreign = line.currency != book.base_currency
    if foreign and rate is None:
        rate = bank_queries.rate(line.currency, line.booked_on)
    coded = any(part.tax_code for part in parts.parts)
    return coding.postings(
        line.side,
        parts,
        taxes=taxes() if coded else {},
        book=book,
        rate=rate,
        account_currencies=_currencies() if foreign else None,
    )


def taxes() -> dict[str, Tax]:
    """The taxes of the books by code, as splitting needs them."""
    return {
        one.code: Tax(one.code, one.rate, one.account_id, one.reverse_account_id)
        for one in queries.tax_codes()
    }


def _currencies() -> dict[UUID, str | None]:
    return {one.id: one.currency for one in queries.accounts()}


def finish(
    entries: dict[UUID, UUID],
    decisions: dict[UUID, Decision],
    held: Sequence[HeldLine],
    *,
    entry: PostedEntry | None = None,
) -> Done:
    """Writes decisions down, learns of them, meters the lines and offers the way back."""
    lines.decide(entries, decisions)
    learning.learn(held, decisions)
    lines.meter(held)
    token = offer([(line.id, line.version + 1) for line in held])
    return Done(tuple(line.id for line in held), entry, token)


def offer(decided: Sequence[tuple[UUID, int]]) -> UUID:
    """A way back from decisions, for the person who made them and a day."""
    return undoing.offer(UNDO, {"lines": [[str(one), version] for one, version in decided]})


def same_as(*, line_id: UUID, version: int, like: UUID | None = None) -> Done:
    """Books a line as another was booked: the one named, else the person's last on this account.

    A split is repeated in proportion. Raises Conflict (`nothing-to-repeat`,
    `split-not-repeatable` where parts have both signs) and what `book` raises.
    """
    line = lines.hold_one(line_id, version)
    found = lines.last_coding(line.bank_account_id, like)
    if found is None:
        raise Conflict("nothing-to-repeat")
    repeated = lines.resized(found, -line.amount_minor)
    return book(line_id=line_id, version=version, coding=repeated)


def skip(*, line_id: UUID, version: int, why: str | None = None) -> Done:
    """Sets a line aside without an entry; it stays in the difference until it is taken up again."""
    line = lines.hold_one(line_id, version)
    lines.skip(line, (why or "").strip() or None)
    return Done((line.id,), None, offer([(line.id, line.version + 1)]))


def undo_line(*, line_id: UUID, version: int) -> None:
    """Takes the decision about one line back.

    Raises Conflict (`bank-line-to-do`) and Locked (`bank-line-month-closed`): in a closed month
    only reversing an entry lets its lines go, since the reversal stands in an open one.
    """
    line = _held(line_id, version)
    if line.state == "to_do":
        raise Conflict("bank-line-to-do")
    _take_back(line)


def _held(line_id: UUID, version: int) -> HeldLine:
    found = lines.hold([line_id]).get(line_id)
    if found is None:
        raise NotFound
    lines.demand(found, version)
    return found


def _take_back(line: HeldLine) -> None:
    """A made entry is reversed, which frees its lines; what only pointed at one lets go."""
    if line.entry_id is not None and not line.matched:
        commands.reverse_entry(entry_id=line.entry_id, key=f"bank-line-undo:{line.entry_id}")
    elif line.entry_id is None:
        lines.demand_open(line)
        lines.free(line)
    else:  # lines that are one entry together let go of it together
        found = lines.tied_to(line.entry_id)
        tied = [one for one in found if one.bank_account_id == line.bank_account_id]
        for one in tied:
            lines.demand_open(one)
        lines.free(*tied)


@undoing.handler(UNDO)
def _undo(args: dict[str, Any]) -> None:
    """All lines of one act, or none: a line decided anew since then refuses the whole."""
    wanted = {UUID(line_id): int(version) for line_id, version in args["lines"]}
    held = lines.hold(list(wanted))
    if len(held) != len(wanted):
        raise NotFound
    for line in held.values():
        lines.demand(line, wanted[line.id])
    take_back_all(list(held.values()))


def take_back_all(held: Sequence[HeldLine]) -> None:
    """Takes the decisions about locked lines back; raises as `undo_line` does."""
    gone: set[tuple[UUID, UUID | None]] = set()
    for line in held:
        if line.entry_id is not None:
            # a made entry frees all its lines; one that was there those of the same account
            key = line.entry_id, line.bank_account_id if line.matched else None
            if key in gone:
                continue
            gone.add(key)
        _take_back(line)


def undo(token: UUID) -> None:
    """Takes an act of the acting person back by its token; raises NotFound for a used one."""
    undoing.take(token)
