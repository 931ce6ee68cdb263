"""What a cell says: a day in any order, an amount with any signs; pure and exact."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Order = Literal["ymd", "dmy", "mdy"]
_DAY = re.compile(r"(\d{1,4})[./\-\s](\d{1,2}|[A-Za-zäéû]{3,9}\.?)[./\-\s,]+(\d{1,4})(?:[ T].*)?")
_BARE = re.compile(r"(20\d\d|19\d\d)(0[1-9]|1[0-2])([0-3]\d)")
_SHORT = re.compile(r"\d{3,4}")
_AMOUNT = re.compile(r"[+-]?\d[\d.,' \u00a0\u202f]*-?")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan ene janv gen januar january",
            "feb fév fev févr febbraio februar february",
            "mar mär mrz mars maart märz march marzo",
            "apr avr abr aprile april avril",
            "may mai mei mag mayo maggio",
            "jun juin giu juni june junio",
            "jul juil lug juli july julio",
            "aug août aou ago agosto august",
            "sep sept set september septembre",
            "oct okt ott october oktober octobre",
            "nov november novembre",
            "dec dez déc dic des december dezember",
        ),
        1,
    )
    for name in names.split()
}


@dataclass(frozen=True, slots=True)
class Orders:
    """In which order days are written; the rows that prove each, 0 where none does."""

    dmy_row: int = 0
    mdy_row: int = 0
    unsure: bool = False

    @property
    def contradictory(self) -> bool:
        """Whether some rows can only be read the one way and some only the other."""
        return bool(self.dmy_row and self.mdy_row)


def is_day(text: str) -> bool:
    """Whether a text is surely written as a day."""
    return bool(_DAY.fullmatch(text) or _BARE.fullmatch(text))


def may_be_day(text: str) -> bool:
    """Whether a text may be a day; 3103 is one where the year is known."""
    return is_day(text) or bool(_SHORT.fullmatch(text))


def may_be_amount(text: str) -> bool:
    """Whether a text may be an amount."""
    try:
        amount(text, decimal_comma=None)
    except ValueError:
        return False
    return True


def orders(cells: Iterable[tuple[int, str]]) -> Orders:
    """What the days of a column, with their rows, prove of the order they are written in."""
    dmy_row = mdy_row = 0
    unsure = False
    for row, text in cells:
        found = _DAY.fullmatch(text)
        if not found or len(found[1]) == 4 or not found[2].isdigit():
            continue
        first, second = int(found[1]), int(found[2])
        if first > 12 >= second:
            dmy_row = dmy_row or row
        elif second > 12 >= first:
            mdy_row = mdy_row or row
        elif first != second:
            unsure = True
    return Orders(dmy_row, mdy_row, unsure and not (dmy_row or mdy_row))


def day(text: str, *, order: Order, year: int | None = None) -> date:
    """The day; raises ValueError for one that is not in the calendar."""
    bare = _BARE.fullmatch(text)
    if bare:
        return date(int(bare[1]), int(bare[2]), int(bare[3]))
    if _SHORT.fullmatch(text) and year is not None:
        whole = text.zfill(4)
        return date(year, int(whole[2:]), int(whole[:2]))
    found = _DAY.fullmatch(text)
    if not found:
        raise ValueError(text)
    first, second, third = found.groups()
    if not second.isdigit():
        return date(_year(third), _month(second), int(first))
    if len(first) == 4:
        return date(int(first), int(second), int(third))
    if order == "mdy":
        return date(_year(third), int(first), int(second))
    return date(_year(third), int(second), int(first))


def _year(text: str) -> int:
    number = int(text)
    return number if number > 99 else 2000 + number if number < 70 else 1900 + number


def _month(text: str) -> int:
    plain = text.casefold().rstrip(".")
    found = _MONTHS.get(plain) or _MONTHS.get(plain[:3])
    if found is None:
        raise ValueError(text)
    return found


def decimal_comma(texts: Iterable[str]) -> bool | None:
    """Whether amounts are written with a decimal comma; None where nothing tells."""
    for text in texts:
        comma, point = text.rfind(","), text.rfind(".")
        if comma >= 0 and point >= 0:
            return comma > point
        place = max(comma, point)
        after = len(text.rstrip(" -)CRDcrdHS")) - place - 1
        if place >= 0 and (
            after in (1, 2) or (text.count(",") + text.count(".") == 1 and after > 3)
        ):
            return comma >= 0
    return None


def amount(text: str, *, decimal_comma: bool | None) -> Decimal:
    """The amount of a cell: 1,234.50 · (12.00) · 12.00- · 12.00 CR; an empty cell is zero.

    Raises ValueError. What currency signs and letters stand around a number is left aside.
    """
    bare = re.sub(r"[€$£¥₹]|(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", "", text).strip()
    sign = 1
    if bare.startswith("(") and bare.endswith(")"):
        bare, sign = bare[1:-1].strip(), -1
    marked = re.fullmatch(r"(.*\d)\s*(CR|DR|Cr|Dr|C|D|H|S)\.?", bare)
    if marked:
        bare = marked[1]
        sign = -sign if marked[2] in ("CR", "Cr", "C", "H") else sign
    if bare in ("", "-", "–"):
        return Decimal(0)
    bare = bare.replace("\u2212", "-")
    if not _AMOUNT.fullmatch(bare):
        raise ValueError(text)
    if bare.endswith("-"):
        bare, sign = bare[:-1], -sign
    comma = _is_comma(bare) if decimal_comma is None else decimal_comma
    groups, point = (".", ",") if comma else (",", ".")
    plain = re.sub(rf"[{re.escape(groups)}' \u00a0\u202f]", "", bare).replace(point, ".")
    if plain.count(".") > 1 or len(plain) > 30:
        raise ValueError(text)
    return sign * Decimal(plain)


def _is_comma(text: str) -> bool:
    return decimal_comma([text]) or False
