"""What the forms of rules and delegations take; amounts with their currencies as typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.kernel import money, words
from app.kernel.approval_rules import Order, Policy, PolicyIn
from app.kernel.errors import Invalid
from app.web import forms

SecondFactor = Literal["never", "from", "always"]
Count = Annotated[int, Field(ge=0, le=5)]
_CURRENCY = re.compile(r"\b[A-Z]{3}\b")
_MOST = 30


class RuleForm(forms.Schema):
    """A rule as it is typed; `limits` has an amount with its currency in each line."""

    kind: Annotated[str, Field(max_length=80)]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    limits: Annotated[str, Field(max_length=1_000)] = ""
    provider_needed: Count = 0
    provider_people: Annotated[list[UUID], Field(default_factory=list, max_length=20)]
    client_needed: Count = 0
    client_people: Annotated[list[UUID], Field(default_factory=list, max_length=20)]
    sequence: Order = "beside"
    second_factor: SecondFactor = "never"
    second_limits: Annotated[str, Field(max_length=1_000)] = ""
    days: Annotated[int, Field(ge=1, le=365)] | None = None
    version: Annotated[int, Field(ge=0)] = 0

    def policy(self) -> PolicyIn:
        """The rule; raises Invalid at the field of an amount that is none."""
        second: Mapping[str, int] | None = None
        if self.second_factor != "never":
            typed = self.second_limits if self.second_factor == "from" else ""
            second = _limits(typed, "second_limits")
        return PolicyIn(
            kind=self.kind,
            title=self.title,
            limits=_limits(self.limits, "limits"),
            provider_needed=self.provider_needed,
            provider_people=tuple(self.provider_people),
            client_needed=self.client_needed,
            client_people=tuple(self.client_people),
            sequence=self.sequence,
            second_factor=second,
            days=self.days,
        )


class VersionForm(forms.Schema):
    """The version of a rule that was looked at."""

    version: Annotated[int, Field(ge=1)]


class DelegationForm(forms.Schema):
    """Who decides in one's stead, from the first to the last of these days."""

    to_person: UUID
    from_on: date
    until_on: date
    reason: Annotated[str, Field(max_length=300)] = ""


class NoForm(forms.Schema):
    """Nothing but the button."""


def values_of(found: Policy) -> dict[str, Any]:
    """A rule as its form shows it."""
    second = found.second_factor
    return {
        "kind": found.kind,
        "title": found.title,
        "limits": written(found.limits),
        "provider_needed": found.provider_needed,
        "provider_people": found.provider_people,
        "client_needed": found.client_needed,
        "client_people": found.client_people,
        "sequence": found.sequence,
        "second_factor": "never" if second is None else "from" if second else "always",
        "second_limits": written(second or {}),
        "days": found.days or "",
        "version": found.version,
    }


def written(limits: Mapping[str, int]) -> str:
    """Amounts as they are typed, one a line."""
    return "\n".join(
        f"{words.format_minor(minor, currency)} {currency}" for currency, minor in limits.items()
    )


def _limits(text: str, field: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in filter(None, (one.strip() for one in re.split(r"[\n;]", text))):
        currency = _CURRENCY.search(line)
        if currency is None or currency[0] not in money.CURRENCIES or currency[0] in found:
            raise Invalid.of(field, "approval-limits")
        typed = line.replace(currency[0], " ").strip()
        try:
            minor = money.parse_amount(typed, currency[0], decimal_comma=words.decimal_comma())
        except money.NotAnAmount as wrong:
            raise Invalid.of(field, wrong.code, currency=currency[0]) from None
        if minor < 0 or len(found) == _MOST:
            raise Invalid.of(field, "approval-limits")
        found[currency[0]] = minor
    return found
