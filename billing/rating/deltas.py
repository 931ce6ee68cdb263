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
    rated = list(now)
    for line in rated:
        before = [one.line for one in billed if _key(one.line) == _key(line)]
        found.extend(_difference(line, before))
    kept = {_key(line) for line in rated}
    found.extend(_taken_back(one for one in billed if _key(one.line) not in kept))
    return tuple(found)


def _key(line: Line) -> tuple[str, Decimal | None]:
    """What makes two lines the same part: its name and price; of a sum, its name."""
    return (line.part, None if line.kind in ("sum", "minimum") else line.unit_price)


def _difference(line: Line, before: Sequence[Line]) -> Iterable[Change]:
    amount = line.amount - sum((one.amount for one in before), ZERO)
    discount = line.discount - sum((one.discount for one in before), ZERO)
    quantity = line.quantity - sum((one.quantity for one in before), ZERO)
    if not before:
        return (Change(line),) if line.quantity else ()
    if _key(line)[1] is None:  # a sum: the difference is a sum too
        found = replace(line, unit_price=amount, amount=amount, discount=discount)
        return (Change(found),) if amount or discount else ()
    if not (quantity or amount or discount):
        return ()
    return (Change(replace(line, quantity=quantity, amount=amount, discount=discount)),)


def _taken_back(gone: Iterable[Billed]) -> Iterable[Change]:
    """Lines against those that are billed no longer, but for parts that already add up to none."""
    left = list(gone)
    sums: dict[tuple[str, Decimal | None], Decimal] = {}
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
