"""Flexprice's billing dates and day-based proration in our terms."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.periods import anchors, instants
from billing.rating import shares
from billing.rating.lines import Rounder
from billing.rating.price import ZERO
from billing.rating.shares import Proration

Case = dict[str, Any]
CENTS = Rounder(2)
INCLUSIVE = Proration("actual", inclusive=True)
PLAN = "Credit for unused time on previous plan before"
DESCRIPTIONS = {
    "Upgrade": (f"{PLAN} upgrade", "Prorated charge for upgrade"),
    "Downgrade": (f"{PLAN} downgrade", "Prorated charge for downgrade"),
    "QuantityChange": (
        "Credit for unused time on previous quantity",
        "Prorated charge for quantity change",
    ),
    "AddItem": ("", "Prorated charge for new item"),
    "RemoveItem": ("Credit for unused time on removed item", ""),
    "Cancellation": ("Credit for unused time after cancellation", ""),
}


def answer(case: Case) -> Case:
    """One case, by the name of its test."""
    func = case["func"]
    if func == "TestCalculateCalendarBillingAnchor":
        found = anchors.next_calendar(_at(case["startDate"]), _length(case["billingPeriod"]))
        return {"want": _written(found)}
    if func.startswith("TestNextBillingDate"):
        return {"want": _written(_next(case))}
    if func == "TestCalculator_DaysInDurationWithDST":
        zone = _zone(case)
        start, end = (instants.local_day(_at(case[key]), zone) for key in ("start", "end"))
        return {"expected": shares.days(start, end, Proration())}
    if func == "TestCalculator_CapCreditAmount":
        capped = shares.capped_credit(
            _value(case["potentialCredit"]),
            paid=_value(case["originalAmount"]),
            credited=_value(case["previousCredits"]),
        )
        return {"expectedCredit": "Zero" if not capped else _plain(capped)}
    return {"expected": _prorated(case["params"])}


def _next(case: Case) -> datetime:
    start = _at(case.get("currentPeriodStart") or case["current"])
    anchor = _at(case.get("billingAnchor") or case["anchor"])
    period = case.get("billingPeriod") or case.get("period") or "BILLING_PERIOD_MONTHLY"
    end = case.get("subscriptionEndDate") or case.get("end")
    length = _length(period)
    assert length is not None, period
    found = anchors.next_boundary(start, anchor, length, times=int(case.get("unit", 1)))
    return min(found, _at(end)) if end else found


def _length(name: str) -> anchors.Step | None:
    return anchors.STEPS.get(name.removeprefix("BILLING_PERIOD_").lower())


def _prorated(given: Case) -> Case:
    """The credit for the old and the charge for the new, both by days with the last one."""
    action = given["Action"].removeprefix("ProrationAction")
    rest, period = _spans(given)
    share = shares.share(rest, period, INCLUSIVE)
    credit, charge = ZERO, ZERO
    if not str(given.get("ProrationBehavior", "")).endswith("None"):
        advance = str(given.get("PlanPayInAdvance", "true")) == "true"
        old = _value(given.get("OldQuantity", 0)) * _value(given.get("OldPricePerUnit", 0))
        credit = CENTS(old * share) if advance else ZERO
        if action != "QuantityChange":  # there the source looks at no payment
            credit = shares.capped_credit(
                credit,
                paid=_value(given.get("OriginalAmountPaid", 0)),
                credited=_value(given.get("PreviousCreditsIssued", 0)),
            )
        new = _value(given.get("NewQuantity", 0)) * _value(given.get("NewPricePerUnit", 0))
        charge = CENTS(new * share)
    return {
        "NetAmount": _plain(charge - credit),
        "Action": given["Action"],
        "ProrationDate": given["ProrationDate"],
        "Currency": given.get("Currency"),
        "IsPreview": "false",
        "CreditItems": _items(given, action, "Old", -credit),
        "ChargeItems": _items(given, action, "New", charge),
        "CurrentPeriodStart": given["CurrentPeriodStart"],
        "CurrentPeriodEnd": given["CurrentPeriodEnd"],
    }


def _zone(given: Case) -> ZoneInfo:
    named = str(given.get("Timezone") or given.get("timezone") or "")
    return ZoneInfo("UTC" if "Default" in named or not named else named)


def _spans(given: Case) -> tuple[tuple[date, date], tuple[date, date]]:
    zone = _zone(given)
    start, change, end = (
        instants.local_day(_at(given[key]), zone)
        for key in ("CurrentPeriodStart", "ProrationDate", "CurrentPeriodEnd")
    )
    return (change, end), (start, end)


def _items(given: Case, action: str, side: str, amount: Decimal) -> Any:
    if not amount:
        return {}
    credit = side == "Old"
    return [
        {
            "Description": DESCRIPTIONS.get(action, ("", ""))[0 if credit else 1],
            "Amount": _plain(amount),
            "StartDate": given["ProrationDate"],
            "EndDate": given["CurrentPeriodEnd"],
            "Quantity": given[f"{side}Quantity"],
            "PriceID": given[f"{side}PriceID"],
            "IsCredit": str(credit).lower(),
        }
    ]


def _value(given: Any) -> Decimal:
    return ZERO if given == "Zero" else Decimal(str(given))


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
