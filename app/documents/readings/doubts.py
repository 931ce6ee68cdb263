"""What does not fit together on an invoice: sums, days, check digits; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as of_class
from datetime import date, timedelta
from typing import Any

from app.documents.fields import iban_holds, vat_holds
from app.documents.readings.said import Value

OLD = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something to look at: the field it stands at, its code and figures."""

    field: str
    code: str
    params: Mapping[str, Any] = of_class(default_factory=dict)


def of(values: Mapping[str, Value], *, today: date) -> tuple[Doubt, ...]:
    """Every doubt about these values, in the order of the fields."""
    return (*_sums(values), *_days(values, today), *_numbers(values))


def _sums(values: Mapping[str, Value]) -> Iterator[Doubt]:
    net, tax, total, due = (
        values[name].minor if name in values else None
        for name in ("net_minor", "tax_minor", "total_minor", "payable_minor")
    )
    if net is not None and total is not None and net + (tax or 0) != total:
        yield Doubt("total_minor", "sums-differ", {"difference": total - net - (tax or 0)})
    if total is not None and due is not None and abs(due) > abs(total):
        yield Doubt("payable_minor", "due-over-total", {"difference": abs(due) - abs(total)})
    if tax is not None and net and not 0 <= tax / net <= 0.3:
        yield Doubt("tax_minor", "tax-unusual")


def _days(values: Mapping[str, Value], today: date) -> Iterator[Doubt]:
    issued = values["issue_date"].on_day if "issue_date" in values else None
    due = values["due_date"].on_day if "due_date" in values else None
    if issued and issued > today + timedelta(days=1):
        yield Doubt("issue_date", "day-ahead")
    if issued and issued < today - OLD:
        yield Doubt("issue_date", "day-old")
    if issued and due and due < issued:
        yield Doubt("due_date", "due-before-issue")


def _numbers(values: Mapping[str, Value]) -> Iterator[Doubt]:
    if "seller_iban" in values and not iban_holds(values["seller_iban"].text):
        yield Doubt("seller_iban", "iban-digits")
    if "seller_vat" in values and not vat_holds(values["seller_vat"].text):
        yield Doubt("seller_vat", "vat-digits")
