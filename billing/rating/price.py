"""What a contract says a thing costs: the price models, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

ZERO, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)
Rounding = Literal["up", "down", "half_up", "none"]
When = Literal["advance", "arrears"]


@dataclass(frozen=True, slots=True)
class Tier:
    """Quantities above the tier before it, up to and with `up_to`; None has no end."""

    up_to: Decimal | None
    unit: Decimal | None = None
    flat: Decimal | None = None
    percent: Decimal = ZERO
    """Of the quantity, which then is a value, as percent: 2.9 is 0.029."""


@dataclass(frozen=True, slots=True)
class Block:
    """A tier of started blocks: at most `most` blocks of `size` units at a price each."""

    size: Decimal
    most: Decimal | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class Flat:
    """A fee for the period, whatever was used: a retainer."""

    amount: Decimal
    when: When = "arrears"


@dataclass(frozen=True, slots=True)
class Unit:
    """So much for each."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class Graduated:
    """Each tier prices the part of the quantity that lies in it."""

    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Volume:
    """The tier that the whole quantity reaches prices all of it."""

    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Stairstep:
    """The tier that the whole quantity reaches has one price for everything."""

    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """Started packages of a size; `free` units come before the first."""

    amount: Decimal
    size: Decimal
    free: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Blocks:
    """Started blocks by tier: each tier its own (`graduated`), or all at the one reached."""

    tiers: tuple[Block, ...]
    mode: Literal["graduated", "volume"] = "graduated"


@dataclass(frozen=True, slots=True)
class Percentage:
    """A share of a value and a fee for each event, some of both free.

    The free part is the smaller one where both a number and a value are given. The minimum and
    the maximum hold for each event.
    """

    percent: Decimal
    per_event: Decimal = ZERO
    free_events: int | None = None
    free_value: Decimal | None = None
    event_minimum: Decimal | None = None
    event_maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class GraduatedPercentage:
    """Each tier takes its percentage of the part of the value that lies in it, and its fee."""

    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Dynamic:
    """Each event says its own price; the sum is passed on with a factor."""

    multiplier: Decimal = ONE


@dataclass(frozen=True, slots=True)
class Matrix:
    """A unit price by what the events say of themselves: `{"normal", "night"}: 85`."""

    prices: Mapping[tuple[str, ...], Decimal]
    otherwise: Decimal | None = None
    """For values that the matrix does not name; None refuses them."""


Model = (
    Flat
    | Unit
    | Graduated
    | Volume
    | Stairstep
    | Package
    | Blocks
    | Percentage
    | GraduatedPercentage
    | Dynamic
    | Matrix
)


@dataclass(frozen=True, slots=True)
class Conversion:
    """From what is counted to what is priced: seconds to started hours."""

    factor: Decimal
    operation: Literal["divide", "multiply"] = "divide"
    rounding: Rounding = "none"


@dataclass(frozen=True, slots=True)
class Price:
    """A model with what holds around it, for one period."""

    model: Model
    minimum: Decimal | None = None
    """Of the whole period: billed as a line of its own with the period's last line."""
    maximum: Decimal | None = None
    """Of the whole period: what is above it is taken off as a discount."""
    allowance: Decimal = ZERO
    """Units that are free each period, the first ones, after conversion."""
    discount: Decimal = ZERO
    """Percent off each line."""
    conversion: Conversion | None = None


class PriceRefused(ValueError):
    """A price, a quantity or a convention that cannot be rated: a code, and where it stands."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{code}: {where}" if where else code)
        self.code = code
        self.where = where
