"""The price models: what a quantity comes to under each, before minimum, maximum and rounding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Literal

from billing.rating import lines
from billing.rating.lines import Line
from billing.rating.price import (
    HUNDRED,
    ONE,
    ZERO,
    Blocks,
    Conversion,
    Dynamic,
    Flat,
    Graduated,
    GraduatedPercentage,
    Matrix,
    Model,
    Package,
    Percentage,
    PriceRefused,
    Stairstep,
    Tier,
    Unit,
    Volume,
)


@dataclass(frozen=True, slots=True)
class Event:
    """One event as rating needs it: its quantity or value, what it says of itself, its share."""

    quantity: Decimal
    says: tuple[str, ...] = ()
    share: Decimal = ONE
    """The part of the period that it counts for, where events are prorated."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was used: until the line begins, and with it; and the events, where the model asks."""

    before: Decimal
    after: Decimal
    events: tuple[Event, ...] = ()
    starts: bool = True
    """Whether the line is the first of its period."""
    ends: bool = True
    """Whether the line is the last of its period."""
    tier_by: Decimal | None = None
    """The quantity that chooses the tier, where it is another than what is priced."""

    @property
    def during(self) -> Decimal:
        """What was used within the line."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Convention:
    """Where billing systems differ, and contracts with them."""

    flat_at_zero: bool = False
    """Whether the first tier's fee is due when nothing was used."""
    volume_while_open: bool = False
    """Whether volume prices are billed before the period ends, and re-rated later."""
    convert_parts: bool = False
    """Whether what is used within a line is converted by itself, rather than the running sum."""
    places: int | None = None
    """Decimal places of the currency; None leaves amounts unrounded."""
    half: Literal["up", "even"] = "up"


def priced(model: Model, used: Measured, convention: Convention) -> list[Line]:
    """The lines of one model; raises PriceRefused for events that its matrix does not name."""
    match model:
        case Flat():
            due = used.starts if model.when == "advance" else used.ends
            return [lines.flat("flat", model.amount)] if due else []
        case Unit():
            return _some(lines.usage("usage", used.during, model.amount))
        case Graduated():
            return _graduated(model.tiers, used, convention)
        case Volume():
            return _volume(model.tiers, used, convention)
        case Stairstep():
            return _stairstep(model.tiers, used, convention)
        case Package():
            started = packages(model, used.after) - packages(model, used.before)
            return _some(lines.usage("packages", started, model.amount))
        case Blocks():
            return _blocks(model, used)
        case Percentage():
            return _percentage(model, used)
        case GraduatedPercentage():
            return _graduated_percentage(model.tiers, used, convention)
        case Dynamic():
            return _dynamic(model, used)
        case Matrix():
            return _matrix(model, used)


def converted(conversion: Conversion | None, quantity: Decimal) -> Decimal:
    """A counted quantity as the priced one."""
    if conversion is None:
        return quantity
    if conversion.operation == "divide":
        found = quantity / conversion.factor
    else:
        found = quantity * conversion.factor
    modes = {"up": ROUND_CEILING, "down": ROUND_FLOOR, "half_up": ROUND_HALF_UP}
    mode = modes.get(conversion.rounding)
    return found if mode is None else found.quantize(ONE, rounding=mode)


def packages(model: Package, quantity: Decimal) -> Decimal:
    """How many packages a quantity starts."""
    paid = max(quantity - model.free, ZERO)
    return (paid / model.size).to_integral_value(rounding=ROUND_CEILING)


def reached(tiers: tuple[Tier, ...], quantity: Decimal) -> tuple[int, Tier]:
    """The tier that a quantity lies in, with its number from 1."""
    for number, tier in enumerate(tiers, 1):
        if tier.up_to is None or quantity <= tier.up_to:
            return number, tier
    raise PriceRefused("beyond-tiers", str(quantity))


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of a quantity that lies in one tier."""

    number: int
    tier: Tier
    quantity: Decimal
    entered: bool
    """Whether the quantity comes into the tier here, so that its fee is due."""


def slices(tiers: tuple[Tier, ...], used: Measured, *, flat_at_zero: bool) -> Iterator[Slice]:
    """The parts of a line's quantity by tier, in order."""
    before, after = max(used.before, ZERO), max(used.after, ZERO)
    bounds = [ZERO, *(tier.up_to for tier in tiers)]
    for number, (tier, (low, high)) in enumerate(zip(tiers, pairwise(bounds), strict=True), 1):
        floor = low if low is not None else after
        top = max(before, after) if high is None else high
        inside = min(after, top) - min(before, top)
        inside -= min(after, floor) - min(before, floor)
        entered = before <= floor < after
        if number == 1 and flat_at_zero:
            entered = used.starts and before == ZERO
        if inside or entered:
            yield Slice(number, tier, inside, entered)


def _some(line: Line) -> list[Line]:
    return [line] if line.quantity else []


def _graduated(tiers: tuple[Tier, ...], used: Measured, convention: Convention) -> list[Line]:
    found: list[Line] = []
    for one in slices(tiers, used, flat_at_zero=convention.flat_at_zero):
        if one.tier.unit is not None and one.quantity:
            found.append(lines.usage(f"tier-{one.number}-usage", one.quantity, one.tier.unit))
        if one.tier.flat is not None and one.entered:
            found.append(lines.flat(f"tier-{one.number}-flat", one.tier.flat))
    if not found and used.after == ZERO == used.before and tiers[0].unit is not None:
        found.append(lines.usage("tier-1-usage", ZERO, tiers[0].unit))  # says that nothing was used
    return found


