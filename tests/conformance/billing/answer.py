"""Which source answers which set, and the agreement of an answer with an expectation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from billing.rating.price import PriceRefused
from tests.conformance.billing import (
    flexprice,
    killbill,
    lago,
    meteroid,
    openmeter,
    others,
)

Case = dict[str, Any]
SOURCES: dict[str, Callable[[Case], Case]] = {
    "billing_dates_flexprice": flexprice.answer,
    "billing_interval_killbill": killbill.interval,
    "block_tiers_killbill": killbill.blocks,
    "charge_models_lago": lago.answer,
    "credit_burndown_openmeter": openmeter.burn_down,
    "date_arithmetic_killbill": killbill.dates,
    "periods_meteroid": meteroid.period,
    "plan_change_proration_meteroid": meteroid.plan_change,
    "proration_cycles_killbill": killbill.cycles,
    "rating_delta_openmeter": openmeter.delta,
    "rating_lines_openmeter": openmeter.rate,
    "tier_examples_docs": others.tiers,
    "unit_and_seat_polar": others.polar,
}


def answers(content: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The answers to a set; its name is its own, or its file's."""
    found = SOURCES.get(str(content.get("set")), SOURCES.get(name))
    if found is None:
        raise SystemExit(f"no source answers {content.get('set') or name}")
    for case in content["cases"]:
        try:
            yield {"id": case["id"], "got": found(case)}
        except PriceRefused as refused:
            yield {"id": case["id"], "got": {"error": refused.code}}


def agrees(got: Any, expected: Any) -> bool:
    """Whether an answer is what a case expects; numbers by value, however they are written."""
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(
            key in got and agrees(got[key], value) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(got, list)
            and len(got) == len(expected)
            and all(agrees(*pair) for pair in zip(got, expected, strict=True))
        )
    left, right = _number(got), _number(expected)
    return got == expected if left is None or right is None else left == right


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
