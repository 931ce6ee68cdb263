"""Reads the rows of a table by a mapping: pure, every fault with its row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.accounting import ledger
from app.accounting.moving import cells as moving_cells
from app.accounting.moving import columns as moving_columns
from app.accounting.moving.table import FORMULA, Row, Table
from app.accounting.moving.values import Content, Draft, Fault, Item, Part, Settings, Source
from app.kernel import money

_TOTAL = re.compile(
    r"(grand |sub)?[- ]?(total|totals|summe|gesamt|gesamtsumme|saldo vortrag|totale|totaal|"
    r"balance brought forward|opening balance|closing balance|beginning balance|net movement)\b.*",
    re.IGNORECASE,
)
_CREDIT_SIDE = {"h", "c", "cr", "credit", "haben", "k", "haber", "avere"}
_CODE = re.compile(r"([0-9][0-9A-Za-z.\-/]{1,19})\s*[-–·:]?\s+(\S.*)")
_CODE_AFTER = re.compile(r"(\S.*?)\s*[(\[]([0-9][0-9A-Za-z.\-/]{1,19})[)\]]")


class _RowRefused(Exception):
    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(slots=True)
class _Reader:
    """One reading: the table, how it is written, and what was found so far."""

    table: Table
    settings: Settings
    currency: str
    content: Content
    comma: bool | None = None
    section: Source | None = None

    def text(self, row: Row, field: str) -> str:
        """The cell of a field."""
        found = row.cell(self.settings.columns.get(field))
        if found == FORMULA:
            raise _RowRefused("formula-without-value", column=field)
        return found

    def day(self, row: Row, field: str) -> date | None:
        """The day in a column, None where it is empty."""
        text = self.text(row, field)
        if not text:
            return None
        year = self.settings.on.year if self.settings.on else None
        try:
            found = moving_cells.day(text, order=self.settings.order or "dmy", year=year)
        except ValueError:
            raise _RowRefused("not-a-date", text=text[:40]) from None
        if not ledger.FIRST_DAY <= found <= ledger.LAST_DAY:
            raise _RowRefused("date-out-of-range")
        return found

    def minor(self, row: Row, field: str) -> int:
        """The amount in a column in minor units, 0 where it is empty."""
        text = self.text(row, field)
        try:
            found = moving_cells.amount(text, decimal_comma=self.comma)
            exact = money.to_minor(_without_noise(found, self.currency), self.currency)
        except ValueError:
            raise _RowRefused("not-an-amount", text=text[:40]) from None
        except money.NotAnAmount as wrong:
            raise _RowRefused(wrong.code, currency=self.currency) from None
        return exact

    def sum(self, row: Row) -> int:
        """Debit less credit of a row."""
        columns = self.settings.columns
        if "debit" in columns or "credit" in columns:
            found = self.minor(row, "debit") - self.minor(row, "credit")
        else:
            found = self.minor(row, "amount")
            if self.text(row, "side").casefold().strip(".") in _CREDIT_SIDE:
                found = -found
        return -found if self.settings.flipped else found

    def source(self, row: Row) -> Source | None:
        """The account of a row: its own, else that of the section it stands in."""
        code, name = self.text(row, "account_code"), self.text(row, "account_name")
        if not code and not name:
            return self.section
        return self.known(split(code, name, self.text(row, "account_type")))

    def known(self, source: Source) -> Source:
        """The account as it was first named."""
        return self.content.sources.setdefault(source.key, source)


def _without_noise(found: Decimal, currency: str) -> Decimal:
    """What a spreadsheet's arithmetic leaves behind the last digit is no money."""
    digits = money.CURRENCIES[currency]
    near = round(found, digits)
    return near if abs(found - near) < Decimal("0.00001") else found


def split(code: str, name: str, type_: str = "") -> Source:
    """Code and name of an account that may stand in one cell: 4000 Sales, Sales (4000)."""
    if code and not name:
        found = _CODE.fullmatch(code)
        if found:
            return Source(found[1], found[2], type_)
    if name and not code:
        found = _CODE.fullmatch(name)
        if found:
            return Source(found[1], found[2], type_)
        after = _CODE_AFTER.fullmatch(name)
        if after:
            return Source(after[2], after[1], type_)
    return Source(code[:200], (name or code)[:200], type_)


