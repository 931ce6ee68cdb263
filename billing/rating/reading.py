"""A price as JSON: read into a value, or refused by the field that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from billing.rating.price import (
    ONE,
    ZERO,
    Block,
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
    Price,
    PriceRefused,
    Rounding,
    Stairstep,
    Tier,
    Unit,
    Volume,
    When,
)

MOST_TIERS = 200
MOST_CELLS = 5_000
MOST_DIGITS = 30
MOST_PLACES = 12
"""Decimal places of a unit price; as many as Stripe's unit_amount_decimal takes."""
GREATEST = Decimal(10) ** 15
Content = Mapping[str, Any]


def number(value: Any, field: str, *, signed: bool = False) -> Decimal:
    """A decimal from a string or a whole number; raises PriceRefused for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise PriceRefused("not-a-number", field)
    text = str(value)
    try:
        found = Decimal(text) if len(text) <= MOST_DIGITS else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found.copy_abs() > GREATEST or not text.isascii() or "_" in text:
        raise PriceRefused("not-a-number", field)
    if cast(int, found.as_tuple().exponent) < -MOST_PLACES:
        raise PriceRefused("too-many-places", field)
    if found < ZERO and not signed:
        raise PriceRefused("negative", field)
    return found


def read(content: Any, field: str = "price") -> Price:
    """A price: `model` with its fields, and minimum, maximum, allowance, discount, conversion.

    Raises PriceRefused for a field that is missing, unknown, or no number of its kind, for tiers
    that do not rise, do not end open, or have none.
    """
    if not isinstance(content, Mapping):
        raise PriceRefused("not-a-price", field)
    kind = content.get("model")
    if not isinstance(kind, str) or kind not in _MODELS:
        raise PriceRefused("unknown-model", f"{field}.model")
    known, reader = _MODELS[kind]
    only(content, (*known, *_AROUND), field)
    price = Price(
        reader(content, field),
        minimum=_optional(content, "minimum", field),
        maximum=_optional(content, "maximum", field),
        allowance=_optional(content, "allowance", field) or ZERO,
        discount=_optional(content, "discount", field) or ZERO,
        conversion=_conversion(content.get("conversion"), f"{field}.conversion"),
    )
    if price.minimum is not None and price.maximum is not None and price.minimum > price.maximum:
        raise PriceRefused("minimum-above-maximum", f"{field}.minimum")
    if price.discount > Decimal(100):
        raise PriceRefused("above-hundred", f"{field}.discount")
    _demand_used(price, field)
    return price


def _demand_used(price: Price, field: str) -> None:
    """What stands around a model and would have no effect on it is refused, not passed over."""
    idle = []
    if isinstance(price.model, Percentage | Matrix) and price.allowance:
        idle.append("allowance")
    if isinstance(price.model, Percentage) and price.conversion is not None:
        idle.append("conversion")
    if idle:
        raise PriceRefused("not-with-model", f"{field}.{idle[0]}")


def only(content: Content, known: tuple[str, ...], field: str) -> None:
    """Raises PriceRefused `unknown-field` for a key that nobody reads: it may be misspelt."""
    for key in content:
        if key not in known:
            raise PriceRefused("unknown-field", f"{field}.{key}".removeprefix(".")[:80])


_AROUND = ("model", "minimum", "maximum", "allowance", "discount", "conversion")


def _needed(content: Content, key: str, field: str) -> Decimal:
    if content.get(key) is None:
        raise PriceRefused("missing", f"{field}.{key}")
    return number(content[key], f"{field}.{key}")


def _positive(content: Content, key: str, field: str) -> Decimal:
    found = _needed(content, key, field)
    if not found:
        raise PriceRefused("nought", f"{field}.{key}")
    return found


def _optional(content: Content, key: str, field: str) -> Decimal | None:
    return None if content.get(key) is None else number(content[key], f"{field}.{key}")


def _whole(content: Content, key: str, field: str) -> Decimal | None:
    found = _optional(content, key, field)
    if found is not None and found != found.to_integral_value():
        raise PriceRefused("not-whole", f"{field}.{key}")
    return found


def _rows(
    content: Content, key: str, field: str, most: int, known: tuple[str, ...]
) -> list[tuple[str, Content]]:
    rows = content.get(key)
    if not isinstance(rows, list) or not rows or len(rows) > most:
        raise PriceRefused("rows", f"{field}.{key}")
    named = [(f"{field}.{key}[{n}]", row) for n, row in enumerate(rows)]
    for name, row in named:
        if not isinstance(row, Mapping):
            raise PriceRefused("rows", name)
        only(row, known, name)
    return named


def _tiers(content: Content, field: str, *priced_by: str) -> tuple[Tier, ...]:
    found = [
        Tier(
            _optional(row, "up_to", name),
            _optional(row, "unit", name),
            _optional(row, "flat", name),
            _optional(row, "percent", name) or ZERO,
        )
        for name, row in _rows(content, "tiers", field, MOST_TIERS, ("up_to", *priced_by))
    ]
    low = ZERO
    for n, tier in enumerate(found):
        last = n == len(found) - 1
        if (tier.up_to is None) is not last:
            raise PriceRefused("tier-open", f"{field}.tiers[{n}].up_to")
        if tier.up_to is not None and tier.up_to <= low:
            raise PriceRefused("tier-order", f"{field}.tiers[{n}].up_to")
        low = low if tier.up_to is None else tier.up_to
    return tuple(found)


def _flat(content: Content, field: str) -> Flat:
    when = content.get("when", "arrears")
    if when not in ("advance", "arrears"):
        raise PriceRefused("unknown-value", f"{field}.when")
    return Flat(_needed(content, "amount", field), cast(When, when))


def _package(content: Content, field: str) -> Package:
    return Package(
        _needed(content, "amount", field),
        _positive(content, "size", field),
        _optional(content, "free", field) or ZERO,
    )


def _blocks(content: Content, field: str) -> Blocks:
    mode = content.get("mode", "graduated")
    if mode not in ("graduated", "volume"):
        raise PriceRefused("unknown-value", f"{field}.mode")
    rows = _rows(content, "tiers", field, MOST_TIERS, ("size", "most", "price"))
    for name, row in rows[:-1]:
        if row.get("most") is None:
            raise PriceRefused("tier-open", f"{name}.most")
    return Blocks(
        tuple(
            Block(
                _positive(row, "size", name), _whole(row, "most", name), _needed(row, "price", name)
            )
            for name, row in rows
        ),
        mode,
    )


def _percentage(content: Content, field: str) -> Percentage:
    free = _whole(content, "free_events", field)
    least, most = (_optional(content, f"event_{one}", field) for one in ("minimum", "maximum"))
    if least is not None and most is not None and least > most:
        raise PriceRefused("minimum-above-maximum", f"{field}.event_minimum")
    return Percentage(
        _needed(content, "percent", field),
        _optional(content, "per_event", field) or ZERO,
        None if free is None else int(free),
        _optional(content, "free_value", field),
        least,
        most,
    )


def _matrix(content: Content, field: str) -> Matrix:
    prices: dict[tuple[str, ...], Decimal] = {}
    for name, row in _rows(content, "prices", field, MOST_CELLS, ("of", "amount")):
        says = row.get("of")
        if not isinstance(says, list) or not all(isinstance(one, str) for one in says):
            raise PriceRefused("rows", f"{name}.of")
        if tuple(says) in prices:
            raise PriceRefused("twice", f"{name}.of")
        prices[tuple(says)] = _needed(row, "amount", name)
    if len({len(one) for one in prices}) != 1:
        raise PriceRefused("rows", f"{field}.prices")
    return Matrix(prices, _optional(content, "otherwise", field))


def _conversion(content: Any, field: str) -> Conversion | None:
    if content is None:
        return None
    if not isinstance(content, Mapping):
        raise PriceRefused("not-a-price", field)
    only(content, ("factor", "operation", "rounding"), field)
    operation, rounding = content.get("operation", "divide"), content.get("rounding", "none")
    if operation not in ("divide", "multiply"):
        raise PriceRefused("unknown-value", f"{field}.operation")
    if rounding not in ("up", "down", "half_up", "none"):
        raise PriceRefused("unknown-value", f"{field}.rounding")
    return Conversion(_positive(content, "factor", field), operation, cast(Rounding, rounding))


_Reader = Callable[[Content, str], Model]
_TIERS = ("tiers",)
_MODELS: dict[str, tuple[tuple[str, ...], _Reader]] = {
    "flat": (("amount", "when"), _flat),
    "unit": (("amount",), lambda c, f: Unit(_needed(c, "amount", f))),
    "graduated": (_TIERS, lambda c, f: Graduated(_tiers(c, f, "unit", "flat"))),
    "volume": (_TIERS, lambda c, f: Volume(_tiers(c, f, "unit", "flat"))),
    "stairstep": (_TIERS, lambda c, f: Stairstep(_tiers(c, f, "flat"))),
    "package": (("amount", "size", "free"), _package),
    "blocks": (("tiers", "mode"), _blocks),
    "percentage": (
        ("percent", "per_event", "free_events", "free_value", "event_minimum", "event_maximum"),
        _percentage,
    ),
    "graduated_percentage": (
        _TIERS,
        lambda c, f: GraduatedPercentage(_tiers(c, f, "percent", "flat")),
    ),
    "dynamic": (
        ("multiplier",),
        lambda c, f: Dynamic(ONE if c.get("multiplier") is None else _needed(c, "multiplier", f)),
    ),
    "matrix": (("prices", "otherwise"), _matrix),
}
