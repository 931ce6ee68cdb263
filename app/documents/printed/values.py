"""Dates, amounts, numbers and currencies as they are printed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.documents.printed.labels import folded
from app.kernel.money import CURRENCIES, NotAnAmount, parse_decimal

_AMOUNT = re.compile(
    r"(?<![\w.,/-])[-−+]?\s?\(?(?:\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})+|\d+)[.,]\d{2}"
    r"\)?-?(?![\w%/]|[.,]\d)"
)
_DAY = re.compile(r"(?<!\d)(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{2,4})(?!\d)")
_NAMED_DAY = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[. ]+([a-z]{3,10})[. ,]+(\d{4})(?!\d)")
_NAMED_FIRST = re.compile(r"\b([a-z]{3,10})[. ]+(\d{1,2})(?:st|nd|rd|th)?\s?,?\s+(\d{4})(?!\d)")
_MONTHS = (
    ("jan", "gen", "ene"), ("feb", "fev", "fevr"), ("mar", "maer", "mae", "mrt", "mrz"),
    ("apr", "avr", "abr"), ("mai", "may", "mei", "mag", "maj"), ("jun", "juin", "giu"),
    ("jul", "juil", "lug"), ("aug", "aou", "ago"), ("sep", "set"), ("oct", "okt", "ott"),
    ("nov",), ("dec", "dez", "dic", "des"),
)  # fmt: skip
_NUMBER = re.compile(r"[#№]?\s?([A-Za-z0-9][A-Za-z0-9/_.\-]{0,40})")
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "₹": "INR", "¥": "JPY", "zł": "PLN"}
_AMBIGUOUS_SIGNS = frozenset("$¥")


@dataclass(frozen=True, slots=True)
class Day:
    """A date as printed; `sure` unless day and month could be read either way."""

    on: date
    sure: bool = True


def amounts(text: str) -> list[Decimal]:
    """Amounts with two decimal places, in their order."""
    found = []
    for match in _AMOUNT.finditer(text):
        try:
            found.append(parse_decimal(match[0].replace(" ", "")))
        except NotAnAmount:
            continue
    return found


def is_amount(text: str) -> bool:
    """Whether a text is one amount with its currency and nothing else."""
    rest = _AMOUNT.sub("", text, count=1)
    return rest != text and not any(sign.isdigit() for sign in rest) and len(rest.strip()) <= 4


def day(text: str, *, month_first: bool) -> Day | None:
    """The first date of a text; `month_first` decides what could be read either way."""
    plain = folded(text.replace(".", "·")).replace("·", ".")
    for pattern, month, on in ((_NAMED_DAY, 2, 1), (_NAMED_FIRST, 1, 2)):
        for found in pattern.finditer(plain):
            if named := _calendar(int(found[3]), _month(found[month]), int(found[on])):
                return Day(named)
    for found in _DAY.finditer(plain):
        if read := _numeric(found, month_first=month_first):
            return read
    return None


def _numeric(found: re.Match[str], *, month_first: bool) -> Day | None:
    one, two, three = int(found[1]), int(found[3]), int(found[4])
    if len(found[1]) == 4:
        iso = _calendar(one, two, three)
        return Day(iso) if iso else None
    if len(found[1]) > 2 or len(found[4]) == 3:
        return None
    year = three if three > 99 else 2000 + three
    american = month_first and found[2] in "/-"
    orders = ((two, one), (one, two)) if not american else ((one, two), (two, one))
    days = [read for month, on in orders if (read := _calendar(year, month, on))]
    if not days:
        return None
    return Day(days[0], sure=len(set(days)) == 1 or found[2] == ".")


def _calendar(year: int, month: int | None, on: int) -> date | None:
    try:
        return date(year, month or 0, on) if 1990 <= year <= 2100 else None
    except ValueError:
        return None


def _month(name: str) -> int | None:
    starts = (number for number, names in enumerate(_MONTHS, 1) if name.startswith(names))
    return next(starts, None)


def number(text: str) -> str | None:
    """A document's number: the first word with a digit that is no date and no amount."""
    for match in _NUMBER.finditer(text):
        found = match[1].rstrip(".-/_")
        if not any(sign.isdigit() for sign in found) or amounts(found):
            continue
        if _DAY.fullmatch(found):
            return None
        return found
    return None


def currency(text: str) -> tuple[str | None, bool]:
    """The currency a document speaks of most, and whether that is sure."""
    seen: Counter[str] = Counter(
        word for word in re.findall(r"(?<![A-Z])[A-Z]{3}(?![A-Z])", text) if word in _COMMON
    )
    codes = bool(seen)
    for sign, code in _SIGNS.items():
        seen[code] += text.count(sign)
    best = seen.most_common(2)
    if not best or not best[0][1]:
        return None, False
    only = len(best) == 1 or best[0][1] > 3 * best[1][1]
    ambiguous = not codes and any(_SIGNS[sign] == best[0][0] for sign in _AMBIGUOUS_SIGNS)
    return best[0][0], only and not ambiguous


_COMMON = frozenset(
    "EUR USD GBP CHF SEK NOK DKK PLN CZK HUF RON BGN INR JPY CNY HKD SGD AUD CAD NZD ZAR TRY "
    "AED MXN BRL".split()
) & set(CURRENCIES)


def tokens(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """The matches of a pattern without the spaces inside them."""
    for match in pattern.finditer(text):
        yield re.sub(r"[\s.]", "", match[0])
