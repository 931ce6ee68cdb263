"""Ledger arithmetic: drafts and their faults, reversals, base amounts; no database, no web."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.kernel import money
from app.kernel.errors import Problem

MAX_POSTINGS = 2000
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2200, 12, 31)
MAX_TEXT, MAX_KEY = 500, 200


@dataclass(frozen=True, slots=True)
class PostingInput:
    """One posting to be made: debit positive, in minor units; no base means it is the base."""

    account_id: UUID
    amount: int
    currency: str
    base: int | None = None
    counterparty_id: UUID | None = None
    tax_code: str | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None
    memo: str | None = None


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry to be posted; the key makes posting it twice the same as once."""

    journal: str
    date: dt.date
    description: str
    postings: tuple[PostingInput, ...]
    key: str
    kind: str = "normal"
    source_type: str | None = None
    source_id: UUID | None = None
    approved_ref: UUID | None = None


@dataclass(frozen=True, slots=True)
class PostedEntry:
    """What the door answers; `replayed` means the key had been posted before."""

    id: UUID
    number: int
    replayed: bool
    journal: str
    fiscal_year: int

    @property
    def label(self) -> str:
        """The entry's human name, such as BANK 2026/17."""
        return f"{self.journal} {self.fiscal_year}/{self.number}"


@dataclass(frozen=True, slots=True)
class Book:
    """One client's books: their currency and the month their year starts in."""

    base_currency: str
    fiscal_start_month: int = 1


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a draft: by the number of the posting (from 1), 0 for the whole."""

    found: tuple[tuple[int, Problem], ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.found)


def validate(draft: EntryDraft, book: Book) -> Faults:
    """Every fault that can be seen without the database; the database checks again."""
    return Faults((*_header_faults(draft), *_posting_faults(draft, book), *_balance(draft, book)))


def _header_faults(draft: EntryDraft) -> Iterator[tuple[int, Problem]]:
    if not FIRST_DAY <= draft.date <= LAST_DAY:
        yield 0, Problem("date-out-of-range", {"first": str(FIRST_DAY), "last": str(LAST_DAY)})
    if not 1 <= len(draft.description) <= MAX_TEXT:
        yield 0, Problem("description-length", {"most": MAX_TEXT})
    if not 1 <= len(draft.key) <= MAX_KEY:
        yield 0, Problem("key-length", {"most": MAX_KEY})
    if len(draft.postings) < 2:
        yield 0, Problem("too-few-postings")
    if len(draft.postings) > MAX_POSTINGS:
        yield 0, Problem("too-many-postings", {"most": MAX_POSTINGS})


def _posting_faults(draft: EntryDraft, book: Book) -> Iterator[tuple[int, Problem]]:
    for number, posting in enumerate(draft.postings, 1):
        problem = _posting_fault(posting, book)
        if problem:
            yield number, problem


def _posting_fault(posting: PostingInput, book: Book) -> Problem | None:
    if posting.currency not in money.CURRENCIES:
        return Problem("currency-unknown", {"currency": posting.currency})
    if max(abs(posting.amount), abs(posting.base or 0)) > money.MAX_MINOR:
        return Problem("amount-too-large")
    if posting.amount == 0 and not posting.base:
        return Problem("amount-zero")
    if posting.currency == book.base_currency:
        if posting.base not in (None, posting.amount):
            return Problem("base-differs")
    elif posting.base is None:
        return Problem("base-missing", {"currency": book.base_currency})
    if posting.memo is not None and len(posting.memo) > MAX_TEXT:
        return Problem("memo-length", {"most": MAX_TEXT})
    return None


def _balance(draft: EntryDraft, book: Book) -> Iterator[tuple[int, Problem]]:
    base = sum(p.amount if p.base is None else p.base for p in draft.postings)
    if base:
        yield 0, _unbalanced(base, book.base_currency)
        return
    currencies = {p.currency for p in draft.postings}
    amount = sum(p.amount for p in draft.postings)
    if len(currencies) == 1 and amount:
        yield 0, _unbalanced(amount, currencies.pop())


def _unbalanced(difference: int, currency: str) -> Problem:
    return Problem("unbalanced", {"difference_minor": difference, "currency": currency})


def reversal(postings: Sequence[PostingInput]) -> tuple[PostingInput, ...]:
    """The same postings with the other sign."""
    return tuple(
        replace(p, amount=-p.amount, base=None if p.base is None else -p.base) for p in postings
    )


def base_amount(amount: int, currency: str, book: Book, rate: Decimal) -> int:
    """The base amount at a rate (base units for one unit of currency), rounded half away from zero.

    The one place where the ledger rounds; the rule itself is kernel.money.round_half_up.
    """
    places = money.exponent(book.base_currency) - money.exponent(currency)
    return money.round_half_up((Decimal(amount) * rate).scaleb(places))


def base_amounts(amounts: Sequence[int], currency: str, book: Book, rate: Decimal) -> list[int]:
    """Base amounts of a balanced set at one rate that balance too.

    Each side is rounded as a whole and its parts share it by largest remainder, so no part is
    more than one minor unit off and no rounding posting is needed.
    """
    found = [0] * len(amounts)
    for sign in (1, -1):
        places = [i for i, amount in enumerate(amounts) if amount * sign > 0]
        if not places:
            continue
        weights = [abs(amounts[i]) for i in places]
        total = base_amount(sum(weights), currency, book, rate)
        for place, part in zip(places, money.split(total, weights), strict=True):
            found[place] = sign * part
    return found


def period_of(day: dt.date, fiscal_start_month: int) -> int:
    """The period's id: the calendar year its fiscal year ends in, times 100, plus its place."""
    later = fiscal_start_month > 1 and day.month >= fiscal_start_month
    return (day.year + later) * 100 + (day.month - fiscal_start_month) % 12 + 1


