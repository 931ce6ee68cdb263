"""Dates and amounts as people and banks write them in tables, read by one stated convention."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from connectors.catalog.bank.table_grid import Cell, Formula

ORDERS = ("YMD", "DMY", "MDY", "DYM")
_TIME = r"(?:[T ,]+\d{1,2}[:.]\d{2}.*)?"
_NUMBERS = re.compile(rf"(\d{{1,4}})\s*[-/. ]\s*(\d{{1,4}})\s*[-/. ]\s*(\d{{1,4}})\.?{_TIME}\Z")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})\Z")
_NAMED = re.compile(rf"(\d{{1,2}})[-/. ]*([^\W\d_]{{3,12}})\.?[-/, ]*(\d{{2,4}}){_TIME}\Z")
_NAME_FIRST = re.compile(rf"([^\W\d_]{{3,12}})\.?\s+(\d{{1,2}}),?\s+(\d{{4}}){_TIME}\Z")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januar january janvier enero januari ene gennaio gen janv jän jänner",
            "feb februar february février febrero februari febbraio fév févr",
            "mar mär märz march mars marzo maart mrt mrz",
            "apr april avril abril aprile avr abr",
            "may mai mayo mei maggio maj mag",
            "jun juni june juin junio giugno giu",
            "jul juli july juillet julio luglio lug juil",
            "aug august août agosto augustus ago aoû",
            "sep sept september septembre septiembre settembre set",
            "oct okt oktober october octobre octubre ottobre ott",
            "nov november novembre noviembre",
            "dec dez dezember december décembre diciembre dicembre dic déc",
        ),
        start=1,
    )
    for name in names.split()
}
_SERIAL = (Decimal(10_000), Decimal(110_000))
_EPOCH = date(1899, 12, 30)
"""Day zero of Excel's reckoning, with its leap day of 1900 that never was already taken off."""

_SIGNS = "-−‒–—"
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’`]")
_LONGEST = 60
"""No amount is written longer, sign, currency and grouping included."""
_MONEY = re.compile(
    r"\A(?P<open>\()?\s*(?P<before>[+\-−‒–—]?)\s*(?P<c1>[^\W\d_]{1,4}\.?|[€$£¥₹₽₺₩฿₪])?\s*"
    r"(?P<sign>[+\-−‒–—]?)\s*(?P<digits>\d[\d.,\s\u00a0\u202f\u2009'’`]*|[.,]\d+)\s*"
    r"(?P<after>[+\-−‒–—]?)\s*(?P<c2>[^\W\d_]{1,4}\.?|[€$£¥₹₽₺₩฿₪%])?\s*"
    r"(?P<close>\))?\s*(?P<last>[+\-−‒–—]?)\Z"
)
_DEBIT_MARKS = {"DR", "D", "S"}
_CREDIT_MARKS = {"CR", "C", "H"}


@lru_cache(maxsize=65_536)
def read_day(cell: Cell, order: str) -> date | None:
    """The day of a cell by an order of day, month and year; None where it is none."""
    if isinstance(cell, date):
        return cell
    if isinstance(cell, Decimal):
        return _serial(cell)
    text = cell.strip()
    compact = _COMPACT.match(text)
    if compact:
        return _day(*(int(part) for part in compact.groups()))
    found = _NUMBERS.match(text)
    if found:
        return _ordered((found[1], found[2], found[3]), order)
    return _worded(text)