def read(table: Table, settings: Settings, *, currency: str) -> Content:
    """Everything the file says; amounts in `currency`, the base of the books."""
    content = Content()
    lacking = moving_columns.missing(settings.kind, settings.columns)
    content.faults += [Fault(0, "column-missing", {"column": field}) for field in lacking]
    if lacking:
        return content
    _check_days(table, settings, content)
    reader = _Reader(table, settings, currency, content, _comma(table, settings))
    if content.blocked:
        return content
    _READERS[settings.kind](reader)
    return content


def _comma(table: Table, settings: Settings) -> bool | None:
    if settings.comma is not None:
        return settings.comma
    places = [settings.columns[f] for f in moving_columns.SUMS if f in settings.columns]
    texts = (row.cell(place) for row in table.rows for place in places)
    return moving_cells.decimal_comma(text for text in texts if text)


def _check_days(table: Table, settings: Settings, content: Content) -> None:
    place = settings.columns.get("date")
    if place is None:
        return
    found = moving_cells.orders((row.no, row.cell(place)) for row in table.rows)
    if found.contradictory:
        rows = {"first": found.dmy_row, "second": found.mdy_row}
        content.faults.append(Fault(0, "dates-two-orders", rows))
    elif settings.order is None and found.unsure:
        content.faults.append(Fault(0, "date-order-unsure"))
    elif (settings.order == "dmy" and found.mdy_row) or (settings.order == "mdy" and found.dmy_row):
        row = found.mdy_row or found.dmy_row
        content.faults.append(Fault(0, "date-order-wrong", {"row": row}))


def _is_total(row: Row) -> bool:
    first = next((cell for cell in row.cells if cell), "")
    return bool(_TOTAL.fullmatch(first))


def _each(reader: _Reader, act: Callable[[Row], None]) -> Iterator[Fault]:
    """Every row that is no total; a row that cannot be read is a fault of its own."""
    for row in reader.table.rows:
        if _is_total(row):
            reader.content.skipped += 1
            continue
        try:
            act(row)
        except _RowRefused as refused:
            yield Fault(row.no, refused.code, refused.params)


def _chart(reader: _Reader) -> None:
    def act(row: Row) -> None:
        if reader.source(row) is None:
            reader.content.skipped += 1

    reader.content.faults += _each(reader, act)


def _contacts(reader: _Reader) -> None:
    def act(row: Row) -> None:
        name = reader.text(row, "contact")[:200]
        if name:
            reader.content.contacts.setdefault(name.casefold(), name)
        else:
            reader.content.skipped += 1

    reader.content.faults += _each(reader, act)


def _opening(reader: _Reader) -> None:
    def act(row: Row) -> None:
        source = reader.source(row)
        amount = reader.sum(row)
        if source is None:
            if amount:
                raise _RowRefused("account-missing")
            reader.content.skipped += 1
        elif amount:
            reader.content.balances.append(Part(row.no, source.key, amount))

    faults = list(_each(reader, act))
    # one unreadable row would leave the rest out of balance: the file waits for it
    reader.content.faults += [Fault(0, f.code, {**f.params, "row": f.row}) for f in faults]


