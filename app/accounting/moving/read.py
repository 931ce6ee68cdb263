"""Reads the rows of a table by a mapping: pure, every fault with its row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.accounting import ledger
from app.accounting.moving import cells as moving_cells
from app.accounting.moving import columns as moving_columns
from app.accounting.moving import foreign as moving_foreign
from app.accounting.moving.entries import Line, entries_of
from app.accounting.moving.foreign import Contradicts, Said, Sum
from app.accounting.moving.table import FORMULA, Row, Table
from app.accounting.moving.values import Content, Fault, Item, Part, Settings, Source
from app.kernel import money

_TOTAL = re.compile(
    r"(grand |sub)?[- ]?(total|totals|summe|gesamt|gesamtsumme|saldo vortrag|totale|totaal|"
    r"balance brought forward|opening balance|closing balance|beginning balance|net movement)\b.*",
    re.IGNORECASE,
)
_BASE = ("", "", "base")
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD"}
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

    def minor(self, row: Row, field: str, currency: str) -> int:
        """The amount in a column in minor units, 0 where it is empty."""
        text = self.text(row, field)
        try:
            found = moving_cells.amount(text, decimal_comma=self.comma)
            exact = money.to_minor(_without_noise(found, currency), currency)
        except ValueError:
            raise _RowRefused("not-an-amount", text=text[:40]) from None
        except money.NotAnAmount as wrong:
            raise _RowRefused(wrong.code, currency=currency) from None
        return exact

    def sum(self, row: Row) -> Sum:
        """Debit less credit of a row, in base and in the row's own currency."""
        currency = self.currency_of(row)
        said = Said(currency, *self._said(row, currency), self.rate(row))
        try:
            return moving_foreign.sum_of(said, home=self.currency, inverse=self.settings.inverse)
        except Contradicts as fault:
            raise _RowRefused(fault.code, **fault.params) from None

    def _said(self, row: Row, currency: str) -> tuple[int | None, int | None]:
        """What a row says in base and in its currency; of one amount the other columns tell."""
        columns = self.settings.columns.keys()
        if currency == self.currency or {*moving_columns.FOREIGN} & columns:
            base = self._signed(row, moving_columns.MAIN, self.currency)
            foreign = self._signed(row, moving_columns.FOREIGN, currency)
            return self._signed(row, _BASE, self.currency) if base is None else base, foreign
        if "base" in columns or "rate" in columns:
            foreign = self._signed(row, moving_columns.MAIN, currency)
            return self._signed(row, _BASE, self.currency), foreign
        return self._signed(row, moving_columns.MAIN, self.currency), None

    def _signed(self, row: Row, fields: tuple[str, str, str], currency: str) -> int | None:
        """Debit less credit, or the one amount with its sign; None where all cells are empty."""
        debit, credit, single = fields
        if not any(self.text(row, field) for field in fields):
            return None
        if {debit, credit} & self.settings.columns.keys():
            found = self.minor(row, debit, currency) - self.minor(row, credit, currency)
        else:
            found = self.minor(row, single, currency)
            if self.text(row, "side").casefold().strip(".") in _CREDIT_SIDE:
                found = -found
        return -found if self.settings.flipped else found

    def currency_of(self, row: Row) -> str:
        """The currency of a row, the base where it names none."""
        text = self.text(row, "currency").upper()
        found = _SIGNS.get(text, text) or self.currency
        if found not in money.CURRENCIES:
            raise _RowRefused("currency-unknown", currency=text[:10])
        return found

    def rate(self, row: Row) -> Decimal | None:
        """The exchange rate of a row."""
        text = self.text(row, "rate")
        try:
            return moving_cells.amount(text, decimal_comma=self.comma) if text else None
        except ValueError:
            raise _RowRefused("rate-out-of-range") from None

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
    settings = _with_order(table, settings, content)
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


def _with_order(table: Table, settings: Settings, content: Content) -> Settings:
    """The order of days as chosen, else as some row proves it; what speaks against it is noted."""
    place = settings.columns.get("date")
    if place is None:
        return settings
    found = moving_cells.orders((row.no, row.cell(place)) for row in table.rows)
    if found.contradictory:
        rows = {"first": found.dmy_row, "second": found.mdy_row}
        content.faults.append(Fault(0, "dates-two-orders", rows))
    elif settings.order is None and found.unsure:
        content.faults.append(Fault(0, "date-order-unsure"))
    elif (settings.order == "dmy" and found.mdy_row) or (settings.order == "mdy" and found.dmy_row):
        row = found.mdy_row or found.dmy_row
        content.faults.append(Fault(0, "date-order-wrong", {"row": row}))
    return replace(settings, order=settings.order or ("mdy" if found.mdy_row else None))


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
        source = reader.source(row)
        if source is None:
            reader.content.skipped += 1
        elif tax := reader.text(row, "tax")[:100]:
            reader.content.sources[source.key] = replace(source, tax=tax)

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
            reader.content.balances.append(_balance(reader, row, source, amount))

    faults = list(_each(reader, act))
    # one unreadable row would leave the rest out of balance: the file waits for it
    reader.content.faults += [Fault(0, f.code, {**f.params, "row": f.row}) for f in faults]


def _balance(reader: _Reader, row: Row, source: Source, amount: Sum) -> Part:
    """A balance, of a contact where the row names one."""
    contact = reader.text(row, "contact")[:200]
    if contact:
        reader.content.contacts.setdefault(contact.casefold(), contact)
    return Part(
        row.no,
        source.key,
        amount.base,
        contact=contact,
        due=reader.day(row, "due"),
        reference=reader.text(row, "reference")[:200],
        currency=amount.currency,
        foreign=amount.foreign,
    )


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
            reader.content.items.append(
                Item(
                    row.no,
                    contact,
                    amount.base,
                    day,
                    due,
                    text[:200],
                    amount.currency,
                    amount.foreign,
                )
            )

    faults = list(_each(reader, act))
    reader.content.faults += [Fault(0, f.code, {**f.params, "row": f.row}) for f in faults]


def _ledger(reader: _Reader) -> None:
    lines: list[Line] = []

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

    faults = moving_foreign.lifted(_each(reader, act))
    entries = entries_of(lines, faults)
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


def _line(reader: _Reader, row: Row, day: date, source: Source, amount: Sum) -> Line:
    text = reader.text(row, "description")
    reference = reader.text(row, "reference")
    name = reader.text(row, "entry")
    first = Part(
        row.no,
        source.key,
        amount.base,
        contact=reader.text(row, "contact")[:200],
        memo=(text or reference)[:500],
        due=reader.day(row, "due"),
        reference=reference[:200],
        currency=amount.currency,
        foreign=amount.foreign,
        tax=reader.text(row, "tax")[:100],
    )
    parts: tuple[Part, ...] = (first,)
    contra = reader.text(row, "contra")
    if contra:
        other = reader.known(split(contra, ""))
        parts = (first, first.turned(other.key))
        name = f"row {row.no}"  # a row with its other side is an entry of its own
    described = " · ".join(one for one in (reference, text) if one)
    return Line(row.no, day, name, (described or name or source.name)[:500], parts)


_READERS: dict[str, Callable[[_Reader], None]] = {
    "chart": _chart,
    "contacts": _contacts,
    "opening": _opening,
    "items": _items,
    "ledger": _ledger,
}
