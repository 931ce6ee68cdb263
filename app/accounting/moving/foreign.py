"""An amount in another currency beside its base amount: worked out, checked and evened out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.accounting.moving.values import Draft, Fault, Part
from app.kernel import money

LIFTED = frozenset({"moving-foreign-missing", "rate-direction-unsure"})
"""Faults of a row that the file's mapping is to blame for: they hold the whole file up."""


class Contradicts(Exception):
    """A row whose currency, amounts and rate cannot all be true; `code` says which and why."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says, in minor units; None where it says nothing."""

    currency: str
    base: int | None
    foreign: int | None
    rate: Decimal | None


@dataclass(frozen=True, slots=True)
class Sum:
    """What a row is worth: in the base currency and, where it has one, in another."""

    base: int
    currency: str = ""
    foreign: int = 0

    def __bool__(self) -> bool:
        return bool(self.base or self.foreign)


def sum_of(said: Said, *, home: str, inverse: bool | None) -> Sum:
    """The amounts of a row, with the base amount as the file has it; raises Contradicts.

    Where base, foreign amount and rate are given they must agree to a minor unit, besides what the
    digits that the rate is written with leave open. `inverse`: the rate is units of the currency
    for one of the base; None lets a row with both amounts show it.
    """
    if said.currency in ("", home):
        return Sum(_at_home(said))
    if said.foreign is None:
        raise Contradicts("moving-foreign-missing", currency=said.currency, base=home)
    if said.rate is not None and said.rate <= 0:
        raise Contradicts("rate-out-of-range")
    if said.base is None:
        return Sum(_by_rate(said, said.foreign, home, inverse), said.currency, said.foreign)
    foreign = _same_side(said.base, said.foreign)
    if said.rate is not None and foreign:
        _check(Said(said.currency, said.base, foreign, said.rate), said.rate, home, inverse)
    return Sum(said.base, said.currency, foreign)


def _at_home(said: Said) -> int:
    """A row in the base currency; a foreign amount beside it must be the same one."""
    if said.base is None:
        return said.foreign or 0
    if said.foreign and abs(said.foreign) != abs(said.base):
        raise Contradicts("moving-base-differs", difference_minor=said.base - said.foreign)
    return said.base


def _same_side(base: int, foreign: int) -> int:
    """The foreign amount on the base amount's side: many packages write it without a sign."""
    if base * foreign >= 0:
        return foreign
    if foreign > 0:
        return -foreign
    raise Contradicts("moving-foreign-sign")


def _by_rate(said: Said, foreign: int, home: str, inverse: bool | None) -> int:
    if not foreign:
        return 0
    if said.rate is None:
        raise Contradicts("moving-rate-missing", currency=said.currency, base=home)
    if inverse is None and said.rate != 1:
        raise Contradicts("rate-direction-unsure", currency=said.currency, base=home)
    exact = _exact(foreign, said.currency, said.rate, home, inverse=bool(inverse))
    return money.round_half_up(exact)


def _exact(foreign: int, currency: str, rate: Decimal, home: str, *, inverse: bool) -> Decimal:
    """Base minor units before rounding."""
    scaled = Decimal(foreign).scaleb(money.exponent(home) - money.exponent(currency))
    return scaled / rate if inverse else scaled * rate


def _check(said: Said, rate: Decimal, home: str, inverse: bool | None) -> None:
    base, foreign = said.base or 0, said.foreign or 0
    digit = Decimal(1).scaleb(int(rate.as_tuple().exponent)) / 2
    off = []
    for way in (False, True) if inverse is None else (inverse,):
        exact = _exact(foreign, said.currency, rate, home, inverse=way)
        room = 1 + abs(exact) * digit / rate
        off.append((abs(base - exact) - room, base - money.round_half_up(exact)))
    beyond, difference = min(off)
    if beyond > 0:
        raise Contradicts(
            "moving-rate-contradicts", difference_minor=difference, currency=said.currency
        )


def lifted(faults: Iterable[Fault]) -> list[Fault]:
    """The faults of rows, with those of the mapping once, for the whole file."""
    found: dict[object, Fault] = {}
    for fault in faults:
        if fault.code in LIFTED:
            whole = Fault(0, fault.code, {**fault.params, "row": fault.row})
            found.setdefault(fault.code, whole)
        else:
            found[fault.row, fault.code] = fault
    return list(found.values())


def even_out(entry: Draft) -> None:
    """Spreads what rounding left over the foreign parts, a minor unit of base each at most.

    Base amounts that were rounded line by line may miss each other by so much; more is no rounding
    and stays, so that the entry is refused with its difference.
    """
    rest = entry.sum
    places = [place for place, part in enumerate(entry.parts) if part.foreign]
    if not rest or abs(rest) > len(places):
        return
    entry.rounding = rest
    step = 1 if rest > 0 else -1
    largest = sorted(places, key=lambda place: -abs(entry.parts[place].amount))
    for place in largest[: abs(rest)]:
        entry.parts[place] = entry.parts[place].with_base(entry.parts[place].amount - step)


def off_in_currency(parts: Iterable[Part]) -> tuple[str, int] | None:
    """Currency and difference of an entry all in one other currency that does not add up in it."""
    listed = list(parts)
    currencies = {part.currency for part in listed}
    total = sum(part.foreign for part in listed)
    if len(currencies) == 1 and "" not in currencies and total:
        return currencies.pop(), total
    return None