def _volume(tiers: tuple[Tier, ...], used: Measured, convention: Convention) -> list[Line]:
    if not used.ends and not convention.volume_while_open:
        return []  # which tier it will be is known at the end
    if used.after < ZERO:
        return []
    _number, tier = reached(tiers, used.after if used.tier_by is None else used.tier_by)
    found = []
    if tier.flat is not None:
        found.append(lines.flat("volume-flat", tier.flat))
    if tier.unit is not None:
        found.extend(_some(lines.usage("volume-usage", used.after, tier.unit)))
    return found


def _stairstep(tiers: tuple[Tier, ...], used: Measured, convention: Convention) -> list[Line]:
    if not used.ends and not convention.volume_while_open:
        return []
    if used.after <= ZERO and not convention.flat_at_zero:
        return []
    number, tier = reached(tiers, max(used.after, ZERO))
    return [] if tier.flat is None else [lines.flat(f"step-{number}", tier.flat)]


def _blocks(model: Blocks, used: Measured) -> list[Line]:
    now, then = (_blocks_by_tier(model, one) for one in (used.after, used.before))
    found = []
    for number, tier in enumerate(model.tiers):
        started = now[number] - then[number]
        found.extend(_some(lines.usage(f"tier-{number + 1}-blocks", started, tier.price)))
    return found


def _blocks_by_tier(model: Blocks, quantity: Decimal) -> list[Decimal]:
    """How many blocks of each tier a quantity starts."""
    left, counts = max(quantity, ZERO), []
    for tier in model.tiers:
        started = (left / tier.size).to_integral_value(rounding=ROUND_CEILING)
        used = started if tier.most is None else min(started, tier.most)
        counts.append(used)
        left = max(left - used * tier.size, ZERO)
    if left:
        raise PriceRefused("beyond-tiers", str(quantity))
    if model.mode == "graduated":
        return counts
    top = max((n for n, count in enumerate(counts) if count), default=0)
    size = model.tiers[top].size
    all_ = (max(quantity, ZERO) / size).to_integral_value(rounding=ROUND_CEILING)
    return [all_ if n == top else ZERO for n in range(len(counts))]


def _percentage(model: Percentage, used: Measured) -> list[Line]:
    """The share of the value and the fee of the events, less what is free of both.

    What is free are the first events of the period, so that it is rated as a whole.
    """
    if used.before:
        raise PriceRefused("needs-whole-period", "percentage")
    if not used.after:
        return []
    if model.event_minimum is not None or model.event_maximum is not None:
        return _percentage_by_event(model, used)
    free_count, free_value = _free(model, used.events)
    value = max(used.after - free_value, ZERO)
    found = _some(lines.usage("percentage", value, model.percent / HUNDRED))
    events = Decimal(len(used.events) - free_count)
    if model.per_event:
        found.extend(_some(lines.usage("per-event", events, model.per_event)))
    return found


def _free(model: Percentage, events: tuple[Event, ...]) -> tuple[int, Decimal]:
    """How many of the first events are free, and up to which value.

    An event that begins below the free value and ends above it counts, and its part below is free.
    """
    if not model.free_events and not model.free_value:
        return 0, ZERO
    first = events if model.free_events is None else events[: model.free_events]
    sum_, count = ZERO, 0
    for event in first:
        if model.free_value and sum_ + event.quantity > model.free_value:
            return count, model.free_value
        sum_ += event.quantity
        count += 1
    return count, sum_


def _percentage_by_event(model: Percentage, used: Measured) -> list[Line]:
    free_count, free_value = _free(model, used.events)
    found, sum_ = [], ZERO
    for number, event in enumerate(used.events, 1):
        sum_ += event.quantity
        if number <= free_count:
            continue
        paid = min(event.quantity, sum_ - free_value)
        amount = paid * model.percent / HUNDRED + model.per_event
        if model.event_minimum is not None:
            amount = max(amount, model.event_minimum)
        if model.event_maximum is not None:
            amount = min(amount, model.event_maximum)
        found.append(lines.usage("event", ONE, amount))
    return found


def _graduated_percentage(
    tiers: tuple[Tier, ...], used: Measured, convention: Convention
) -> list[Line]:
    found = []
    for one in slices(tiers, used, flat_at_zero=convention.flat_at_zero):
        share = one.tier.percent / HUNDRED
        found.extend(_some(lines.usage(f"tier-{one.number}-percentage", one.quantity, share)))
        if one.tier.flat is not None and one.entered:
            found.append(lines.flat(f"tier-{one.number}-flat", one.tier.flat))
    return found


def _dynamic(model: Dynamic, used: Measured) -> list[Line]:
    amount = used.during * model.multiplier
    return [Line("usage", ONE, amount, amount, "sum")] if amount else []


def _matrix(model: Matrix, used: Measured) -> list[Line]:
    found = []
    for cell in cells(used.events):
        price = model.prices.get(cell.says, model.otherwise)
        if price is None:
            raise PriceRefused("not-in-matrix", ", ".join(cell.says))
        found.extend(_some(lines.usage(_part(cell.says), cell.quantity, price)))
    return found


def cells(events: tuple[Event, ...]) -> list[Event]:
    """What events say of themselves, each with the sum of its quantities, in order."""
    sums: dict[tuple[str, ...], Decimal] = {}
    for event in events:
        sums[event.says] = sums.get(event.says, ZERO) + event.quantity
    return [Event(quantity, says) for says, quantity in sorted(sums.items())]


def _part(says: tuple[str, ...]) -> str:
    """A name that no other cell has, whatever stands in its words."""
    return "/".join(one.replace("%", "%25").replace("/", "%2F") for one in says)
