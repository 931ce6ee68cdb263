"""Rating: a price and what was used of it, to lines; the same input has the same lines for ever."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext

from billing.rating import lines, models
from billing.rating.lines import Line, Rounder
from billing.rating.models import Convention, Measured
from billing.rating.price import ZERO, Matrix, Price

PRECISION = 60
"""Digits of every step: the greatest quantity at the finest price is exact to the last place."""


def rate(
    price: Price, used: Measured, *, convention: Convention, billed: Decimal = ZERO
) -> tuple[Line, ...]:
    """The lines of a price for what was used, in major units of the currency.

    In this order: conversion, allowance, the model, the discount in percent, rounding of each line,
    the maximum, and the minimum with the period's last line. `billed` is what earlier lines of the
    period came to. Raises PriceRefused where the model cannot price what was used.
    """
    with localcontext(prec=PRECISION):
        return _rated(price, used, convention, billed)


def _rated(
    price: Price, used: Measured, convention: Convention, billed: Decimal
) -> tuple[Line, ...]:
    rounder = Rounder(convention.places, convention.half)
    found = models.priced(price.model, _payable(price, used, convention), convention)
    found = [
        replace(one, unit_price=rounder(one.unit_price)) if one.kind == "sum" else one
        for one in found
    ]
    if price.discount:
        found = lines.discounted(found, price.discount)
    found = lines.rounded(found, rounder)
    if price.maximum is not None:
        found = lines.capped(found, rounder(price.maximum), billed)
    if price.minimum is not None and used.ends:
        short = rounder(price.minimum - billed - lines.total(found))
        if short > ZERO:
            found.append(replace(lines.flat("minimum", short), kind="minimum"))
    return tuple(found)


def _payable(price: Price, used: Measured, convention: Convention) -> Measured:
    """What was used in the units of the price, less what is free.

    The running sum is converted at both ends of the line, so that a period in parts comes to the
    same as in one; unless the contract converts what lies within each line by itself.
    """
    before = models.converted(price.conversion, used.before)
    after = (
        before + models.converted(price.conversion, used.during)
        if convention.convert_parts
        else models.converted(price.conversion, used.after)
    )
    if price.allowance:
        before, after = (max(one - price.allowance, ZERO) for one in (before, after))
    events = used.events
    if price.conversion is not None and isinstance(price.model, Matrix):
        events = tuple(
            replace(one, quantity=models.converted(price.conversion, one.quantity))
            for one in models.cells(events)
        )
    return replace(used, before=before, after=after, events=events)
