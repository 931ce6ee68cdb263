"""Worked examples of documentation, and Polar's units and seats."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.rating import rate
from billing.rating.lines import Rounder, total
from billing.rating.models import Convention, Measured
from billing.rating.price import ZERO, Graduated, Model, Price, Tier, Unit, Volume

Case = dict[str, Any]


def number(value: Any) -> Decimal | None:
    """A number of a case; None stays None."""
    return None if value is None else Decimal(str(value))


def written(value: Decimal) -> str:
    """A number without an exponent and without noughts behind."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def tiers(case: Case) -> Case:
    """Stripe's, Lago's, Autumn's and Zuplo's documented tables."""
    made = tuple(
        Tier(number(one["up_to"]), number(one.get("unit")), number(one.get("flat")))
        for one in case["tiers"]
    )
    model: Model = Graduated(made) if case["mode"] == "graduated" else Volume(made)
    used = Measured(ZERO, Decimal(str(case["quantity"])))
    return {"expect_total": written(total(rate.rate(Price(model), used, convention=Convention())))}


def polar(case: Case) -> Case:
    """Metered units with a cap, and seats by the tier that is reached; whole cents."""
    properties, given = case["properties"], case["input"]
    if case["kind"].startswith("seat"):
        made = tuple(Tier(number(one["max"]), number(one["price"])) for one in properties["tiers"])
        model: Model = Graduated(made) if "graduated" in case["kind"] else Volume(made)
        quantity = Decimal(str(given["seats"]))
    else:
        model = Unit(Decimal(str(properties["unit_amount_cents"])))
        quantity = Decimal(str(given["units"]))
    price = Price(model, maximum=number(properties.get("cap_cents")))
    found = rate.rate(price, Measured(ZERO, max(quantity, ZERO)), convention=Convention())
    return nested({"amount_cents": int(Rounder(0)(total(found)))})


def nested(found: Case) -> Case:
    """An answer under `expect`, as the cases nest it, and plainly."""
    return {"expect": found, **found}
