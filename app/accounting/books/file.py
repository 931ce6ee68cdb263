"""Reads the CSV of `books import-postings`: bounded, every fault named with its line."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.accounting import ledger
from app.kernel import money

COLUMNS = ("entry", "date", "description", "account", "amount", "currency", "base_amount")
MAX_LINES, MAX_CELL = 2_000_000, 10_000
_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something cannot be taken: the line (from 1, the header), the column and a code."""

    line: int
    column: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)


class FileRefused(Exception):
    """The file as a whole cannot be read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class _CellRefused(Exception):
    def __init__(self, column: str, code: str, **params: Any) -> None:
        super().__init__(code)
        self.column, self.code, self.params = column, code, params


@dataclass(frozen=True, slots=True)
class FilePosting:
    """One line: account by its code, amounts in minor units; base is None in the base currency."""

    line: int
    account: str
    amount: int
    currency: str
    base: int | None


@dataclass(slots=True)
class FileEntry:
    """The lines of one entry; the first fault refuses all of it."""

    name: str
    line: int
    date: dt.date | None = None
    description: str = ""
    postings: list[FilePosting] = field(default_factory=list)
    left_out: int = 0
    fault: Fault | None = None


def read(lines: Iterable[str], book: ledger.Book) -> list[FileEntry]:
    """The entries in the order they begin; raises FileRefused for what is no such file."""
    entries: dict[str, FileEntry] = {}
    for number, row in _rows(lines):
        name = row["entry"].strip()
        if not name or len(name) > 200:
            raise FileRefused(Fault(number, "entry", "entry-name"))
        entry = entries.setdefault(name, FileEntry(name, number))
        try:
            _add(entry, number, row, book)
        except _CellRefused as refused:
            entry.fault = entry.fault or Fault(number, refused.column, refused.code, refused.params)
    return list(entries.values())


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(_without_nul(lines), strict=True)
    try:
        header = [cell.strip().lower().lstrip("\ufeff") for cell in next(reader, [])]
        _check_header(header)
        for cells in reader:
            if reader.line_num > MAX_LINES:
                raise FileRefused(Fault(reader.line_num, "", "too-many-lines", {"most": MAX_LINES}))
            if not cells:
                continue
            if len(cells) != len(header):
                raise FileRefused(
                    Fault(reader.line_num, "", "column-count", {"expected": len(header)})
                )
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise FileRefused(Fault(reader.line_num, "", "not-csv", {"why": str(error)})) from error
    except UnicodeDecodeError as error:
        raise FileRefused(Fault(reader.line_num + 1, "", "not-utf8")) from error


def _without_nul(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            raise FileRefused(Fault(number, "", "nul-byte"))
        yield line


def _check_header(header: list[str]) -> None:
    for column in header:
        if column not in COLUMNS or header.count(column) > 1:
            raise FileRefused(Fault(1, column, "unknown-column", {"columns": ",".join(COLUMNS)}))
    for column in COLUMNS:
        if column not in header:
            raise FileRefused(Fault(1, column, "missing-column", {"columns": ",".join(COLUMNS)}))


def _add(entry: FileEntry, number: int, row: dict[str, str], book: ledger.Book) -> None:
    day = _day(row["date"].strip())
    if entry.date not in (None, day):
        raise _CellRefused("date", "date-differs")
    entry.date = day
    description = " ".join(row["description"].split())
    if len(description) > ledger.MAX_TEXT:
        raise _CellRefused("description", "description-length", most=ledger.MAX_TEXT)
    entry.description = entry.description or description
    account = row["account"].strip()
    if not 1 <= len(account) <= 200:
        raise _CellRefused("account", "account-length", most=200)
    currency = row["currency"].strip()
    if currency not in money.CURRENCIES:
        raise _CellRefused("currency", "currency-unknown", currency=currency)
    amount = _minor(row["amount"].strip(), currency, "amount")
    base = _base(row["base_amount"].strip(), amount, currency, book)
    if amount == 0 and not base:
        entry.left_out += 1  # it moves nothing, and the ledger holds no empty postings
        return
    if len(entry.postings) == ledger.MAX_POSTINGS:
        raise _CellRefused("entry", "too-many-postings", most=ledger.MAX_POSTINGS)
    entry.postings.append(FilePosting(number, account, amount, currency, base))


def _day(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise _CellRefused("date", "not-a-date") from None
    if not ledger.FIRST_DAY <= day <= ledger.LAST_DAY:
        raise _CellRefused("date", "date-out-of-range")
    return day


def _minor(text: str, currency: str, column: str) -> int:
    if not _AMOUNT.fullmatch(text):
        raise _CellRefused(column, "not-an-amount")
    try:
        return money.to_minor(Decimal(text), currency)
    except money.NotAnAmount as wrong:
        raise _CellRefused(column, wrong.code, currency=currency) from None


def _base(text: str, amount: int, currency: str, book: ledger.Book) -> int | None:
    if currency == book.base_currency:
        if text and _minor(text, currency, "base_amount") != amount:
            raise _CellRefused("base_amount", "base-differs")
        return None
    if not text:
        raise _CellRefused("base_amount", "base-missing", currency=book.base_currency)
    return _minor(text, book.base_currency, "base_amount")
