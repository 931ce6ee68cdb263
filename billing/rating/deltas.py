"""Rating again after the bill: what is to be billed now so that all together is right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billing.rating.lines import Line
from billing.rating.price import ZERO


@dataclass(frozen=True, slots=True)
class Billed:
    """A line that was billed, under the name by which a correction refers to it."""

    name: str
    line: Line


@dataclass(frozen=True, slots=True)
class Change:
    """A line to bill now; one that takes a billed line back names it."""

    line: Line
    corrects: str | None = None


def changes(now: Iterable[Line], billed: Sequence[Billed]) -> tuple[Change, ...]:
    """The lines that make up for the difference between a rating of all and what was billed.

    A part at the same unit price is billed by the difference of its quantity. A part that has
    another price now, or none, is billed anew, and what was billed of it is taken back line by
    line. What is billed plus the changes always adds up to the rating of all.
    """
    found: list[Change] = []
    rated = _parts(now)
    before: dict[_Key, list[Line]] = {}
    for one in billed:
        before.setdefault(_key(one.line), []).append(one.line)
    for key, line in rated.items():
        found.extend(_difference(line, before.get(key, ())))
    found.extend(_taken_back(one for one in billed if _key(one.line) not in rated))
    return tuple(found)


def _parts(lines: Iterable[Line]) -> dict[_Key, Line]:
    """A line for each part: events of one price are one of them."""
    found: dict[_Key, Line] = {}
    for line in lines:
        known = found.get(_key(line))
        found[_key(line)] = line if known is None else _together(known, line)
    return found


def _together(one: Line, other: Line) -> Line:
    return replace(
        one,
        quantity=one.quantity + other.quantity,
        amount=one.amount + other.amount,
        discount=one.discount + other.discount,
    )


_Key = tuple[str, Decimal | None]


def _key(line: Line) -> _Key:
    """What makes two lines the same part: its name and price; of the minimum, its name."""
    return (line.part, None if line.kind == "minimum" else line.unit_price)


def _difference(line: Line, before: Sequence[Line]) -> Iterable[Change]:
    amount = line.amount - sum((one.amount for one in before), ZERO)
    discount = line.discount - sum((one.discount for one in before), ZERO)
    quantity = line.quantity - sum((one.quantity for one in before), ZERO)
    if not before:
        return (Change(line),) if line.amount or line.discount else ()
    if _key(line)[1] is None:  # the minimum: the difference is one too
        found = replace(line, unit_price=amount, amount=amount, discount=discount)
        return (Change(found),) if amount or discount else ()
    if not (amount or discount):
        return ()
    return (Change(replace(line, quantity=quantity, amount=amount, discount=discount)),)


def _taken_back(gone: Iterable[Billed]) -> Iterable[Change]:
    """Lines against those that are billed no longer, but for parts that already add up to none."""
    left = list(gone)
    sums: dict[_Key, Decimal] = {}
    for one in left:
        sums[_key(one.line)] = sums.get(_key(one.line), ZERO) + one.line.total
    for one in left:
        if sums[_key(one.line)]:
            line = one.line
            yield Change(
                replace(
                    line, quantity=-line.quantity, amount=-line.amount, discount=-line.discount
                ),
                one.name,
            )
