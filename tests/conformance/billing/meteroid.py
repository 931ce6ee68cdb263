"""Meteroid's periods and plan changes in our terms."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from billing.periods import lengths
from billing.periods.cycles import Cycle
from billing.rating import shares
from billing.rating.lines import Rounder
from billing.rating.price import ONE
from billing.rating.shares import Proration
from tests.conformance.billing.others import number

Case = dict[str, Any]
LENGTHS = {
    "Monthly": lengths.MONTH,
    "Quarterly": lengths.QUARTER,
    "Semiannual": lengths.HALF_YEAR,
    "Annual": lengths.YEAR,
}


def period(case: Case) -> Case:
    """The period that is invoiced or in which a day lies, or how many cycles have elapsed."""
    length, billing_day = LENGTHS[case["billing_period"]], int(case["billing_day"])
    if "invoice_date" in case:
        return _invoiced(case, length, billing_day)
    cycle = Cycle(date.fromisoformat(case["billing_start"]), length, billing_day)
    target = date.fromisoformat(case["target"])
    if case["func"] == "test_calculate_elapsed_cycles":
        return {"expected": str(cycle.elapsed(target))}
    start, end = cycle.containing(target)
    return {"expected_start": start.isoformat(), "expected_end": end.isoformat()}


def _invoiced(case: Case, length: lengths.Length, billing_day: int) -> Case:
    day = date.fromisoformat(case["invoice_date"])
    if "billing_start_or_resume_date" in case:
        begun = date.fromisoformat(case["billing_start_or_resume_date"])
        back = lengths.moved(day, length, -1, anchor_day=billing_day)
        start, end = max(back, begun), day
    else:
        start, end = day, Cycle(day, length, billing_day).after(day)
    return {"expected_period_start": start.isoformat(), "expected_period_end": end.isoformat()}


def plan_change(case: Case) -> Case:
    """Credit for the rest of the period, then the charge for it; one-off fees stand in full."""
    start, end = (date.fromisoformat(one) for one in case["period"])
    rest = (date.fromisoformat(case["change_date"]), end)
    share = shares.share(rest, (start, end), Proration())
    cents = [
        *_lines(case["removed_or_old"], -share, one_time=case.get("old_kind")),
        *_lines(case["added_or_new"], share, one_time=case.get("new_kind")),
    ]
    return {"expect_line_cents": cents, "expect_net_cents": sum(cents)}


def _lines(fees: list[Any], share: Decimal, *, one_time: str | None) -> list[int]:
    found = []
    for fee in fees:
        amount = None if fee == "usage" else number(fee)
        if amount is None:
            continue
        if one_time == "one_time":
            share = ONE if share > 0 else share * 0
        found.append(int(Rounder(0)(amount * 100 * share)))
    return [one for one in found if one]
