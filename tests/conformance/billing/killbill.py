"""Kill Bill's cycles, intervals, dates and block tiers in our terms."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from billing.periods import cycles as engine
from billing.periods import lengths
from billing.periods.cycles import Cycle
from billing.periods.lengths import Length
from billing.rating import models, price
from billing.rating.lines import Rounder
from billing.rating.models import Convention, Measured
from billing.rating.price import ZERO
from tests.conformance.billing.others import number, written

Case = dict[str, Any]
LENGTHS = {
    "daily": lengths.DAY,
    "weekly": lengths.WEEK,
    "biweekly": lengths.FORTNIGHT,
    "thirty_days": Length("day", 30),
    "thirty_one_days": Length("day", 31),
    "sixty_days": Length("day", 60),
    "ninety_days": Length("day", 90),
    "monthly": lengths.MONTH,
    "bimestrial": Length("month", 2),
    "quarterly": lengths.QUARTER,
    "triannual": Length("month", 4),
    "biannual": lengths.HALF_YEAR,
    "annual": lengths.YEAR,
    "sesquiennial": Length("month", 18),
    "biennial": Length("month", 24),
    "triennial": Length("month", 36),
}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _cycle(case: Case, length: str) -> Cycle:
    return Cycle(date.fromisoformat(case["start"]), LENGTHS[length.lower()], case["bill_cycle_day"])


def cycles(case: Case) -> Case:
    """How many cycles are billed in advance, each share to nine places."""
    found = engine.cycles_in_advance(
        _cycle(case, case["billing_period"]),
        end=_day(case["end"]),
        target=date.fromisoformat(case["target"]),
    )
    return {"expect_cycles": written(sum(map(Rounder(9), found), ZERO))}


def interval(case: Case) -> Case:
    """A boundary of the interval that is billed."""
    cycle = _cycle(case, case["period"])
    target, end = _day(case["target"]), _day(case["end"])
    if case["what"] == "FirstBillingCycleDate":
        return {"expect": cycle.first.isoformat()}
    assert target is not None
    arrears = case["mode"] == "IN_ARREAR"
    found = engine.billed_until(cycle, end=end, target=target, arrears=arrears)
    if case["what"] == "NextBillingCycleDate":
        found = cycle.after(found) if arrears else cycle.from_(found)
    return {"expect": found.isoformat()}


def dates(case: Case) -> Case:
    """Whole periods between dates, and dates moved by them."""
    length = LENGTHS[case["period"].lower()]
    day = date.fromisoformat(case["date"])
    if case["op"] == "calculateNumberOfWholeBillingPeriods":
        other = date.fromisoformat(case["date2"])
        return {"expect": lengths.whole_between(day, other, length)}
    n = int(case["n"]) * (-1 if case["op"].startswith("recede") else 1)
    return {"expect": lengths.moved(day, length, n).isoformat()}


def blocks(case: Case) -> Case:
    """What each tier of started blocks comes to."""
    tiers = tuple(
        price.Block(Decimal(str(one["block"])), number(one["max_blocks"]), Decimal(one["price"]))
        for one in case["tiers"]
    )
    mode = "volume" if case["policy"] == "TOP_TIER" else "graduated"
    model = price.Blocks(tiers, mode)  # type: ignore[arg-type]  # one of both
    found = models.priced(model, Measured(ZERO, Decimal(str(case["units"]))), Convention())
    return {"expect_amounts_per_tier": [written(one.amount) for one in found]}
