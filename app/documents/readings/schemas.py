"""What the form of a reading sends, and how it is read in the person's own writing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from app.documents.readings import said
from app.documents.readings.models import ReadingView
from app.documents.readings.said import Value
from app.kernel import money, words
from app.kernel.errors import Invalid, Problem
from app.web import forms


class ReadingForm(forms.Schema):
    """Every field of the page; an empty one says that the paper does not name it."""

    version: int
    invoice_number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    kind: str | None = None
    seller_name: str | None = None
    seller_vat: str | None = None
    seller_iban: str | None = None
    buyer_name: str | None = None
    currency: str | None = None
    net_minor: str | None = None
    tax_minor: str | None = None
    total_minor: str | None = None
    payable_minor: str | None = None


class VersionForm(forms.Schema):
    """An act on a reading as this person saw it."""

    version: int


class AgainForm(forms.Schema):
    """Reading once more; `version` where a person worked on the reading and was asked."""

    version: int | None = None


def typed(form: ReadingForm) -> dict[str, Value | None]:
    """The fields as values; raises Invalid with a problem for each wrong one."""
    currency = (form.currency or "").upper() or None
    faults: dict[str, list[Problem]] = {}
    if currency is not None and currency not in money.CURRENCIES:
        faults["currency"] = [Problem("currency-not-known")]
    answer: dict[str, Value | None] = {}
    for name in said.FIELDS:
        found = getattr(form, name)
        if found is None or found == "":
            answer[name] = None
        elif isinstance(found, date):
            answer[name] = Value(found.isoformat(), on_day=found)
        elif name in said.AMOUNTS:
            answer[name] = _amount(name, found, currency, faults)
        else:
            answer[name] = Value(currency if name == "currency" and currency else found)
    if faults:
        raise Invalid("invalid", faults)
    return answer


def _amount(
    name: str, text: str, currency: str | None, faults: dict[str, list[Problem]]
) -> Value | None:
    if currency is None or currency not in money.CURRENCIES:
        faults.setdefault("currency", [Problem("currency-not-known")])
        return None
    try:
        minor = money.parse_amount(text, currency, decimal_comma=words.decimal_comma())
    except money.NotAnAmount as fault:
        faults[name] = [Problem(fault.code, {"currency": currency})]
        return None
    return Value(said.amount_text(minor, currency), minor=minor)


def shown(found: ReadingView) -> Mapping[str, object]:
    """The values of the form in the reader's writing."""
    answer: dict[str, object] = {"version": found.version}
    for name, value in found.values.items():
        if value.minor is not None:
            answer[name] = written(value.minor, found.currency)
        else:
            answer[name] = value.text
    return answer


def written(minor: int, currency: str | None) -> str:
    """An amount as the reader types it."""
    if currency in money.CURRENCIES:
        return words.format_minor(minor, currency)
    return said.amount_text(minor, currency)
