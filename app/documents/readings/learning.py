"""What one correction teaches, and how it is used on the supplier's next paper; pure.

Learnt is who it is (a constant), or where the value stands: beside which words, else at which place
of the page. What was learnt is never believed enough to be accepted without a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.documents.printed import labels, values
from app.documents.printed.page import Box, Row, Word, around, rows
from app.documents.printed.sheet import Sheet, all_words, fractions
from app.documents.readings import places, said
from app.documents.readings.said import Value

BELIEVED = 0.985
"""Of a field found as learnt: high, and below what is accepted without a look."""
CONSTANT = frozenset({"seller_name", "seller_vat", "seller_iban", "currency", "kind"})
MOST_TEMPLATES = 2_000
_COLUMN = 4.0
"""Points by which the edges of one column may differ."""
_REACH = 0.02
"""How far, in parts of the page, a value may have moved from where it was learnt."""


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who sends a paper: the kind of the number or name, and it without separators."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """Where a field stands on a supplier's papers, or what it always is."""

    field: str
    constant: str | None = None
    label: str | None = None
    beside: str | None = None
    page: int | None = None
    place: tuple[float, float, float, float] | None = None
    month_first: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A lesson that is kept, and whom it is about."""

    id: UUID
    supplier: Supplier
    lesson: Lesson


@dataclass(frozen=True, slots=True)
class Used:
    """What a template found: the value, its place on the page as it is shown."""

    template_id: UUID
    value: Value
    page: int | None
    place: tuple[float, float, float, float] | None


def supplier(found: Mapping[str, Value]) -> Supplier | None:
    """Who sends it, by the surest that is known: VAT number, account, name."""
    for kind in ("vat", "iban", "name"):
        value = found.get(f"seller_{kind}")
        if value and len(key := _key(value.text)) >= 4:
            return Supplier(kind, key[:200])
    return None


def teach(
    field: str, value: Value, sheets: Sequence[Sheet], *, currency: str | None
) -> Lesson | None:
    """What a corrected value teaches; None where it does not stand on the pages."""
    if field in CONSTANT:
        return Lesson(field, constant=value.text)
    sought = said.printed({field: value}, currency)
    box = places.find(sought, sheets).get(field)
    if box is None:
        return None
    sheet = next(one for one in sheets if one.no == box.page)
    last = max(one.no for one in sheets)
    from_end = box.page == last and box.page > 0
    near = _label(box, rows(all_words(sheets)))
    return Lesson(
        field,
        label=near[0] if near else None,
        beside=near[1] if near else None,
        page=-1 if from_end else box.page + 1,
        place=fractions(box, sheet),
        month_first=_month_first(sought[field], box, sheet),
    )


def apply(
    templates: Sequence[Template],
    found: Mapping[str, Value],
    sheets: Sequence[Sheet],
    *,
    currency: str | None,
) -> dict[str, Used]:
    """What the lessons about this paper's supplier say, where they find something."""
    page = rows(all_words(sheets))
    mine = _of_supplier(templates, found, page)
    answer: dict[str, Used] = {}
    for one in mine:
        constant = one.lesson.constant
        if constant is not None:
            answer[one.lesson.field] = Used(one.id, Value(constant), None, None)
    told = answer.get("currency")
    money = told.value.text if told else currency
    for one in mine:
        if one.lesson.constant is None and (used := _found(one, page, sheets, money)):
            answer[one.lesson.field] = used
    return answer


def _of_supplier(
    templates: Sequence[Template], found: Mapping[str, Value], page: list[Row]
) -> list[Template]:
    """Those of the supplier that the fields name; else of the one whose number or name stands
    on the page, if it is one only."""
    who = supplier(found)
    mine = [one for one in templates if one.supplier == who]
    if mine:
        return mine
    text = _key(" ".join(row.text for row in page))
    there = {one.supplier for one in templates if one.supplier.key in text}
    return [one for one in templates if one.supplier in there] if len(there) == 1 else []


def _found(
    template: Template, page: list[Row], sheets: Sequence[Sheet], currency: str | None
) -> Used | None:
    lesson = template.lesson
    for texts, box in _candidates(lesson, page, sheets):
        value = _value(lesson, texts, currency)
        if value is None:
            continue
        exact = places.find(said.printed({lesson.field: value}, currency), _only(sheets, box))
        at = exact.get(lesson.field, box)
        sheet = next(one for one in sheets if one.no == at.page)
        return Used(template.id, value, at.page + 1, fractions(at, sheet))
    return None


def _only(sheets: Sequence[Sheet], box: Box) -> list[Sheet]:
    """The words in one place, as a page."""
    return [
        Sheet(one.no, one.width, one.height, tuple(_inside(one, box)), one.turned)
        for one in sheets
        if one.no == box.page
    ]