def _items(reader: _Reader) -> None:
    def act(row: Row) -> None:
        contact, amount = reader.text(row, "contact")[:200], reader.sum(row)
        if not contact:
            if amount:
                raise _RowRefused("contact-missing")
            reader.content.skipped += 1
            return
        reader.content.contacts.setdefault(contact.casefold(), contact)
        if amount:
            day, due = reader.day(row, "date"), reader.day(row, "due")
            found = reader.text(row, "reference") or reader.text(row, "entry")
            text = found or reader.text(row, "description")
            reader.content.items.append(Item(row.no, contact, amount, day, due, text[:200]))

    faults = list(_each(reader, act))
    reader.content.faults += [Fault(0, f.code, {**f.params, "row": f.row}) for f in faults]


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of a ledger before it is known which entry it belongs to."""

    row: int
    day: date
    name: str
    text: str
    parts: tuple[Part, ...]


def _ledger(reader: _Reader) -> None:
    lines: list[_Line] = []

    def act(row: Row) -> None:
        if row.filled == 1 or not reader.text(row, "date"):
            _begin_section(reader, row)
            return
        day = reader.day(row, "date")
        amount = reader.sum(row)
        source = reader.source(row)
        if day is None or source is None:
            raise _RowRefused("account-missing")
        if not amount:
            reader.content.skipped += 1
            return
        lines.append(_line(reader, row, day, source, amount))

    faults = list(_each(reader, act))
    entries = grouped(lines)
    _refuse_around(entries, faults)
    reader.content.faults += faults
    reader.content.entries += entries
    for entry in entries:
        for part in entry.parts:
            if part.contact:
                reader.content.contacts.setdefault(part.contact.casefold(), part.contact)


def _begin_section(reader: _Reader, row: Row) -> None:
    """A row of its own that names the account of the rows below, as ledgers by account have."""
    text = next(cell for cell in row.cells if cell)
    if row.filled <= 2 and not moving_cells.may_be_amount(text):
        reader.section = reader.known(split("", text))
    reader.content.skipped += 1


def _line(reader: _Reader, row: Row, day: date, source: Source, amount: int) -> _Line:
    text = reader.text(row, "description")
    reference = reader.text(row, "reference")
    name = reader.text(row, "entry")
    first = Part(
        row.no,
        source.key,
        amount,
        contact=reader.text(row, "contact")[:200],
        memo=(text or reference)[:500],
        due=reader.day(row, "due"),
        reference=reference[:200],
    )
    parts: tuple[Part, ...] = (first,)
    contra = reader.text(row, "contra")
    if contra:
        other = reader.known(split(contra, ""))
        parts = (first, Part(row.no, other.key, -amount, first.contact, first.memo))
        name = f"row {row.no}"  # a row with its other side is an entry of its own
    described = " · ".join(one for one in (reference, text) if one)
    return _Line(row.no, day, name, (described or name or source.name)[:500], parts)


def grouped(lines: Sequence[_Line]) -> list[Draft]:
    """The rows as entries: by their number, by day and text, or one after the other until they
    are in balance; whichever way leaves the fewest entries out of balance, in this order."""
    ways = [
        _by(lines, lambda line: (line.name, line.day) if line.name else None),
        _by(lines, lambda line: (line.day, line.text)),
        _in_turn(lines),
    ]
    if not any(line.name for line in lines):
        ways = ways[1:]
    return min(ways, key=lambda found: sum(1 for draft in found if draft.sum))


def _by(lines: Sequence[_Line], key: Callable[[_Line], object]) -> list[Draft]:
    found: dict[object, Draft] = {}
    for line in lines:
        name = key(line) or ("row", line.row)
        draft = found.setdefault(name, Draft(line.row, line.day, line.text))
        draft.parts += line.parts
    return list(found.values())


def _in_turn(lines: Sequence[_Line]) -> list[Draft]:
    found: list[Draft] = []
    for line in lines:
        last = found[-1] if found else None
        if last is None or last.sum == 0 or last.day != line.day:
            found.append(Draft(line.row, line.day, line.text, list(line.parts)))
        else:
            last.parts += line.parts
    return found


def _refuse_around(entries: Sequence[Draft], faults: Sequence[Fault]) -> None:
    """Refuses entries that cannot be held, with the unreadable row that is to blame if one is."""
    wrong = {fault.row for fault in faults}
    for entry in entries:
        if entry.sum:
            near = {part.row + step for part in entry.parts for step in (-1, 1)} & wrong
            row = min(near, default=entry.row)
            params = {"difference_minor": entry.sum, "row": row}
            entry.fault = Fault(entry.row, "unbalanced-entry", params)
        elif len(entry.parts) < 2:
            entry.fault = Fault(entry.row, "too-few-postings")
        elif len(entry.parts) > ledger.MAX_POSTINGS:
            entry.fault = Fault(entry.row, "too-many-postings", {"most": ledger.MAX_POSTINGS})


_READERS: dict[str, Callable[[_Reader], None]] = {
    "chart": _chart,
    "contacts": _contacts,
    "opening": _opening,
    "items": _items,
    "ledger": _ledger,
}
