"""Which booked line is which pending line: pure calculation, no database.

The bank's id decides; else amount, merchant and at most seven days. What one file says of both is
never one: a bank that lists a line as pending beside a booked one means two movements.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.accounting.bank import dedupe as bank_dedupe

DAYS = 7
EARLIER = 1
"""A bank may date the booking a day before it announced it."""
_LEAST_WORDS = 4
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Known:
    """A line as far as telling it again needs: kept (`id`) or about to be."""

    account: Hashable
    booked_on: date
    amount_minor: int
    merchant: str
    bank_id: str
    end_to_end_id: str
    id: UUID | None = None


def merchant_of(counterparty: str | None, text: str) -> str:
    """Who was paid, without numbers that change between notice and booking."""
    return bank_dedupe.normal_text(_DIGITS.sub("", counterparty or text))


def bank_id_of(bank_id: str | None) -> str:
    """The bank's id, or nothing where it only counts the lines of a file."""
    plain = bank_id or ""
    return "" if bank_dedupe.is_positional(plain) else plain


def distance(pending: Known, booked: Known) -> int | None:
    """How far apart notice and booking are, 0 for the same id; None where they are two lines."""
    if pending.account != booked.account:
        return None
    if (pending.amount_minor > 0) != (booked.amount_minor > 0):
        return None
    if _same_id(pending, booked):
        return 0
    days = (booked.booked_on - pending.booked_on).days
    if pending.amount_minor != booked.amount_minor or not -EARLIER <= days <= DAYS:
        return None
    if pending.bank_id and booked.bank_id and pending.bank_id == booked.bank_id:
        return 0
    return 1 + abs(days) if _same_merchant(pending.merchant, booked.merchant) else None


def _same_id(pending: Known, booked: Known) -> bool:
    apart = abs((booked.booked_on - pending.booked_on).days)
    if apart > 31:
        return False
    if pending.bank_id and pending.bank_id == booked.bank_id:
        return True
    return bool(pending.end_to_end_id) and pending.end_to_end_id == booked.end_to_end_id


def _same_merchant(one: str, other: str) -> bool:
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _LEAST_WORDS and shorter in longer


def pairs(pending: Sequence[Known], booked: Sequence[Known]) -> list[tuple[int, int]]:
    """Which pending line became which booked one, each once, the nearest first."""
    by_account: dict[Hashable, list[int]] = {}
    for place, one in enumerate(pending):
        by_account.setdefault(one.account, []).append(place)
    ranked = sorted(
        (apart, one.booked_on, at, place)
        for at, one in enumerate(booked)
        for place in by_account.get(one.account, ())
        if (apart := distance(pending[place], one)) is not None
    )
    taken_pending: set[int] = set()
    taken_booked: set[int] = set()
    found: list[tuple[int, int]] = []
    for _apart, _day, at, place in ranked:
        if place in taken_pending or at in taken_booked:
            continue
        taken_pending.add(place)
        taken_booked.add(at)
        found.append((place, at))
    return found