def request_sha(draft: EntryDraft, book: Book, *, reverses: UUID | None = None) -> bytes:
    """The hash of what is asked, which approvals cover; migrations/sql/ledger/08_post.sql."""
    content: list[Any] = [
        "request/1",
        draft.journal,
        draft.date,
        draft.description,
        draft.kind,
        draft.source_type,
        draft.source_id,
        reverses,
        [p.account_id for p in draft.postings],
        [p.currency for p in draft.postings],
        [p.amount for p in draft.postings],
        [p.amount if p.base is None else p.base for p in draft.postings],
        *_optional_columns(draft.postings),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, default=str).encode()).digest()


def _optional_columns(postings: Sequence[PostingInput]) -> list[list[Any] | None]:
    names = ("counterparty_id", "tax_code", "dim1_id", "dim2_id", "memo")
    return [some([getattr(p, name) for p in postings]) for name in names]


def some(values: list[Any]) -> list[Any] | None:
    """The list, or None where no value is set."""
    return values if any(value is not None for value in values) else None


def leaf(
    *,
    tenant_id: UUID,
    entry_id: UUID,
    fiscal_year: int,
    number: int,
    in_review: bool,
    approved_ref: UUID | None,
    made_by: UUID,
    request: bytes,
) -> bytes:
    """The hash of what was written, which sealing takes; migrations/sql/ledger/08_post.sql."""
    content = [
        "entry/1",
        tenant_id,
        entry_id,
        fiscal_year,
        number,
        in_review,
        approved_ref,
        made_by,
        request.hex(),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, default=str).encode()).digest()


def balances(drafts: Sequence[EntryDraft]) -> dict[tuple[UUID, str], int]:
    """Balance of each account and currency after these entries, for checking the database."""
    found: dict[tuple[UUID, str], int] = defaultdict(int)
    for draft in drafts:
        for posting in draft.postings:
            found[posting.account_id, posting.currency] += posting.amount
    return dict(found)
