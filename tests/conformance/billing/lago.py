"""Lago's charge models, aggregation, termination and periods in our terms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing import aggregation
from billing.periods import instants, lengths
from billing.periods.cycles import Cycle
from billing.rating import rate, seats, shares
from billing.rating.lines import Rounder, total
from billing.rating.models import Convention, Event, Measured
from billing.rating.price import (
    ZERO,
    Graduated,
    GraduatedPercentage,
    Model,
    Package,
    Percentage,
    Price,
    Tier,
    Unit,
    Volume,
)
from billing.rating.shares import Proration
from tests.conformance.billing.others import nested, number, written

Case = dict[str, Any]
CONVENTION = Convention(flat_at_zero=True)
LENGTHS = {
    "weekly": lengths.WEEK,
    "monthly": lengths.MONTH,
    "quarterly": lengths.QUARTER,
    "semiannual": lengths.HALF_YEAR,
    "yearly": lengths.YEAR,
}


def answer(case: Case) -> Case:
    """One case, by its model."""
    model, properties, given = case["model"], case["properties"], case["input"]
    if model == "prorated_graduated":
        return nested({"amount_rounded_2": written(_seats(properties, given))})
    if model == "weighted_sum_aggregation":
        return nested(_weighted(properties, given))
    if model == "termination_credit_note":
        return nested(_termination(properties, given))
    if model == "monthly_period":
        return nested(_period(properties, given))
    return nested(_charge(model, properties, given))


def _charge(name: str, properties: Case, given: Case) -> Case:
    """The amount of a charge, and what a unit comes to."""
    units = Decimal(str(given["units"]))
    model = _model(name, properties)
    used = Measured(ZERO, units, _events(given), tier_by=number(given.get("full_units")))
    amount = total(rate.rate(Price(model), used, convention=CONVENTION))
    by = units if given.get("full_units") is None else Decimal(str(given["full_units"]))
    if isinstance(model, Package):
        by = max(units - model.free, ZERO)
    each = amount / by if by else ZERO
    places = 5 if name in ("graduated",) else 2
    return {
        "amount": written(amount),
        "unit_amount": written(Rounder(15)(each)),
        "unit_amount_rounded": written(Rounder(places)(each)),
    }


def _model(name: str, properties: Case) -> Model:
    if name == "standard":
        return Unit(Decimal(properties["amount"]))
    if name == "package":
        size, free = Decimal(properties["package_size"]), Decimal(properties.get("free_units") or 0)
        return Package(Decimal(properties["amount"]), size, free)
    if name == "percentage":
        return Percentage(
            Decimal(properties["rate_percent"]),
            number(properties.get("fixed_per_event")) or ZERO,
            properties.get("free_events"),
            number(properties.get("free_units_total")),
            number(properties.get("per_transaction_min")),
            number(properties.get("per_transaction_max")),
        )
    tiers = _tiers(properties)
    if name == "graduated_percentage":
        return GraduatedPercentage(tiers)
    return Graduated(tiers) if name == "graduated" else Volume(tiers)


def _tiers(properties: Case) -> tuple[Tier, ...]:
    return tuple(
        Tier(
            number(one["to"]),
            number(one.get("per_unit")),
            number(one.get("flat")),
            number(one.get("rate_percent")) or ZERO,
        )
        for one in properties["ranges"]
    )


def _events(given: Case) -> tuple[Event, ...]:
    """The events: their values, or the running totals of the first and the rest in one."""
    if "event_values" in given:
        return tuple(Event(Decimal(str(one))) for one in given["event_values"])
    count = int(given.get("event_count", 0))
    running = [Decimal(str(one)) for one in given.get("running_total_of_first_free_events") or []]
    values = [now - before for before, now in zip([ZERO, *running], running, strict=False)]
    rest = Decimal(str(given["units"])) - sum(values, ZERO)
    if len(values) < count:
        values += [rest] + [ZERO] * (count - len(values) - 1)
    return tuple(Event(one) for one in values)


def _seats(properties: Case, given: Case) -> Decimal:
    events = [
        Event(Decimal(str(units)), share=Decimal(str(prorated)) / Decimal(str(units)))
        for units, prorated in zip(given["event_units"], given["event_prorated_units"], strict=True)
    ]
    return Rounder(2)(seats.prorated(_tiers(properties), events))


def _weighted(properties: Case, given: Case) -> Case:
    start = datetime.fromisoformat(properties["from"])
    end = start + timedelta(days=properties["period_days"])
    events = [
        aggregation.Seen(datetime.fromisoformat(at), Decimal(str(change)))
        for at, change in given["events"]
    ]
    held = Decimal(str(given.get("initial") or 0))
    found = aggregation.aggregate("time_weighted", events, period=(start, end), held=held)
    return {"units_rounded_5": written(Rounder(5)(found)), "event_count": len(events)}


def _termination(properties: Case, given: Case) -> Case:
    """The fee of the period, and the credit for its days after the one of termination."""
    start, ended = (datetime.fromisoformat(given[key]).date() for key in ("start", "terminate"))
    length = LENGTHS[properties["interval"]]
    day = start.day if properties["billing"] == "anniversary" else 1
    cycle = Cycle(start, length, day)
    if properties["billing"] == "calendar" and length.unit == "month":
        first = date(start.year, start.month - (start.month - 1) % length.count, 1)
        cycle = Cycle(first, length, 1)
    period = cycle.containing(start)
    amount, percent = Decimal(properties["amount_cents"]), Decimal(properties["tax_percent"])
    cents = Rounder(0)
    fee = cents(amount * shares.share((start, period[1]), period, Proration()))
    unused = shares.share((ended + timedelta(days=1), period[1]), period, Proration())
    credit = amount * unused
    found = {
        "invoice_fees": fee,
        "invoice_tax": cents(fee * percent / 100),
        "credit_subtotal": cents(credit),
        "credit_tax": cents(credit * percent / 100),
    }
    found["invoice_total"] = found["invoice_fees"] + found["invoice_tax"]
    found["credit_total"] = found["credit_subtotal"] + found["credit_tax"]
    return {key: int(value) for key, value in found.items()}


def _period(properties: Case, given: Case) -> Case:
    """The local period that is billed, its end the last second of its last day."""
    zone = ZoneInfo(properties["timezone"])
    day = instants.local_day(_at(given["billing_at"]), zone)
    begun = instants.local_day(_at(given["subscription_at"]), zone)
    anchor = 1 if properties["billing_time"] == "calendar" else begun.day
    cycle = Cycle(date(begun.year, begun.month, 1), lengths.MONTH, anchor)
    ended = given.get("terminated_at")
    if ended and _at(ended) <= _at(given["billing_at"]):
        last = instants.local_day(_at(ended) - timedelta(seconds=1), zone)
        start, end = cycle.containing(last)
    else:
        start, end = cycle.containing(day)
        if not properties["pay_in_advance"]:
            start, end = cycle.containing(start - timedelta(days=1))
    begins, ends = instants.begins(start, zone), instants.begins(end, zone) - timedelta(seconds=1)
    started = instants.begins(instants.local_day(_at(given["started_at"]), zone), zone)
    if ended:
        ends = min(ends, _at(ended))
    return {"from": _written(max(begins, started)), "to": _written(ends)}


def _at(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
