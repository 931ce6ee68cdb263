"""Where on its pages a value stands: words that say it, best beside the field's label; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.documents.printed import labels, values
from app.documents.printed.page import Box, Cell, Row, around, rows
from app.documents.printed.sheet import Sheet, all_words

LABELS: Mapping[str, tuple[str, ...]] = {
    "invoice_number": labels.NUMBER + labels.HEADLINE,
    "issue_date": labels.ISSUED,
    "due_date": labels.DUE,
    "currency": labels.CURRENCY,
    "seller_name": labels.SELLER,
    "seller_vat": labels.VAT_NUMBER,
    "buyer_name": labels.BUYER,
    "seller_iban": labels.IBAN,
    "net_minor": labels.NET,
    "tax_minor": labels.TAX,
    "total_minor": labels.TOTAL,
    "payable_minor": labels.PAYABLE,
}
AMOUNTS = frozenset({"net_minor", "tax_minor", "total_minor", "payable_minor"})
DAYS = frozenset({"issue_date", "due_date"})
_LONGEST = 14
"""So many words one value has at most."""


@dataclass(frozen=True, slots=True)
class _Sought:
    """How a value is known: `may` quickly rules a cell out, `says` decides about a run of words."""

    may: Callable[[str], bool]
    says: Callable[[str], bool]


def find(said: Mapping[str, str | Decimal | date], sheets: Sequence[Sheet]) -> dict[str, Box]:
    """The place of each value that stands on the pages; `kind` has none."""
    page = rows(all_words(sheets))
    found: dict[str, Box] = {}
    for field, value in said.items():
        if field in LABELS and (box := _best(field, value, page)):
            found[field] = box
    return found


def _best(field: str, value: str | Decimal | date, page: list[Row]) -> Box | None:
    """Beside its label; else the last amount and the first of anything else."""
    there = list(_standing(_sought(value), page))
    if not there:
        return None
    marked = [label.own.box for label in labels.beside(page, LABELS[field])]
    ordered = list(reversed(there)) if field in AMOUNTS else there
    return next((box for box in ordered if any(belongs(box, one) for one in marked)), ordered[0])


def belongs(box: Box, label: Box) -> bool:
    """Whether a value stands right of a label in its row, or close under it."""
    if box.page != label.page:
        return False
    level = min(box.bottom, label.bottom) - max(box.top, label.top) > 0.3 * box.height
    under = 0 <= box.top - label.top < 4 * max(label.height, 4) and box.over(label)
    return (level and box.right > label.left) or under


def _sought(value: str | Decimal | date) -> _Sought:
    if isinstance(value, Decimal):
        return _Sought(
            lambda text: abs(value) in map(abs, values.amounts(text)),
            lambda text: [abs(one) for one in values.amounts(text)] == [abs(value)],
        )
    if isinstance(value, date):
        year = f"{value.year % 100:02}"
        return _Sought(lambda text: year in text, lambda text: _is_day(text, value))
    wanted = _plain(value)
    return _Sought(lambda text: wanted in _plain(text), lambda text: _plain(text) == wanted)


def _is_day(text: str, value: date) -> bool:
    both = (values.day(text, month_first=one) for one in (False, True))
    return any(found is not None and found.on == value for found in both)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", labels.folded(text))


def _standing(sought: _Sought, page: list[Row]) -> Iterator[Box]:
    """The shortest run of words that says it in each cell that may, in reading order."""
    for row in page:
        for cell in row.cells:
            if sought.may(cell.text) and (run := _run(sought, cell)):
                yield run


def _run(sought: _Sought, cell: Cell) -> Box | None:
    for length in range(1, min(len(cell.words), _LONGEST) + 1):
        for start in range(len(cell.words) - length + 1):
            run = cell.words[start : start + length]
            if sought.says(" ".join(word.text for word in run)):
                return around(word.box for word in run)
    return None
