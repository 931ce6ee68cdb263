"""Reads a printed invoice: every field from its label or its form, with how far it is believed.

A field is believed fully only where something else on the page proves it: totals by each other, the
amount due by the total, VAT and account numbers by their check digits when there is only one; and
number, day and kind where the headline says all three in one sentence with the kind's code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.documents.fields import Fields, Reading, Source
from app.documents.printed import labels, parties, totals, values
from app.documents.printed.page import Row, Word, rows
from app.kernel.money import CURRENCIES, exponent, round_half_up

ACCEPTED = 0.995
"""What is believed at least so far may be taken without a person's look (rulings: 99.5 %)."""
_CHECKED = 0.996
_STRONG = 0.97
_LIKELY = 0.85
_GUESSED = 0.6
_ANY_DATE = frozenset({"date", "datum", "data", "fecha", "dato"})
_HEAD_ROWS = 25
_CODE = re.compile(r"\((\d{3})\)")
_SENTENCE = re.compile(
    r"(?:\([^()\d]*\) ?)?\((?P<kind>[1-9]\d{2})\) (?:nr|no|n°|number|num[eé]ro)\.? ?:? ?"
    r"(?P<number>(?=\S*\d)\S{1,60}) (?:vom|of|dated|du|del|van) (?P<day>\S{1,30})",
    re.IGNORECASE,
)
"""What stands behind the headline, as `(380) Nr. R-31 vom 03.10.2018`."""
_MONTH_FIRST = frozenset({"USD"})


def read(words: Iterable[Word], *, source: Source) -> Reading:
    """The fields of one invoice; what is not found is None and has no confidence."""
    page = rows(words)
    text = "\n".join(row.text for row in page)
    currency, sure = _currency(page, text)
    found: dict[str, tuple[Any, float]] = {}
    if currency:
        found["currency"] = (currency, _CHECKED if sure else _GUESSED)
    found.update(_number(page))
    found.update(_days(page, month_first=currency in _MONTH_FIRST))
    found.update(_parties(page))
    found.update(_totals(page, currency))
    found["kind"] = _kind(page)
    if source == "text":  # a picture may be misread in each of its signs
        found.update(_sentence(page))
    fields = replace(Fields(), **{name: value for name, (value, _sure) in found.items()})
    return Reading(source, fields, {name: sure for name, (_value, sure) in found.items()})


def _currency(page: list[Row], text: str) -> tuple[str | None, bool]:
    for label in labels.beside(page, labels.CURRENCY):
        said = f"{label.rest} {label.right.text if label.right else ''}"
        for word in said.replace("(", " ").replace(")", " ").split():
            if word in CURRENCIES:
                return word, True
    return values.currency(text)


def _kind(page: list[Row]) -> tuple[str, float]:
    """The code of UNTDID 1001: printed behind the headline, else by the headline's word."""
    for label in labels.beside(page[:_HEAD_ROWS], labels.HEADLINE):
        if printed := _CODE.search(label.rest):
            return printed[1], _STRONG
    if next(labels.beside(page[:_HEAD_ROWS], labels.CREDIT), None):
        return "381", _LIKELY
    return "380", _LIKELY


def _sentence(page: list[Row]) -> dict[str, tuple[Any, float]]:
    """Kind, number and day of a headline that says all three; nothing where there are several."""
    said = [
        match
        for label in labels.beside(page[:_HEAD_ROWS], labels.HEADLINE)
        if (match := _SENTENCE.fullmatch(" ".join(label.rest.split())))
    ]
    day = values.day(said[0]["day"], month_first=False) if len(said) == 1 else None
    if day is None or not day.sure:
        return {}
    return {
        "kind": (said[0]["kind"], _CHECKED),
        "invoice_number": (said[0]["number"], _CHECKED),
        "issue_date": (day.on, _CHECKED),
    }


def _number(page: list[Row]) -> dict[str, tuple[Any, float]]:
    found = []
    for label in labels.beside(page, labels.NUMBER):
        texts = [label.rest, label.right.text if label.right else ""]
        texts += [cell.text for cell in label.below[:1]]
        number = next((one for text in texts if (one := values.number(text))), None)
        if number:
            found.append(number)
    if found:
        return {"invoice_number": (found[0], _STRONG if len(set(found)) == 1 else _GUESSED)}
    for label in labels.beside(page, labels.HEADLINE):
        behind = label.rest.partition("Nr.")[2] or label.rest
        if number := values.number(behind):
            return {"invoice_number": (number, _LIKELY)}
    return {}


def _days(page: list[Row], *, month_first: bool) -> dict[str, tuple[Any, float]]:
    answer: dict[str, tuple[Any, float]] = {}
    for name, phrases in (("issue_date", labels.ISSUED), ("due_date", labels.DUE)):
        for label in labels.beside(page, phrases):
            day = _day_beside(label, month_first=month_first)
            if day is None:
                continue
            strong = _LIKELY if label.label in _ANY_DATE else _STRONG
            answer[name] = (day.on, strong if day.sure else _GUESSED)
            if label.label not in _ANY_DATE:
                break
    if "issue_date" not in answer:
        for label in labels.beside(page, labels.HEADLINE):
            if day := values.day(label.rest, month_first=month_first):
                return {**answer, "issue_date": (day.on, _LIKELY if day.sure else _GUESSED)}
    return answer


def _day_beside(label: labels.Beside, *, month_first: bool) -> values.Day | None:
    texts = [label.rest, label.right.text if label.right else ""]
    texts += [cell.text for cell in label.below[:1]]
    return next((one for text in texts if (one := values.day(text, month_first=month_first))), None)


def _parties(page: list[Row]) -> dict[str, tuple[Any, float]]:
    found = parties.find(page)
    answer: dict[str, tuple[Any, float]] = {}
    if found.seller:
        answer["seller_name"] = (found.seller, _LIKELY if found.seller_labelled else _GUESSED)
    if found.buyer:
        answer["buyer_name"] = (found.buyer, _GUESSED)
    for name, number in (("seller_vat", found.vat), ("seller_iban", found.iban)):
        if number:
            answer[name] = (number.text, _CHECKED if number.sure else _GUESSED)
    return answer


def _totals(page: list[Row], currency: str | None) -> dict[str, tuple[Any, float]]:
    found = totals.find(page)
    believed = totals.PROVEN if found.proven else totals.LABELLED
    sums = {"net_minor": found.net, "tax_minor": found.tax, "total_minor": found.total}
    answer: dict[str, tuple[Any, float]] = {
        name: (_minor(amount, currency), believed)
        for name, amount in sums.items()
        if amount is not None
    }
    if found.payable is not None:
        due = believed if found.due_labelled or found.payable == found.total else _LIKELY
        surely = due if found.due_proven else min(due, _STRONG)
        answer["payable_minor"] = (_minor(found.payable, currency), surely)
    return answer


def _minor(amount: Decimal, currency: str | None) -> int:
    places = exponent(currency) if currency in CURRENCIES else 2
    return round_half_up(amount.scaleb(places))