def _serial(cell: Decimal) -> date | None:
    """Days since 1899-12-30; a compact date YYYYMMDD kept as a number is read as such."""
    if cell == cell.to_integral_value() and Decimal(19000101) <= cell <= Decimal(22001231):
        whole = int(cell)
        return _day(whole // 10_000, whole // 100 % 100, whole % 100)
    if _SERIAL[0] <= cell < _SERIAL[1]:
        return _EPOCH + timedelta(days=int(cell))
    return None


def _ordered(parts: tuple[str, str, str], order: str) -> date | None:
    by = dict(zip(order, parts, strict=True))
    if len(by["Y"]) not in (2, 4) or len(by["M"]) > 2 or len(by["D"]) > 2:
        return None
    if order == "YMD" and len(by["Y"]) == 2:
        return None
    return _day(_year(by["Y"]), int(by["M"]), int(by["D"]))


def _worded(text: str) -> date | None:
    found = _NAMED.match(text)
    if found:
        month = _MONTHS.get(found[2].casefold())
        return _day(_year(found[3]), month, int(found[1])) if month else None
    found = _NAME_FIRST.match(text)
    if found:
        month = _MONTHS.get(found[1].casefold())
        return _day(int(found[3]), month, int(found[2])) if month else None
    return None


def _year(text: str) -> int:
    """Two digits: 80 to 99 are of the last century."""
    number = int(text)
    if len(text) > 2:
        return number
    return number + (1900 if number >= 80 else 2000)


def _day(year: int, month: int, day: int) -> date | None:
    if not 1900 <= year <= 2200:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def orders_of(cells: Iterable[Cell]) -> list[str]:
    """The orders by which every cell is a day; none where no order holds for all."""
    left = list(ORDERS)
    seen = False
    for cell in cells:
        seen = True
        left = [order for order in left if read_day(cell, order) is not None]
        if not left:
            return []
    return left if seen else []


@lru_cache(maxsize=65_536)
def read_plain(cell: Cell, decimal: str) -> str | None:
    """An amount as sign, digits and a point, exactly as fine as written; None where it is none.

    Taken: signs before or behind, parentheses, currency signs and codes, DR and CR, thousands
    grouped by blanks, apostrophes or the sign that is not `decimal`.
    """
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, date | Formula):
        return None
    # Blanks are folded and long cells passed over: runs of blanks would be tried in every way.
    plain = " ".join(cell.split())
    found = _MONEY.match(plain) if len(plain) <= _LONGEST else None
    if found is None or bool(found["open"]) != bool(found["close"]) or found["c2"] == "%":
        return None
    digits = _grouped(_SPACES.sub("", found["digits"]), decimal)
    if digits is None:
        return None
    signs = [found[name] for name in ("before", "sign", "after", "last") if found[name]]
    mark = (found["c2"] or "").rstrip(".").upper()
    if len(signs) > 1 or (signs and found["open"]):
        return None
    minus = bool(found["open"]) or any(sign in _SIGNS for sign in signs)
    if mark in _DEBIT_MARKS:
        minus = not minus
    return f"-{digits}" if minus else digits


def marked(cell: Cell) -> bool:
    """Whether the amount carries its own DR or CR."""
    if not isinstance(cell, str):
        return False
    found = _MONEY.match(cell.strip())
    mark = (found["c2"] or "").rstrip(".").upper() if found else ""
    return mark in _DEBIT_MARKS | _CREDIT_MARKS


def _grouped(digits: str, decimal: str) -> str | None:
    other = "," if decimal == "." else "."
    whole, mark, fraction = digits.partition(decimal)
    if decimal in fraction or other in fraction:
        return None
    if other in whole:
        first, *groups = whole.split(other)
        if not 1 <= len(first) <= 3 or len(groups[-1]) != 3:
            return None
        if any(len(group) not in (2, 3) for group in groups):
            return None
        whole = first + "".join(groups)
    return f"{whole or '0'}.{fraction}" if mark and fraction else whole or None


def decimal_votes(cells: Iterable[Cell]) -> tuple[int, int, int]:
    """How many cells prove the point, prove the comma, and could be either."""
    point = comma = either = 0
    for cell in cells:
        if not isinstance(cell, str) or not ("," in cell or "." in cell):
            continue
        as_point, as_comma = read_plain(cell, "."), read_plain(cell, ",")
        if as_point is not None and as_comma is not None:
            either += 1
        elif as_point is not None:
            point += 1
        elif as_comma is not None:
            comma += 1
    return point, comma, either
