"""OpenMeter's lines, deltas and credit grants in our terms."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing import prepaid
from billing.rating import deltas
from billing.rating import rate as engine
from billing.rating.lines import Line, total
from billing.rating.models import Convention, Measured
from billing.rating.price import (
    ONE,
    ZERO,
    Conversion,
    Dynamic,
    Flat,
    Graduated,
    Model,
    Package,
    Price,
    Tier,
    Unit,
    Volume,
)
from tests.conformance.billing.others import nested, number

Case = dict[str, Any]
UNIT = "UnitPriceUsageChildUniqueReferenceID"
REFS = {
    "flat": "FlatPriceChildUniqueReferenceID",
    "minimum": "MinSpendChildUniqueReferenceID",
    "volume-flat": "VolumeFlatPriceChildUniqueReferenceID",
    "volume-usage": "VolumeUnitPriceChildUniqueReferenceID",
    "packages": "UsageChildUniqueReferenceID",
}
# What the names above stand for where a correction names a line.
NAMES = {
    "FlatPriceChildUniqueReferenceID": "flat-price",
    "MinSpendChildUniqueReferenceID": "min-spend",
    "UnitPriceUsageChildUniqueReferenceID": "unit-price-usage",
    "UsageChildUniqueReferenceID": "usage",
    "VolumeFlatPriceChildUniqueReferenceID": "volume-flat-price",
    "VolumeUnitPriceChildUniqueReferenceID": "volume-tiered-price",
}
ROUNDINGS = {"Ceiling": "up", "Floor": "down", "HalfUp": "half_up", "None": "none"}
PARTS = Convention(places=2, convert_parts=True)
START = datetime(2026, 1, 1, tzinfo=UTC)


def rate(case: Case) -> Case:
    """The lines of a part of a period."""
    before, inside = (_value(case[key]) for key in ("usage_before_line", "usage_in_line"))
    price = _price(case)
    position = case["line_position"]
    used = Measured(
        before,
        before + inside,
        starts=position in ("first", "only"),
        ends=position in ("last", "only"),
    )
    billed = _value(case["previously_billed"])
    found = engine.rate(price, used, convention=PARTS, billed=billed)
    lines = [_line(one, price.model) for one in found]
    return {"expect_lines": lines, "expect_total": plain(total(found))}


def delta(case: Case) -> Case:
    """What each phase books beside the phases before it."""
    price = _price(case)
    billed: list[deltas.Billed] = []
    phases = []
    for number_, phase in enumerate(case["phases"], 1):
        quantity = _value(phase["cumulative_quantity"])
        used = Measured(ZERO, quantity, ends=number_ == len(case["phases"]))
        convention = Convention(places=2, volume_while_open=True)
        changes = deltas.changes(engine.rate(price, used, convention=convention), billed)
        named = [
            deltas.Billed(f"phase-{number_}-line-{at}", one.line)
            for at, one in enumerate(changes, 1)
        ]
        phases.append(_phase(phase, changes, price.model))
        billed.extend(named)
    return {"phases": phases}


def _phase(phase: Case, changes: tuple[deltas.Change, ...], model: Model) -> Case:
    lines = [_change(one, model) for one in changes]
    amount = sum((one.line.amount for one in changes if one.line.kind != "minimum"), ZERO)
    return {
        "period": phase.get("period"),
        "expect_total": plain(sum((one.line.total for one in changes), ZERO)),
        "expect_amount": plain(amount),
        "expect_lines": lines,
    }


def _change(change: deltas.Change, model: Model) -> Case:
    line = change.line
    ref = _ref(line, model)
    if change.corrects is not None:
        ref = f"{NAMES.get(ref, ref)}#correction:detailed_line_id={change.corrects}"
    return {
        "ref": ref,
        "quantity": plain(line.quantity),
        "per_unit": plain(line.unit_price),
        "amount": plain(ZERO if line.kind == "minimum" else line.amount),
        "total": plain(line.total),
    }


def _line(line: Line, model: Model) -> Case:
    commitment = line.kind == "minimum"
    return {
        "ref": _ref(line, model),
        "quantity": plain(line.quantity),
        "per_unit": plain(line.unit_price),
        "category": "CategoryCommitment" if commitment else "regular",
        "amount": plain(ZERO if commitment else line.amount),
        "charges_total": plain(line.amount if commitment else ZERO),
        "discounts_total": plain(line.discount),
        "credits_total": 0,
        "total": plain(line.total),
    }


def _ref(line: Line, model: Model) -> str:
    tier = re.fullmatch(r"tier-(\d+)-(usage|flat)", line.part)
    if tier:
        kind = "price-usage" if tier[2] == "usage" else "flat-price"
        return f"graduated-tiered-{tier[1]}-{kind}"
    if line.part == "usage":
        return (
            "UnitPriceUsageChildUniqueReferenceID" if isinstance(model, Unit) else REFS["packages"]
        )
    return REFS[line.part]


def _price(case: Case) -> Price:
    given = case["price"]
    conversion = None
    if str(case.get("raw_UnitConfigEnabled", "false")).lower() == "true":
        conversion = _conversion(case["raw_UnitConfig"])
    given_off: Case = case.get("raw_Discounts") or case.get("raw_discounts") or {}
    allowance, discount = _discounts(given_off)
    return Price(
        _model(given),
        minimum=number(given.get("minimum_spend")),
        maximum=number(given.get("maximum_spend")),
        allowance=allowance,
        discount=discount,
        conversion=conversion,
    )


def _model(given: Case) -> Model:
    kind = given["model"]
    if kind == "flat":
        advance = given.get("payment_term") == "InAdvancePaymentTerm"
        return Flat(_value(given["amount"]), "advance" if advance else "arrears")
    if kind == "unit":
        return Unit(_value(given["amount"]))
    if kind == "package":
        return Package(_value(given["amount"]), _value(given["package_size"]))
    if kind == "dynamic":
        return Dynamic(_value(given.get("multiplier", 1)))
    tiers = tuple(
        Tier(number(one["up_to"]), number(one["unit_price"]), number(one["flat_price"]))
        for one in given["tiers"]
    )
    return Graduated(tiers) if given["mode"] == "graduated" else Volume(tiers)


def _conversion(given: Case) -> Conversion:
    divide = given["Operation"].endswith("Divide")
    rounding = given.get("Rounding", "").removeprefix("UnitConfigRoundingMode") or "None"
    return Conversion(
        _value(given["ConversionFactor"]),
        "divide" if divide else "multiply",
        ROUNDINGS[rounding],  # type: ignore[arg-type]  # one of four
    )


def _discounts(given: Case) -> tuple[Decimal, Decimal]:
    """Free units, and percent off."""
    usage: Case = given.get("Usage") or {}
    percent: Case = given.get("Percentage") or {}
    usage = usage.get("UsageDiscount", usage)
    percent = percent.get("PercentageDiscount", percent)
    return _value(usage.get("Quantity", 0)), _value(percent.get("Percentage", 0))


def _value(given: Any) -> Decimal:
    return ONE if given == "DecimalOne" else Decimal(str(given))


def plain(value: Decimal) -> int | float:
    """A number as JSON writes it; the set has no strings."""
    return int(value) if value == value.to_integral_value() else float(value)


def burn_down(case: Case) -> Case:
    """What is left of the grants."""
    grants: list[prepaid.Grant] = []
    copies: dict[str, int] = {}
    for given in case["grants"]:
        name, _, count = given["id"].partition("_x")
        copies[name] = int(count) if count else 0
        grants.extend(
            _grant(given, f"{name}_{n}" if count else name) for n in range(copies[name] or 1)
        )
    uses = [prepaid.Use(_after(at), Decimal(str(amount))) for at, amount in case["usage"]]
    found = prepaid.burn(grants, uses, until=_after(case["until"])).balances
    balances = {}
    for name, count in copies.items():
        if not count:
            balances[name] = plain(found[name])
            continue
        each = {found[f"{name}_{n}"] for n in range(count)}
        assert len(each) == 1, "copies differ"
        balances[f"{name}_each"] = plain(each.pop())
    return nested({"balances": balances})


def _grant(given: Case, name: str) -> prepaid.Grant:
    return prepaid.Grant(
        name,
        Decimal(str(given["amount"])),
        _after(given.get("effective", "+0h")),
        _after(given.get("expires", "+30d")),
        given.get("priority", 1),
    )


def _after(offset: str) -> datetime:
    found = re.fullmatch(r"([+-]?)(\d+)([smhd])", offset)
    assert found, offset
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[3]]
    sign = -1 if found[1] == "-" else 1
    return START + timedelta(**{unit: sign * int(found[2])})
