"""Gaps and contradictions between the statements of one bank account: pure calculation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

LONG_SILENCE = 31
"""Days without a statement after which one without balances is missed."""
_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Head:
    """What a statement says of itself; amounts in minor units, sums of its booked lines."""

    id: UUID
    file_id: UUID
    file_name: str
    format: str
    number: str | None
    page: str | None
    from_on: date | None
    to_on: date | None
    opening_minor: int | None
    closing_minor: int | None
    lines: int
    booked_minor: int
    explained: str | None = None

    @property
    def first(self) -> date | None:
        """Its first day; the last where only that is stated."""
        return self.from_on or self.to_on


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing before a statement: between `after` and `before`, days or money.

    `kind`: `balance` (closing is not the next opening), `number` (a statement's number is left
    out), `days` (a long silence between statements that state no balances).
    """

    kind: Literal["balance", "number", "days"]
    after: Head
    before: Head
    explained: str | None = None

    @property
    def missing_minor(self) -> int:
        """What must have moved in between, where balances say it."""
        if self.after.closing_minor is None or self.before.opening_minor is None:
            return 0
        return self.before.opening_minor - self.after.closing_minor


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two statements that cannot both be right: `kind` is `balances` or `lines`."""

    kind: Literal["balances", "lines"]
    one: Head
    other: Head


def gaps(heads: Sequence[Head]) -> list[Gap]:
    """What is missing between statements, oldest first; windows that overlap leave no gap."""
    dated = [one for one in heads if one.first and one.to_on]
    ordered = sorted(dated, key=lambda one: (one.first, one.to_on, one.number or "", str(one.id)))
    found: list[Gap] = []
    before: list[Head] = []
    for one in ordered:
        gap = _gap(before, one)
        if gap is not None:
            found.append(gap)
        before.append(one)
    return found


def _gap(before: Sequence[Head], one: Head) -> Gap | None:
    first = one.first
    if not before or first is None:
        return None
    if one.opening_minor is not None and any(
        each.closing_minor == one.opening_minor for each in before
    ):
        return None
    last = max(before, key=lambda each: (each.to_on or date.min, each.closing_minor is not None))
    if last.to_on is None or last.to_on >= first:
        return None
    if one.opening_minor is not None and last.closing_minor is not None:
        return Gap("balance", last, one, one.explained)
    if _skips(last.number, one.number):
        return Gap("number", last, one, one.explained)
    if (first - last.to_on).days > LONG_SILENCE:
        return Gap("days", last, one, one.explained)
    return None


def _skips(one: str | None, after: str | None) -> bool:
    """Whether a running number is left out; a new year begins anew and is no gap."""
    if not one or not after or not one.isdecimal() or not after.isdecimal():
        return False
    return int(after) > int(one) + 1


def contradictions(heads: Sequence[Head]) -> list[Contradiction]:
    """Statements of different files with the same days and other balances or other lines."""
    by_days: dict[tuple[date, date], list[Head]] = {}
    for one in heads:
        if one.first and one.to_on:
            by_days.setdefault((one.first, one.to_on), []).append(one)
    found = []
    for same in by_days.values():
        for at, one in enumerate(same):
            for other in same[at + 1 :]:
                kind = _contradicts(one, other)
                if kind is not None:
                    found.append(Contradiction(kind, one, other))
    return found


def _contradicts(one: Head, other: Head) -> Literal["balances", "lines"] | None:
    if one.file_id == other.file_id or _differ(one.page, other.page):
        return None
    if _differ(one.number, other.number) and one.format == other.format:
        return None
    if _differ(one.closing_minor, other.closing_minor):
        return "balances"
    if _differ(one.opening_minor, other.opening_minor):
        return "balances"
    balanced = all(
        each is not None
        for head in (one, other)
        for each in (head.opening_minor, head.closing_minor)
    )
    alike = one.format == other.format and one.lines == other.lines
    if one.booked_minor != other.booked_minor and (balanced or alike):
        return "lines"
    return None


def _differ(one: object | None, other: object | None) -> bool:
    return one is not None and other is not None and one != other


def covered_to(heads: Sequence[Head], last: date) -> bool:
    """Whether statements reach a day, or a later one goes on from the last before it.

    Days of a weekend after the last statement need none: banks book nothing then.
    """
    ends = [one.to_on for one in heads if one.to_on]
    if not ends:
        return False
    if max(ends) >= last:
        return True
    day = max(ends) + _DAY
    while day <= last:
        if day.weekday() < _SATURDAY:
            return False
        day += _DAY
    return True


def left_in(heads: Sequence[Head], first: date, last: date, *, used: bool) -> int:
    """How much is missing for a month of one account: open gaps in it, and its end.

    `used` says whether the account in the books moved up to then; without statements that is one.
    """
    known = [one for one in heads if one.first and one.first <= last]
    if not known:
        return 1 if used else 0
    open_gaps = [
        gap
        for gap in gaps(heads)
        if not gap.explained
        and (gap.before.first or last) >= first
        and (gap.after.to_on or first) < last
    ]
    return len(open_gaps) + (0 if covered_to(heads, last) else 1)