def _candidates(
    lesson: Lesson, page: list[Row], sheets: Sequence[Sheet]
) -> Iterator[tuple[str, Box]]:
    """Texts that may hold the value: beside its label, then where it stood before."""
    if lesson.label:
        for label in labels.beside(page, (lesson.label,)):
            if lesson.beside == "right":
                if label.rest:
                    yield label.rest, label.own.box
                if label.right:
                    yield label.right.text, label.right.box
            else:
                yield from ((cell.text, cell.box) for cell in label.below[:1])
    if lesson.place and lesson.page and sheets:
        last = max(one.no for one in sheets)
        number = last if lesson.page < 0 else lesson.page - 1
        sheet = next((one for one in sheets if one.no == number and not one.turned), None)
        if sheet and (box := _around(lesson.place, sheet)):
            yield " ".join(word.text for word in _inside(sheet, box)), box


def _around(place: tuple[float, float, float, float], sheet: Sheet) -> Box | None:
    left, top, right, bottom = place
    box = Box(
        sheet.no,
        (left - _REACH) * sheet.width,
        (top - _REACH / 2) * sheet.height,
        (right + _REACH) * sheet.width,
        (bottom + _REACH / 2) * sheet.height,
    )
    words = list(_inside(sheet, box))
    return around(word.box for word in words) if words else None


def _inside(sheet: Sheet, box: Box) -> Iterator[Word]:
    for word in sheet.words:
        across = (word.box.left + word.box.right) / 2
        down = (word.box.top + word.box.bottom) / 2
        if box.left <= across <= box.right and box.top <= down <= box.bottom:
            yield word


def _value(lesson: Lesson, text: str, currency: str | None) -> Value | None:
    if lesson.field in said.AMOUNTS:
        found = values.amounts(text)
        return _amount(found[-1], currency) if found else None
    if lesson.field in said.DAYS:
        day = values.day(text, month_first=lesson.month_first)
        return Value(day.on.isoformat(), on_day=day.on) if day else None
    if lesson.field == "invoice_number":
        number = values.number(text)
        return Value(number) if number else None
    plain = " ".join(text.split())[: said.MOST_TEXT]
    return Value(plain) if plain else None


def _amount(amount: Decimal, currency: str | None) -> Value:
    minor = int(amount.scaleb(said.places(currency)).to_integral_value())
    return Value(said.amount_text(minor, currency), minor=minor)


def _label(box: Box, page: list[Row]) -> tuple[str, str] | None:
    """The words that a value stands beside: in its own cell, right above in its column, or left in
    its row."""
    for at, row in enumerate(page):
        for number, cell in enumerate(row.cells):
            if cell.box.page != box.page or not _covers(cell.box, box):
                continue
            own = [word.text for word in cell.words if word.box.right <= box.left + 1]
            left = row.cells[number - 1].text if number else ""
            if told := _told(" ".join(own)):
                return told, "right"
            above = _above(page[:at], box)
            if above and not left.rstrip().endswith(":"):
                return above, "below"
            told = _told(left)
            return (told, "right") if told else None
    return None


def _covers(cell: Box, box: Box) -> bool:
    middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return cell.left <= middle[0] <= cell.right and cell.top <= middle[1] <= cell.bottom


def _above(before: list[Row], box: Box) -> str | None:
    """The label right above that begins or ends where the value does."""
    for row in reversed(before[-2:]):
        for cell in row.cells:
            near = cell.box.page == box.page and box.top - cell.box.bottom < 2 * box.height
            column = min(abs(cell.box.left - box.left), abs(cell.box.right - box.right)) < _COLUMN
            if near and column and (told := _told(cell.text)):
                return told
    return None


def _told(text: str) -> str | None:
    """A label as it is compared: folded, with letters, and without figures of this one paper."""
    plain = labels.folded(text)
    fits = 2 <= len(plain) <= 60 and any(sign.isalpha() for sign in plain)
    return plain if fits and not any(sign.isdigit() for sign in plain) else None


def _month_first(value: str | Decimal | date, box: Box, sheet: Sheet) -> bool:
    if not isinstance(value, date):
        return False
    text = " ".join(word.text for word in _inside(sheet, box))
    plain = values.day(text, month_first=False)
    return plain is None or plain.on != value


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", labels.folded(text))


def templates_of(kept: Iterable[Mapping[Any, Any]]) -> list[Template]:
    """Kept rows as templates."""
    return [
        Template(
            UUID(str(row["id"])),
            Supplier(str(row["supplier_kind"]), str(row["supplier"])),
            Lesson(**{name: row[name] for name in Lesson.__slots__}),
        )
        for row in kept
    ]
