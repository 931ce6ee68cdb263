"""The values of fields in one form: as text, and typed where they are amounts or days; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.documents.fields import Fields
from app.kernel.money import CURRENCIES, MAX_MINOR, exponent, to_minor

FIELDS = tuple(name for name in Fields.__slots__ if name != "lines")
AMOUNTS = frozenset({"net_minor", "tax_minor", "total_minor", "payable_minor"})
DAYS = frozenset({"issue_date", "due_date"})
MOST_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Value:
    """One value: `text` for people, `minor` units of the paper's currency, or the day."""

    text: str
    minor: int | None = None
    on_day: date | None = None

    def as_row(self) -> dict[str, Any]:
        """Plain values for JSON and SQL."""
        return {
            "value": self.text,
            "minor": self.minor,
            "on_day": self.on_day.isoformat() if self.on_day else None,
        }


def values(fields: Fields) -> dict[str, Value]:
    """Every field that says something."""
    found: dict[str, Value] = {}
    for name in FIELDS:
        one = getattr(fields, name)
        if isinstance(one, int) and abs(one) > MAX_MINOR:
            continue  # more than any book holds: read wrongly
        if isinstance(one, int):
            found[name] = Value(amount_text(one, fields.currency), minor=one)
        elif isinstance(one, date):
            found[name] = Value(one.isoformat(), on_day=one)
        elif one:
            found[name] = Value(str(one)[:MOST_TEXT].replace("\0", " "))
    return found


def printed(found: Mapping[str, Value], currency: str | None) -> dict[str, str | Decimal | date]:
    """The values as they may be printed, for looking them up on a page."""
    answer: dict[str, str | Decimal | date] = {}
    for name, value in found.items():
        if value.minor is not None:
            answer[name] = Decimal(value.minor).scaleb(-places(currency))
        else:
            answer[name] = value.on_day or value.text
    return answer


def places(currency: str | None) -> int:
    """Decimal places of a currency; two for an unknown one."""
    return exponent(currency) if currency in CURRENCIES else 2


def in_currency(value: Value, *, before: str | None, now: str) -> Value:
    """The same decimal amount in another currency; raises money.NotAnAmount where it does not fit.

    JPY 1,000 that are EUR are 1,000.00, so 1000 minor units become 100000.
    """
    if value.minor is None:
        return value
    minor = to_minor(Decimal(value.minor).scaleb(-places(before)), now)
    return Value(amount_text(minor, now), minor=minor)


def amount_text(minor: int, currency: str | None) -> str:
    """An amount with a point, as `1234.50`."""
    return format(Decimal(minor).scaleb(-places(currency)), "f")
